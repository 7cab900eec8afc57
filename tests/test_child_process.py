"""Child processes: fed, read, watched and ended, whatever they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.child_process import (
    LONGEST_LINE,
    STDERR_TAIL_BYTES,
    ChildProcess,
    LineReader,
    decode_line,
    encode_line,
)

PATIENCE_S = 60.0


@pytest.fixture
def pipe() -> Iterator[tuple[BinaryIO, int]]:
    """The end that is read, and the descriptor that is written."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as file:
        yield file, writing


@given(st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=20), st.integers(1, 30))
def test_lines_come_whole_however_they_were_cut(lines: list[bytes], size: int) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb", buffering=0) as file:
        reader = LineReader(file)
        data = b"".join(line + b"\n" for line in lines)
        for first in range(0, len(data), size):
            os.write(writing, data[first : first + size])
        os.close(writing)
        assert [reader.read_line(PATIENCE_S) for _ in lines] == lines
        assert reader.read_line(PATIENCE_S) == b""
        assert reader.read_line(PATIENCE_S) == b""


def test_nothing_in_time_is_none_and_half_a_line_is_nothing(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    reader = LineReader(file)
    assert reader.read_line(0) is None
    os.write(writing, b"half")
    assert reader.read_line(0.01) is None
    os.write(writing, b" a line\n")
    line = reader.read_line(PATIENCE_S)
    os.close(writing)
    assert line is not None
    assert line.rstrip(b"\n") == b"half a line"


def test_a_line_without_end_is_the_end(pipe: tuple[BinaryIO, int]) -> None:
    file, writing = pipe
    reader = LineReader(file)
    lines: list[bytes | None] = []
    chunk = b"x" * (1 << 16)
    for _ in range(LONGEST_LINE // len(chunk) + 2):
        os.write(writing, chunk)
        lines.append(reader.read_line(0))
        if lines[-1] is not None:
            break
    os.close(writing)
    assert lines[-1] == b""


def start(code: str) -> ChildProcess:
    return ChildProcess((sys.executable, "-c", code), {"VIDLABEL_TEST": "given"})


def test_a_child_is_fed_read_and_ended() -> None:
    child = start("import os, sys; print(sys.stdin.readline().strip(), os.environ['VIDLABEL_TEST'], os.getsid(0))")
    child.send(b"hello\n")
    assert LineReader(child.stdout).read_line(PATIENCE_S) == b"hello given %d" % child.pid
    assert child.end(time.monotonic() + PATIENCE_S) == 0
    assert (child.poll(), child.is_closed) == (0, False)
    child.close()
    child.send(b"too late\n")
    assert child.is_closed


def test_a_child_that_does_not_end_or_read_is_killed_and_holds_nobody_up() -> None:
    child = start("import time; print('ready', flush=True); time.sleep(1000)")
    assert LineReader(child.stdout).read_line(PATIENCE_S) == b"ready"
    for _ in range(3):
        child.send(b"x" * (1 << 20))  # More than a pipe holds.
    assert child.wait(0) is None
    assert child.end() == -signal.SIGKILL
    child.close()


def test_the_end_of_standard_error_is_kept_and_can_be_forgotten() -> None:
    code = f"import sys; sys.stderr.write('a' * {STDERR_TAIL_BYTES} + 'end'); sys.stderr.flush(); print(flush=True); "
    child = start(code + "sys.stdin.readline(); sys.stderr.write('new')")
    child.stdout.readline()
    assert child.stderr_tail() == "a" * (STDERR_TAIL_BYTES - 3) + "end"
    child.empty_stderr()
    child.send(b"\n")
    assert child.end(time.monotonic() + PATIENCE_S) == 0
    assert child.stderr_tail() == "new"
    child.close()


def test_a_child_that_cannot_be_started_leaves_nothing_open() -> None:
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with pytest.raises(FileNotFoundError):
        ChildProcess(("/nowhere/python",), {})
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_a_start_finds_the_modules_of_its_owner_and_none_of_the_folder_it_runs_in(tmp_path: Path) -> None:
    for folder in ("modules", "run"):
        (tmp_path / folder).mkdir()
    (tmp_path / "run" / "random.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "modules" / "job_of_a_test.py").write_text("import random\ndef main(): print(random.__name__)")
    code = f"import subprocess, sys; sys.path.append({str(tmp_path / 'modules')!r})\n"
    code += (
        "from vidlabel.child_process import start_command;  subprocess.run(start_command('job_of_a_test'), check=True)"
    )
    (tmp_path / "owner.py").write_text(code)
    command = [sys.executable, str(tmp_path / "owner.py")]
    ended = subprocess.run(command, cwd=tmp_path / "run", capture_output=True, check=True)
    assert ended.stdout == b"random\n"


@pytest.mark.parametrize("hang", ["time.sleep(1000)", "ctypes.PyDLL(None).pause()"], ids=["waits", "holds the lock"])
def test_a_process_that_is_silent_ends_itself_and_shows_where(hang: str) -> None:
    code = f"import ctypes, time\nfrom vidlabel.child_process import Watchdog\nwith Watchdog(0.3):\n  {hang}"
    child = start(code)
    assert child.end(time.monotonic() + PATIENCE_S) == 1
    assert "Timeout (" in child.stderr_tail()
    child.close()


@pytest.mark.parametrize("line", [b"", b"noise", b"[" * 100_000, b"[1]", b"{}", b'{"fields": 1}', b"\xff"])
def test_what_is_no_message_is_none(line: bytes) -> None:
    assert decode_line(line) is None


def test_a_message_names_its_class() -> None:
    line = encode_line(Path("a"), {"text": "caf\udce9\n"}, str)
    assert line.endswith(b"\n")
    assert decode_line(line) == {"type": type(Path("a")).__name__, "text": "caf\udce9\n"}
