"""A file under its final name is whole."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import pytest

from vidlabel.errors import InputError, OutputError
from vidlabel.files import atomic_note, atomic_write, remove_leftovers, sha256_of, temporary_name

Write = Callable[[Path], AbstractContextManager[BinaryIO]]


@pytest.mark.parametrize("write", [atomic_write, atomic_note])
def test_the_file_appears_at_the_end(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "new" / "a.json"
    with write(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert os.listdir(path.parent) == ["a.json"]  # noqa: PTH208 - names


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after the renaming would leave an empty file otherwise; a note may be lost so."""
    synced = []

    def fsync(descriptor: int) -> None:
        synced.append((os.fstat(descriptor).st_size, (tmp_path / "a.json").exists()))

    monkeypatch.setattr(os, "fsync", fsync)
    with atomic_write(tmp_path / "a.json") as file:
        file.write(b"whole")
    assert synced == [(5, False)]
    with atomic_note(tmp_path / "a.json") as file:
        file.write(b"note")
    assert synced == [(5, False)]


@pytest.mark.parametrize("write", [atomic_write, atomic_note])
def test_an_error_leaves_what_was_there(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"before")
    with pytest.raises(TypeError), write(path) as file:
        file.writelines([b"half", "no bytes"])  # type: ignore[list-item]
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OutputError, match=r"a\.json: cannot be written"), atomic_write(tmp_path / "a.json"):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), atomic_write(tmp_path / "file" / "b.json"):
        pass


LIMITED = """
import resource, sys
from pathlib import Path
from vidlabel.errors import OutputError
from vidlabel.files import atomic_write
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))  # stands for a disk that is full
try:
    with atomic_write(Path(sys.argv[1])) as file:
        file.write(bytes(5000))
except OutputError as error:
    print(error)
"""


def test_a_full_disk_leaves_nothing_and_is_named(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "a.json")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "a.json: cannot be written (File too large); choose another place or free some space" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_longest_names_have_temporary_names(tmp_path: Path) -> None:
    path = tmp_path / ("ü" * 127)
    with atomic_write(path) as file:
        file.write(b"x")
    assert path.exists()
    assert temporary_name(path).parent == tmp_path


def test_temporary_files_of_dead_processes_are_removed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    mine = temporary_name(tmp_path / "a.json").name
    host = mine.removeprefix(".a.json.").removesuffix(".vidlabel-part").rpartition("-")[0]
    old = f".old.json.elsewhere-{os.getpid()}.vidlabel-part"
    dead = f".dead.json.{host}-{ended.pid}.vidlabel-part"
    kept = {mine, f".other.json.elsewhere-{ended.pid}.vidlabel-part", f".x{host}-{ended.pid}.json", "a.json"}
    for name in (*kept, old, dead):
        (tmp_path / name).touch()
    os.utime(tmp_path / old, (0, 0))
    remove_leftovers([tmp_path, tmp_path / "not there"])
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_hash_of_a_file(tmp_path: Path) -> None:
    data = bytes(range(256)) * 5000
    (tmp_path / "a").write_bytes(data)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(data).hexdigest()
    with pytest.raises(InputError, match="cannot be read"):
        sha256_of(tmp_path / "b")


@pytest.mark.parametrize("path", ["", ".", "/"])
def test_what_is_no_name_of_a_file_is_refused(path: str) -> None:
    with pytest.raises(OutputError, match="is no name of a file"), atomic_write(Path(path)):
        pass
