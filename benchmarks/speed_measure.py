"""Runs of commands, measured in turn, and tables of them."""

from __future__ import annotations

import ctypes
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PREDICT = (sys.executable, "-m", "vidlabel", "predict", "--model", "objects")
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one run."""

    wall_s: float
    cpu_s: float
    """Of the process and all below it."""

    def __sub__(self, other: Cost) -> Cost:
        return Cost(self.wall_s - other.wall_s, self.cpu_s - other.cpu_s)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(command: Sequence[str]) -> Cost:
    """Run a command to its end, and that of every process below it.

    Raises:
        SystemExit: it failed.
    """
    return _run(command)[0]


def run_reporting(command: Sequence[str]) -> Cost:
    """Run a command that prints the wall and CPU seconds of its work, without its start."""
    wall_s, cpu_s = _run(command)[1].split()
    return Cost(float(wall_s), float(cpu_s))


def _run(command: Sequence[str]) -> tuple[Cost, str]:
    if sys.platform == "linux":  # Processes whose parent did not wait for them come to this one, and are counted.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        _wait_for_orphans()  # of what ran before, which would be counted here
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.getenv("PYTHONPATH"))))}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    wall_s = time.perf_counter() - started
    if ended.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(command[:6])} ended with {ended.returncode}:\n{ended.stderr[-2000:]}")
    if sys.platform == "linux":
        _wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = Cost(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return cost, ended.stdout


def _wait_for_orphans() -> None:
    while True:
        try:
            os.wait()
        except ChildProcessError:
            return


def in_turn(sides: Mapping[str, Callable[[], Cost]], repeats: int) -> dict[str, list[Cost]]:
    """Measure several things one after the other, so often, so that other load meets all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for _ in range(repeats):
        for name, measure in sides.items():
            costs[name].append(measure())
    return costs


def spread(values: Sequence[float], digits: int = 2) -> str:
    """`least / median / most`."""
    figures = (min(values), statistics.median(values), max(values))
    return " / ".join(f"{figure:.{digits}f}" for figure in figures)


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def cost_rows(costs: Mapping[str, Sequence[Cost]]) -> list[list[str]]:
    """One row for each thing that was measured: wall and CPU seconds."""
    return [
        [name, spread([cost.wall_s for cost in found]), spread([cost.cpu_s for cost in found])]
        for name, found in costs.items()
    ]
