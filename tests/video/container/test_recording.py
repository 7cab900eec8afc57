"""A stretch of a file as a file of its own."""

from __future__ import annotations

import os
from pathlib import Path

from vidlabel.video.container.recording import Recording


def test_a_stretch_is_read_as_a_file_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    with Recording(path, 20, 50).open() as file:
        assert file.read() == bytes(range(20, 50))
        assert file.seek(0, os.SEEK_END) == 30
        assert file.seek(-10, os.SEEK_CUR) == 20
        assert file.read(4) == bytes([40, 41, 42, 43])
        assert file.tell() == 24
        file.seek(25)
        assert file.read(100) == bytes(range(45, 50))
        file.seek(1000)
        assert file.read() == b""


def test_the_last_stretch_ends_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(range(100)))
    with Recording(path, 90).open() as file:
        assert file.read() == bytes(range(90, 100))
    assert Recording(path).is_whole_file
    assert not Recording(path, 90).is_whole_file
    assert not Recording(path, 0, 90).is_whole_file
