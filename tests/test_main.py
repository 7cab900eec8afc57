"""What runs before anything of vidlabel is loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vidlabel.__main__ import _will_read_video

AS_ON_WINDOWS = "import sys; sys.platform = 'win32'; from vidlabel.__main__ import main; main()"


def test_windows_is_refused_in_one_line() -> None:
    ended = subprocess.run([sys.executable, "-c", AS_ON_WINDOWS], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == ("error: Windows: vidlabel runs on Linux and macOS; use the Windows Subsystem for Linux\n")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("predict clip.mp4", True),
        ("predict -q -m objects clip.mp4 --format csv", True),
        ("predict clip.mp4 -o new.json", True),
        ("predict clip.mp4 -o -", True),
        ("predict clip.mp4 -o done.json", False),
        ("predict clip.mp4 --output folder", False),
        ("predict --scores clip.mp4 -m done.json", True),
        ("predict clip.mp4 clip.mp4", False),
        ("predict nothing.mp4", False),
        ("predict clip.mp4 --dry-run", False),
        ("predict clip.mp4 --help", False),
        ("predict", False),
        ("info clip.mp4", False),
        ("", False),
    ],
)
def test_a_decoding_process_is_started_for_a_video_that_is_labelled_here(
    arguments: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("clip.mp4").touch()
    Path("done.json").touch()
    assert _will_read_video(arguments.split()) is expected


STARTS = """
import sys
from pathlib import Path
from vidlabel.video.isolation import pool
real, started = pool.DecodeProcess, []
pool.DecodeProcess = lambda *arguments: started.append(real(*arguments)) or started[-1]
def report():
    print(len(started), [process.is_alive() for process in started], "numpy" in sys.modules)
{work}
"""


def run(work: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", STARTS.format(work=work)], capture_output=True, text=True, timeout=60, check=True
    ).stdout


def test_the_process_that_was_started_ahead_serves_the_first_pool_and_numpy_is_not_waited_for() -> None:
    work = """
pool.start_ahead()
pool.start_ahead()
report()
with pool.DecodePool(("none",)) as other:
    assert not other._idle
with pool.DecodePool() as own:
    assert own.take() is started[0]
    report()
report()
"""
    assert run(work) == "1 [True] False\n1 [True] False\n1 [False] False\n"


def test_where_no_process_can_be_started_the_one_who_needs_it_hears_of_it() -> None:
    work = """
pool.child_command = lambda: ("/nowhere/python",)
pool.start_ahead()
report()
try:
    pool.DecodePool().take()
except pool.VidlabelError as error:
    print(error)
"""
    assert run(work).startswith("0 [] False\ndecoding process: cannot be started")


def test_a_process_that_nobody_took_ends_with_its_owner() -> None:
    work = """
import os
pool.start_ahead()
os.write(1, str(started[0]._process.pid).encode())
"""
    assert not Path(f"/proc/{run(work)}/status").exists()
