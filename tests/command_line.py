"""Runs the command line as a user does, inside the test's own process or in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from vidlabel.cli.app import run


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    status: int
    output: str
    errors: str


def call(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> Ended:
    """Run a command in this process: quick, since torch is loaded once for all tests."""
    before = sys.argv
    sys.argv = ["vidlabel", *map(str, arguments)]
    try:
        with pytest.raises(SystemExit) as ended:
            run()
    finally:
        sys.argv = before
    sys.stdout.flush()
    captured = capfd.readouterr()
    return Ended(int(ended.value.code or 0), captured.out, captured.err)


def start(*arguments: str | Path, folder: Path | None = None, given: bytes = b"") -> Ended:
    """Run a command in a process of its own."""
    command = [sys.executable, "-m", "vidlabel", *map(str, arguments)]
    ended = subprocess.run(command, cwd=folder, input=given, capture_output=True, timeout=240, check=False)
    return Ended(ended.returncode, os.fsdecode(ended.stdout), os.fsdecode(ended.stderr))
