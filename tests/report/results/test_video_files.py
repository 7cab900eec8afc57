"""Videos are found where results say, beside the labels, and where they were moved to."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

import pytest

from vidlabel.errors import UsageError
from vidlabel.report.results.video_files import VideoFinder, address_from


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
    place = VideoFinder(folder / "new").find(path, folder / "labels" / "all.csv")
    assert place is None if found is None else place is not None and place.resolve() == folder / found


def test_without_a_folder_moved_videos_stay_lost(folder: Path) -> None:
    assert VideoFinder(None).find("old/d.mp4", folder / "labels" / "all.csv") is None


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        VideoFinder(folder / "new" / "d.mp4")


def test_addresses_are_relative_and_hold_any_name(tmp_path: Path) -> None:
    video = tmp_path / "vidéos" / 'a #1?%20"<b>.mp4'
    address = address_from(tmp_path / "out" / "report.html", video)
    assert unquote(address) == '../vidéos/a #1?%20"<b>.mp4'
    assert not set(address) & set('#?"<> ')
    odd = tmp_path / os.fsdecode(b"\xff.mp4")
    assert address_from(tmp_path / "report.html", odd) == "%FF.mp4"
