"""How much of the machine this process may use."""

from __future__ import annotations

import math
import os

from vidlabel import cgroup


def available_cores() -> int:
    """Cores that this process may use: those that it may run on, or fewer where its control group gets less time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup.cpu_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def available_memory() -> int:
    """Bytes that can be had without swapping, and within the limits of this process's control group."""
    import psutil  # Takes a hundredth of a second to load, and few commands need it.

    free = int(psutil.virtual_memory().available)
    limit = cgroup.available_memory()
    return free if limit is None else min(free, limit)
