"""Which video a file holds: the same for copies, another for every change that matters."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from vidlabel.errors import VideoError
from vidlabel.features.video_hash import video_hash

MIB = 1 << 20


def large_file(path: Path, size: int, *written: int) -> Path:
    """A file of zeros with a one at some places; it takes no room on the disk."""
    with path.open("wb") as file:
        file.truncate(size)
        for place in written:
            file.seek(place)
            file.write(b"\1")
    return path


def test_a_small_file_is_hashed_whole_behind_its_size(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000  # more than one block
    (tmp_path / "a.mp4").write_bytes(content)
    assert video_hash(tmp_path / "a.mp4") == hashlib.sha256(b"1280000" + content).hexdigest()
    (tmp_path / "empty.mp4").touch()
    assert video_hash(tmp_path / "empty.mp4") == hashlib.sha256(b"0").hexdigest()


def test_copies_are_the_same_whatever_they_are_called(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"video")
    shutil.copy(tmp_path / "a.mp4", tmp_path / "other.mkv")
    assert video_hash(tmp_path / "a.mp4") == video_hash(tmp_path / "other.mkv")


def test_64_mib_are_hashed_whole(tmp_path: Path) -> None:
    found = {video_hash(large_file(tmp_path / "a", 64 * MIB, place)) for place in (0, MIB, 33 * MIB + 7, 64 * MIB - 1)}
    assert len(found) == 4


def test_of_a_larger_file_size_start_end_and_blocks_between_count(tmp_path: Path) -> None:
    size = 190 * MIB  # 64 blocks, the first MiB of each 3 MiB
    plain = video_hash(large_file(tmp_path / "a", size))
    for place in (0, MIB - 1, 93 * MIB, size - 1):
        assert video_hash(large_file(tmp_path / "b", size, place)) != plain
    assert video_hash(large_file(tmp_path / "b", size, 2 * MIB)) == plain
    assert video_hash(large_file(tmp_path / "b", size + 1)) != plain


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"gone\.mp4: cannot be read"):
        video_hash(tmp_path / "gone.mp4")
