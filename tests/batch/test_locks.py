"""Who holds a folder or a file keeps others out, until it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from vidlabel.batch.locks import hold_folder, hold_output
from vidlabel.errors import OutputError

HOLDER = """
import sys
from pathlib import Path
from vidlabel.batch.locks import hold_output
with hold_output(Path(sys.argv[1]), Path(sys.argv[2])) as is_held:
    print(is_held, flush=True)
    sys.stdin.read()
"""


def test_a_file_is_held_by_one_and_others_beside_it_are_free(tmp_path: Path) -> None:
    with hold_output(tmp_path, tmp_path / "s" / "a.json") as first, hold_output(tmp_path, tmp_path / "b.json") as other:
        with hold_output(tmp_path, tmp_path / "s" / "a.json") as second:
            assert (first, other, second) == (True, True, False)
        with hold_output(tmp_path, tmp_path / "s" / "a.json") as third:
            assert not third
    with hold_output(tmp_path, tmp_path / "s" / "a.json") as again:
        assert again


def test_nothing_is_left_of_a_lock(tmp_path: Path) -> None:
    with hold_output(tmp_path, tmp_path / "a.json"):
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    command = [sys.executable, "-c", HOLDER, str(tmp_path), str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        with hold_output(tmp_path, target) as is_held:
            assert not is_held
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    with hold_output(tmp_path, target) as is_held:
        assert is_held


def test_a_folder_is_held_by_one(tmp_path: Path) -> None:
    with hold_folder(tmp_path), pytest.raises(OutputError, match="another run is writing here"), hold_folder(tmp_path):
        pass
    with hold_folder(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="file: cannot be written"), hold_folder(tmp_path / "file"):
        pass
