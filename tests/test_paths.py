"""Paths that may not be looked at."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from vidlabel.errors import VideoError
from vidlabel.paths import exists, is_file, is_folder, real_path, stat_video

REASONS = [errno.EACCES, errno.ENAMETOOLONG, errno.ESTALE, errno.ELOOP, errno.ENOTCONN, errno.EIO]


@pytest.fixture(params=REASONS, ids=lambda number: errno.errorcode[number])
def refusal(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The words of an error that every look at a path ends with."""
    words = os.strerror(request.param)

    def refuse(path: object, **_: object) -> NoReturn:
        raise OSError(request.param, words, str(path))

    monkeypatch.setattr(os, "stat", refuse)
    return words


def test_looking_never_raises(refusal: str) -> None:
    assert not any(look("a.mp4") for look in (is_folder, is_file, exists))


def test_a_video_that_may_not_be_looked_at_is_named_with_the_reason(refusal: str) -> None:
    with pytest.raises(VideoError) as caught:
        stat_video("a.mp4")
    assert str(caught.value) == f"a.mp4: cannot be read ({refusal}); check the name and its permissions"


def test_what_is_there_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"12345")
    assert (is_folder(tmp_path), is_file(tmp_path), exists(tmp_path)) == (True, False, True)
    assert (is_folder(tmp_path / "a.mp4"), is_file(tmp_path / "a.mp4")) == (False, True)
    assert not any(look("a\0b") for look in (is_folder, is_file, exists))
    assert stat_video(tmp_path / "a.mp4").st_size == 5


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    (tmp_path / "lost.mp4").symlink_to("gone.mp4")
    for name, problem in (
        ("gone.mp4", "no such file"),
        ("a.mp4/b.mp4", "no such file"),
        ("lost.mp4", "is a link to a file that is not there"),
        ("x" * 300, "cannot be read (File name too long)"),
        ("a\0b", "cannot be read (embedded null byte)"),
    ):
        with pytest.raises(VideoError) as caught:
            stat_video(f"{tmp_path}/{name}")
        assert caught.value.problem == problem


def test_the_real_path_follows_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert real_path(tmp_path / "link" / "a") == os.path.realpath(tmp_path) + "/a"
    assert real_path("a\0b") == "a\0b"
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert real_path("a.mp4") == "a.mp4"
