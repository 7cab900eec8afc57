"""Videos are found where results say, beside the labels, and where they were moved to."""

from __future__ import annotations

from pathlib import Path

import pytest

from vidlabel.errors import UsageError, VideoError
from vidlabel.video.video_finder import VideoFinder


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("work/videos/a.mp4", "labels/b.mp4", "new/x/c.mp4", "new/y/c.mp4", "new/d.mp4"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("videos/a.mp4", "work/videos/a.mp4"),
        ("b.mp4", "labels/b.mp4"),
        ("b", "labels/b.mp4"),
        ("old/d.mp4", "new/d.mp4"),
        ("old/y/c.mp4", "new/y/c.mp4"),
        ("c.mp4", None),
        ("e.mp4", None),
        ("", None),
        ("a\0b", None),
    ],
)
def test_videos_are_found(folder: Path, path: str, found: str | None) -> None:
    finder, places = VideoFinder(folder / "new"), (Path(), folder / "labels")
    if found is not None:
        assert finder.find(path, places).resolve() == folder / found
        return
    with pytest.raises(VideoError):
        finder.find(path, places)


def test_without_a_folder_moved_videos_stay_lost(folder: Path) -> None:
    with pytest.raises(VideoError, match="name its folder with --videos"):
        VideoFinder(None).find("old/d.mp4", (Path(), folder / "labels"))


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder"):
        VideoFinder(folder / "new" / "d.mp4")


@pytest.mark.parametrize(
    "named", ["b/x.mp4", "/gone/b/x.mp4", "../b/x.mp4", "gone/a/b/x.mp4", "D:\\data\\b\\x.mp4", "gone/B/x.MP4"]
)
def test_moved_videos_are_found_by_the_end_of_their_path(tmp_path: Path, named: str) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "x.mp4").touch()
    if named != "gone/B/x.MP4":
        (tmp_path / "c").mkdir()
        (tmp_path / "c" / "x.mp4").touch()
    assert VideoFinder(tmp_path).find(named, (tmp_path,)) == tmp_path / "b" / "x.mp4"


def test_the_form_of_letters_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "e\u0301te\u0301.mp4").touch()
    assert VideoFinder(tmp_path).find("\u00e9t\u00e9.mp4", ()).parent == tmp_path


def test_a_moved_video_that_may_be_several_is_not_guessed(tmp_path: Path) -> None:
    for name in ("b", "c"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.mp4").touch()
    with pytest.raises(VideoError, match=r"may be .*x\.mp4 and .*x\.mp4"):
        VideoFinder(tmp_path).find("gone/x.mp4", (tmp_path,))
    with pytest.raises(VideoError, match="there is no such file below"):
        VideoFinder(tmp_path).find("y.mp4", (tmp_path,))
