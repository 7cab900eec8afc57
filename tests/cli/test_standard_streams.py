"""Standard streams that are closed, full, or cannot encode what is printed: run by a shell, as users do."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import Ended
from corpus import Recipe, write_video
from vidlabel.batch.records import Record, Records

needs_full_device = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")  # noqa: PTH110
FULL = "error: standard output: cannot be written (No space left on device); "
CLOSED = "error: standard output: cannot be written (Bad file descriptor); "


def shell(redirections: str, *arguments: str | Path) -> Ended:
    """Run a command with redirections as a shell understands them."""
    command = shlex.join([sys.executable, "-m", "vidlabel", *map(str, arguments)])
    ended = subprocess.run(
        ["sh", "-c", f"{command} {redirections}"],
        capture_output=True,
        timeout=240,
        check=False,
    )
    return Ended(ended.returncode, os.fsdecode(ended.stdout), os.fsdecode(ended.stderr))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=5))


@needs_full_device
@pytest.mark.parametrize("arguments", ["models", "models --json", "--help"])
def test_full_standard_output_is_one_error(arguments: str) -> None:
    ended = shell("> /dev/full", *arguments.split())
    assert ended.status == 1
    assert ended.errors.startswith(FULL)
    assert ended.errors.count("\n") == 1


@needs_full_device
def test_results_that_cannot_be_written_are_not_done(clip: Path) -> None:
    ended = shell("> /dev/full", "predict", clip, "-m", "objects", "--format", "csv")
    assert (ended.status, ended.errors[: len(FULL)], ended.errors.count("\n")) == (1, FULL, 1)


def test_closed_standard_output_is_an_error_where_it_is_needed() -> None:
    ended = shell(">&-", "models")
    assert (ended.status, ended.errors[: len(CLOSED)], ended.errors.count("\n")) == (1, CLOSED, 1)


@needs_full_device
@pytest.mark.parametrize("redirection", ["2>&-", "2> /dev/full"])
def test_messages_that_cannot_be_written_do_not_matter(redirection: str) -> None:
    ended = shell(redirection, "models")
    assert ended.status == 0
    assert "objects" in ended.output
    assert shell(redirection, "info", "gone.mp4") == Ended(1, "", "")


def test_closed_streams_that_are_not_needed_do_not_matter(clip: Path, tmp_path: Path) -> None:
    """Files and pipes must not take the numbers of closed streams: what is printed would go there."""
    ended = shell("<&- >&- 2>&-", "features", clip, "-o", tmp_path / "out")
    assert ended == Ended(0, "", "")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".vidlabel", "clip.mp4.npz"]
    assert json.loads(shell("<&- 2>&-", "info", "--json", clip).output)["frames"] == 5


def test_closed_standard_input_is_an_error_where_it_is_needed() -> None:
    ended = shell("<&-", "predict", "-")
    assert ended.status == 1
    assert ended.errors == "error: standard input: cannot be read (Bad file descriptor); redirect a list to it\n"


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("cp1252", "failed: \\U0001f600 caf\xe9"),
        ("ascii", "failed: \\U0001f600 caf\\xe9"),
        ("ascii:surrogateescape", "failed: \\U0001f600 caf\\xe9"),
        ("ascii:replace", "failed: ? caf?"),
        ("utf-8", "failed: \U0001f600 caf\xe9"),
    ],
)
def test_what_an_encoding_lacks_is_escaped(tmp_path: Path, encoding: str, shown: str) -> None:
    Records(tmp_path).write(tmp_path / "a.json", Record("a.mp4", "", "failed", "\U0001f600 caf\xe9"))
    command = [sys.executable, "-m", "vidlabel", "status", str(tmp_path)]
    ended = subprocess.run(
        command, capture_output=True, check=True, timeout=240, env={**os.environ, "PYTHONIOENCODING": encoding}
    )
    assert ended.stdout.decode(encoding.split(":")[0]).splitlines()[-1] == shown
