"""What this process may use of the machine, and how its memory allocator behaves.

Limits come from the system and, in a container or a batch job on Linux, from control groups: versions 1 and 2, side by
side as well. A group's limit holds for the groups below it, so all of them up to the root count.
"""

from __future__ import annotations

import ctypes
import math
import os
import platform
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from vidlabel.paths import is_folder

ROOT = Path("/")
"""Below it lie `proc` and what is mounted."""

# From glibc's <malloc.h>.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3


def available_cores() -> int:
    """Cores that this process may use: those that it may run on, or fewer where its control group gets less time."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cgroup_cpu_quota()
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def available_memory() -> int:
    """Bytes that can be had without swapping, and within the limits of this process's control group."""
    import psutil  # Takes a hundredth of a second to load, and few commands need it.

    free = int(psutil.virtual_memory().available)
    limit = cgroup_available_memory()
    return free if limit is None else min(free, limit)


def keep_freed_memory() -> bool:
    """Let glibc keep freed memory for the next allocation instead of giving it back to the kernel.

    The tensors of a network are freed and allocated again at every layer; a block that went back to the kernel costs a
    page fault for every 4 KiB. It changes the whole process, so only a program's start may call it, never an import.

    Returns:
        Whether it took effect: only on Linux with glibc.
    """
    if not _has_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    return bool(mallopt(_M_MMAP_THRESHOLD, 1 << 30)) and bool(mallopt(_M_TRIM_THRESHOLD, 2**31 - 1))


def give_back_freed_memory() -> None:
    """Give what is free now back to the kernel, once, where glibc keeps it.

    After models were loaded that is what their files and unfolded weights took: 17 MB in each worker, in 1 ms.
    """
    if _has_glibc():
        malloc_trim = ctypes.CDLL(None).malloc_trim
        malloc_trim.argtypes = (ctypes.c_size_t,)
        malloc_trim(0)


def _has_glibc() -> bool:
    return sys.platform == "linux" and platform.libc_ver()[0] == "glibc"


def cgroup_cpu_quota(root: Path = ROOT) -> float | None:
    """Cores whose time this process may use up, a fraction maybe; None: no limit."""
    quotas = [_quota_v2(group) for group in _groups(root, "cgroup2", "")]
    quotas += [_quota_v1(group) for group in _groups(root, "cgroup", "cpu")]
    return min((quota for quota in quotas if quota is not None), default=None)


def cgroup_available_memory(root: Path = ROOT) -> int | None:
    """Bytes that this process may still take until a limit is met; files that the system keeps in memory give way.

    None: no limit.
    """
    left = [_memory_v2(group) for group in _groups(root, "cgroup2", "")]
    left += [_memory_v1(group) for group in _groups(root, "cgroup", "memory")]
    return min((max(0, size) for size in left if size is not None), default=None)


def _quota_v2(group: Path) -> float | None:
    match _read(group / "cpu.max").split():
        case [quota, period] if quota.isdecimal() and period.isdecimal() and int(period):
            return int(quota) / int(period)
    return None


def _quota_v1(group: Path) -> float | None:
    quota, period = _number(group / "cpu.cfs_quota_us"), _number(group / "cpu.cfs_period_us")
    return quota / period if quota and period else None  # -1: no limit


def _memory_v2(group: Path) -> int | None:
    limits = [_number(group / name) for name in ("memory.max", "memory.high")]
    known = [limit for limit in limits if limit is not None]
    return _left(group, min(known), "memory.current", "") if known else None


def _memory_v1(group: Path) -> int | None:
    limit = _number(group / "memory.limit_in_bytes")
    return None if limit is None else _left(group, limit, "memory.usage_in_bytes", "total_")


def _left(group: Path, limit: int, usage_name: str, prefix: str) -> int:
    usage = _number(group / usage_name) or 0
    statistics = dict(re.findall(r"^(\w+) (\d+)$", _read(group / "memory.stat"), re.MULTILINE))
    kept_files = sum(int(statistics.get(f"{prefix}{kind}_file", 0)) for kind in ("active", "inactive"))
    return limit - max(0, usage - kept_files)


def _groups(root: Path, file_system: str, controller: str) -> Iterator[Path]:
    """The folders of this process's group and of those above it, up to where they are mounted."""
    path = _group_path(root, controller)
    mounted = _mount(root, file_system, controller)
    if path is None or mounted is None:
        return
    shown, mount_point = mounted
    # In a container the mount may show a part of the tree alone, and the path may count from elsewhere.
    below = path.removeprefix(shown) if path == shown or path.startswith(shown.rstrip("/") + "/") else ""
    group = mount_point / below.strip("/")
    if ".." in group.parts or not is_folder(group):
        group = mount_point
    yield group
    while group != mount_point:
        group = group.parent
        yield group


def _group_path(root: Path, controller: str) -> str | None:
    """Path of this process's group in a hierarchy; the one of version 2 has no controllers in this list."""
    for line in _read(root / "proc/self/cgroup").splitlines():
        fields = line.split(":", 2)
        if len(fields) == 3 and controller in fields[1].split(","):
            return fields[2]
    return None


def _mount(root: Path, file_system: str, controller: str) -> tuple[str, Path] | None:
    """Which part of a hierarchy is mounted, and where (proc_pid_mountinfo(5))."""
    for line in _read(root / "proc/self/mountinfo").splitlines():
        fields, _, rest = line.partition(" - ")
        left, right = fields.split(), rest.split()
        if len(left) < 5 or len(right) < 3 or right[0] != file_system:
            continue
        if not controller or controller in right[2].split(","):
            return _unescaped(left[3]), root / _unescaped(left[4]).lstrip("/")
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _number(path: Path) -> int | None:
    """A whole number, 0 or more, that a file holds; None: something else, as `max` or -1, or there is no file."""
    text = _read(path).strip()
    return int(text) if text.isdecimal() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # Not Linux, or not this version.
