"""What a command and all processes below it hold, read from /proc (Linux)."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Holding:
    """What a tree of processes holds at one moment."""

    processes: int
    zombies: int
    """Ended processes that nobody has waited for."""
    memory_bytes: int
    """Proportional set size: pages that several processes share count once."""
    descriptors: int
    """Open files, pipes and sockets."""


def holding(root: int) -> Holding:
    """Look at a process and all below it."""
    pids, processes, zombies, memory, descriptors = [root], 0, 0, 0, 0
    while pids:
        pid = pids.pop()
        folder = Path(f"/proc/{pid}")
        try:
            for task in (folder / "task").iterdir():
                pids += map(int, (task / "children").read_text().split())
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            processes += 1
            zombies += state == "Z"
            lines = (folder / "smaps_rollup").read_text().splitlines()
            descriptors += sum(1 for _ in (folder / "fd").iterdir())
        except OSError:
            continue  # It has ended meanwhile.
        memory += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return Holding(processes, zombies, memory, descriptors)


def peak_memory(command: Sequence[str]) -> int:
    """Run a command; the most bytes that it and its processes held together.

    Raises:
        SystemExit: it failed.
    """
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, holding(process.pid).memory_bytes)
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return peak
