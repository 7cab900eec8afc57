"""Paths that may not be looked at, and what may be wrong with those of no file, as people save paths in lists."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from vidlabel.errors import VideoError
from vidlabel.paths import exists, is_file, is_folder, missing_file, real_path, stat_video

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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "sub").mkdir()
    for name in ("a.mp4", "two words.mp4", "clip #2.mp4", "sub/b.mp4", "caf\u00e9.mp4", "\u52d5\u753b.mp4"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("path", "meant", "remedy"),
    [
        ('"a.mp4"', "a.mp4", "write it without quotes"),
        ("'two words.mp4'", "two words.mp4", "write it without quotes"),
        ("\u201ca.mp4\u201d", "a.mp4", "write it without quotes"),
        ('"a.mp4",', "a.mp4", "write it without quotes"),
        (" a.mp4\t", "a.mp4", "write it without blanks at its ends"),
        ("\ufeffa.mp4", "a.mp4", "write it without blanks at its ends"),
        ('"two words.mp4" ', "two words.mp4", "write it without blanks at its ends, write it without quotes"),
        ("a.mp4  # the first", "a.mp4", "lists have no comments"),
        ('"a.mp4" # the first', "a.mp4", "lists have no comments, write it without quotes"),
        ('"clip #2.mp4"', "clip #2.mp4", "write it without quotes"),
        ("sub\\b.mp4", "sub/b.mp4", "write / in place of \\"),
        ('".\\sub\\b.mp4"', "sub/b.mp4", "write it without quotes, write / in place of \\"),
        ("two\\ words.mp4", "two words.mp4", "write it without the backslashes of a shell"),
        ("cafe\u0301.mp4", "caf\u00e9.mp4", "its accents are encoded in another way"),
        (os.fsdecode("caf\u00e9.mp4".encode("cp1252")), "caf\u00e9.mp4", "save the list as UTF-8"),
        (os.fsdecode("\u52d5\u753b.mp4".encode("cp932")), "\u52d5\u753b.mp4", "save the list as UTF-8"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_the_file_that_was_perhaps_meant(path: str, meant: str, remedy: str) -> None:
    assert missing_file(path) == (f"no such file (is it {meant!r}?)", remedy)


def test_addresses_and_home_folders(folder: Path) -> None:
    where = str(folder / "two words.mp4")
    expected = f"no such file (is it {where!r}?)"
    address = (folder / "two words.mp4").as_uri()
    for path in (address, address.replace("file://", "file://localhost"), address.replace("file://", "FILE:")):
        assert missing_file(path) == (expected, "write the path in place of the address")
    assert missing_file("~/two words.mp4") == (expected, "write the folder in place of ~")
    assert missing_file("file://[")[0] == "no such file"


@pytest.mark.parametrize(
    ("path", "remedy"),
    [
        ("gone.mp4", "check the path"),
        ("clip #3.mp4", "check the path"),
        ("# all clips", "lists have no comments"),
        ('"gone.mp4"', "write it without quotes"),
        ("gone.mp4 ", "write it without blanks at its ends"),
        ("C:\\Users\\me\\gone.mp4", "write / in place of \\"),
        ("gone\udce9.mp4", "save the list as UTF-8"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_without_such_a_file_the_form_of_the_path_is_named(path: str, remedy: str) -> None:
    assert missing_file(path) == ("no such file", remedy)
