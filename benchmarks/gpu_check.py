"""Whether vidlabel is right on a GPU, and how fast: one command, for a machine that may have nothing but PyTorch.

    python benchmarks/gpu_check.py [--json FILE] [--work DIR] [--only NAME,NAME] [--seconds 570] [--quick] [--rehearse]

Runs the checks of `gpu_check_run`, the most important first, each in a process of its own with a deadline: one that
fails, ends its process or hangs costs its own rows alone. All end within `--seconds`. Prints a table, and writes the
same as JSON. Without a GPU the rows that need one say so; `--rehearse` lets the CPU stand in for it, to try the check
itself. Makes its videos, and needs no data, no network and no installation of vidlabel.

The exit status is 0 when nothing failed, and 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from gpu_check_rows import Row, read_rows, table

ROOT = Path(__file__).parent.parent
CHECKS = {
    "machine": 60,
    "features": 90,
    "streams": 60,
    "encoders": 150,
    "decoding": 120,
    "predict": 60,
    "batches": 60,
    "speed": 170,
    "short-clips": 120,
    "feature-speed": 100,
    "training": 80,
}
"""Deadline of each in seconds, in the order in which they run."""
_LEAST_S = 10.0
"""Nothing is begun with less time left."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for."""

    folder: Path
    checks: Sequence[str]
    seconds: float
    quick: bool
    rehearse: bool


def run_checks(asked: Asked) -> list[Row]:
    """Run the checks one after the other and show rows as they are known."""
    ends = time.monotonic() + asked.seconds
    rows: list[Row] = []
    for name in asked.checks:
        left = ends - time.monotonic()
        if left < _LEAST_S:
            rows.append(Row(name, "not possible here", "no time was left"))
            continue
        started = time.monotonic()
        found = run_command(name, check_command(name, asked), min(CHECKS[name], left))
        rows += found
        for row in found:
            print(f"{row.name}: {row.outcome} {row.reason}", file=sys.stderr)
        print(f"[{name}: {time.monotonic() - started:.0f} s]", file=sys.stderr, flush=True)
    return rows


def check_command(name: str, asked: Asked) -> list[str]:
    """What runs one check in a process of its own."""
    options = [flag for flag, given in (("--quick", asked.quick), ("--rehearse", asked.rehearse)) if given]
    return [sys.executable, "-m", "gpu_check_run", name, str(asked.folder), *options]


def run_command(name: str, command: Sequence[str], limit_s: float) -> list[Row]:
    """Run one check, and end it after so many seconds with all that it started.

    Returns:
        The rows that it printed, and one more if it failed or did not end.
    """
    paths = (str(ROOT), str(ROOT / "benchmarks"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", ""))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment, start_new_session=True
        )
        try:
            status: int | None = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            status = None
        finally:
            _end(process)
        output.seek(0)
        errors.seek(0)
        rows = list(read_rows(output.read()))
        if status is None:
            rows.append(Row(name, "failed", f"did not end within {limit_s:.0f} s"))
        elif status:
            last = errors.read().strip().splitlines()[-1:] or ["nothing"]
            rows.append(Row(name, "failed", f"its process ended with {status}, saying {last[0][:300]}"))
    return rows


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the processes of the check's own session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all rows here as well")
    parser.add_argument("--work", type=Path, metavar="DIR", help="keep the videos here")
    parser.add_argument("--only", default=",".join(CHECKS), help=f"with commas: {','.join(CHECKS)}")
    parser.add_argument("--seconds", type=float, default=570.0, help="for all checks together")
    parser.add_argument("--quick", action="store_true", help="smallest clips and counts")
    parser.add_argument("--rehearse", action="store_true", help="let the CPU stand in for the GPU")
    given = parser.parse_args()
    checks = [name.strip() for name in given.only.split(",")]
    unknown = [name for name in checks if name not in CHECKS]
    if unknown:
        parser.error(f"there is no check {unknown[0]!r}; choose among {', '.join(CHECKS)}")
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.work or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        rows = run_checks(Asked(folder.absolute(), checks, given.seconds, given.quick, given.rehearse))
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    print(table(rows))
    return int(any(row.outcome == "failed" for row in rows))


if __name__ == "__main__":
    raise SystemExit(main())
