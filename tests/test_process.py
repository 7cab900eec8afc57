"""How many cores and how much memory a process may use, and what its allocator does with freed memory.

Limits of control groups are read from trees as the kernel shows them (cgroups(7), proc_pid_mountinfo(5)).
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from vidlabel import process
from vidlabel.process import available_cores, available_memory, cgroup_available_memory, cgroup_cpu_quota

MIB = 1 << 20
UNLIMITED_V1 = "9223372036854771712\n"

SCRIPT = """
import ctypes, resource
from vidlabel.process import keep_freed_memory
effective = keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
libc.free.argtypes = (ctypes.c_void_p,)
size = 64 << 20
def touch():
    block = libc.malloc(size)
    ctypes.memset(block, 1, size)
    libc.free(block)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
first, second = touch(), touch()
print(int(effective), second - first)
"""


GIVING_BACK = """
import ctypes
from vidlabel.process import give_back_freed_memory, keep_freed_memory
keep_freed_memory()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, (ctypes.c_size_t,)
libc.free.argtypes = (ctypes.c_void_p,)
def resident_mib():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 >> 20
block = libc.malloc(64 << 20)
ctypes.memset(block, 1, 64 << 20)
libc.free(block)
kept = resident_mib()
give_back_freed_memory()
print(kept - resident_mib())
"""


def test_it_is_one_at_least_and_not_more_than_there_are() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


if hasattr(os, "sched_setaffinity"):

    def test_a_process_that_is_kept_on_one_core_has_one() -> None:
        code = (
            "import os; from vidlabel.process import available_cores; "
            "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(available_cores())"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert ended.stdout.strip() == b"1"


@pytest.mark.parametrize(("quota", "expected"), [(None, 4), (0.2, 1), (2.0, 2), (2.5, 3), (16.0, 4)])
def test_a_control_group_may_leave_fewer_cores(
    monkeypatch: pytest.MonkeyPatch, quota: float | None, expected: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(process, "cgroup_cpu_quota", lambda: quota)
    assert available_cores() == expected


@pytest.mark.parametrize(("limit", "expected"), [(None, 5000), (700, 700), (9000, 5000)])
def test_memory_is_what_can_be_had_not_what_is_unused(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, expected: int
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=5000, free=10))
    monkeypatch.setattr(process, "cgroup_available_memory", lambda: limit)
    assert available_memory() == expected


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is one of the GNU C library")
def test_memory_that_was_kept_is_given_back() -> None:
    ended = subprocess.run([sys.executable, "-c", GIVING_BACK], capture_output=True, text=True, check=True)
    assert int(ended.stdout) >= 60


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the setting is one of the GNU C library")
def test_freed_memory_is_used_again_without_page_faults() -> None:
    """In a process of its own, since the setting stays for the life of a process."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    effective, faults = map(int, done.stdout.split())
    assert effective == 1
    assert faults < 1000  # 64 MiB are 16384 pages


def make(root: Path, groups: str, mounts: dict[str, tuple[str, str]], files: dict[str, str]) -> Path:
    """A root with `/proc/self`, mounts (place to part of the tree and type with options), and files."""
    lines = [
        f"{number} 1 0:{number} {part} {place} rw,nosuid shared:9 - {kind}\n"
        for number, (place, (part, kind)) in enumerate(mounts.items(), 30)
    ]
    files = {"proc/self/cgroup": groups, "proc/self/mountinfo": "".join(lines)} | files
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


V2 = {"/sys/fs/cgroup": ("/", "cgroup2 cgroup2 rw,nsdelegate")}
V1 = {
    "/sys/fs/cgroup/cpu,cpuacct": ("/", "cgroup cgroup rw,cpu,cpuacct"),
    "/sys/fs/cgroup/memory": ("/", "cgroup cgroup rw,memory"),
}


def test_no_control_groups_are_no_limit(tmp_path: Path) -> None:
    assert (cgroup_cpu_quota(tmp_path), cgroup_available_memory(tmp_path)) == (None, None)


def test_version_2_takes_the_lowest_limit_of_all_groups_above(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/jobs.slice/job7/step"
    root = make(
        tmp_path,
        "0::/jobs.slice/job7/step\n",
        V2,
        {
            f"{group}/cpu.max": "max 100000\n",
            f"{group}/memory.max": "max\n",
            f"{group}/../cpu.max": "150000 100000\n",
            f"{group}/../memory.max": f"{1000 * MIB}\n",
            f"{group}/../memory.high": "max\n",
            f"{group}/../memory.current": f"{700 * MIB}\n",
            f"{group}/../memory.stat": f"anon 1\nactive_file {100 * MIB}\ninactive_file {200 * MIB}\nfile 9999\n",
            f"{group}/../../cpu.max": "400000 100000\n",
            f"{group}/../../memory.max": f"{5000 * MIB}\n",
            f"{group}/../../memory.current": f"{4900 * MIB}\n",
        },
    )
    assert cgroup_cpu_quota(root) == 1.5
    # 600 MiB are left to the job, 400 being taken without files that can be read again, and 100 to all jobs together.
    assert cgroup_available_memory(root) == 100 * MIB


def test_a_limit_above_which_the_kernel_slows_a_group_down_counts(tmp_path: Path) -> None:
    files = {"memory.max": "max\n", "memory.high": f"{300 * MIB}\n", "memory.current": f"{100 * MIB}\n"}
    root = make(tmp_path, "0::/\n", V2, {f"sys/fs/cgroup/{name}": text for name, text in files.items()})
    assert cgroup_available_memory(root) == 200 * MIB


def test_version_1(tmp_path: Path) -> None:
    cpu, memory = "sys/fs/cgroup/cpu,cpuacct/lxc/a b", "sys/fs/cgroup/memory/lxc/a b"
    root = make(
        tmp_path,
        "5:memory:/lxc/a b\n4:cpu,cpuacct:/lxc/a b\n2:name=systemd:/other\n0::/\n",
        V1,
        {
            f"{cpu}/cpu.cfs_quota_us": "-1\n",
            f"{cpu}/cpu.cfs_period_us": "100000\n",
            f"{cpu}/../cpu.cfs_quota_us": "50000\n",
            f"{cpu}/../cpu.cfs_period_us": "100000\n",
            f"{memory}/memory.limit_in_bytes": f"{2000 * MIB}\n",
            f"{memory}/memory.usage_in_bytes": f"{1900 * MIB}\n",
            f"{memory}/memory.stat": f"inactive_file 5\ntotal_inactive_file {600 * MIB}\ntotal_active_file 0\n",
            f"{memory}/../../memory.limit_in_bytes": UNLIMITED_V1,
            f"{memory}/../../memory.usage_in_bytes": f"{9000 * MIB}\n",
        },
    )
    assert cgroup_cpu_quota(root) == 0.5
    assert cgroup_available_memory(root) == 700 * MIB


def test_both_versions_side_by_side(tmp_path: Path) -> None:
    mounts = V1 | {"/sys/fs/cgroup/unified": ("/", "cgroup2 cgroup2 rw")}
    files = {
        "sys/fs/cgroup/memory/a/memory.limit_in_bytes": f"{500 * MIB}\n",
        "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "0\n",
        "sys/fs/cgroup/unified/b/cpu.max": "200000 100000\n",
    }
    root = make(tmp_path, "3:memory:/a\n0::/b\n", mounts, files)
    assert (cgroup_cpu_quota(root), cgroup_available_memory(root)) == (2.0, 500 * MIB)


@pytest.mark.parametrize(
    ("path", "part"),
    [("/", "/"), ("/docker/1f", "/docker/1f"), ("/", "/docker/1f"), ("/../../other", "/"), ("/gone", "/")],
    ids=["namespace", "shown in part", "namespace in part", "outside", "gone"],
)
def test_a_container_sees_its_own_group_where_it_is_mounted(tmp_path: Path, path: str, part: str) -> None:
    mounts = {"/sys/fs/cgroup": (part, "cgroup2 cgroup2 rw")}
    files = {"sys/fs/cgroup/cpu.max": "300000 100000\n", "sys/fs/other/cpu.max": "100000 100000\n"}
    assert cgroup_cpu_quota(make(tmp_path, f"0::{path}\n", mounts, files)) == 3.0


def test_a_place_with_a_blank_in_its_name(tmp_path: Path) -> None:
    mounts = {r"/sys/fs/c\040group": ("/", "cgroup2 cgroup2 rw")}
    assert cgroup_cpu_quota(make(tmp_path, "0::/\n", mounts, {"sys/fs/c group/cpu.max": "200000 100000\n"})) == 2.0


@pytest.mark.parametrize("text", ["", "max", "x y", "100000", "100000 0", "-1 100000", "\xff"])
def test_what_is_no_limit_is_none(tmp_path: Path, text: str) -> None:
    files = {"sys/fs/cgroup/cpu.max": text, "sys/fs/cgroup/memory.max": text.split(" ")[0].replace("100000", "max")}
    root = make(tmp_path, "0::/\n", V2, files)
    assert (cgroup_cpu_quota(root), cgroup_available_memory(root)) == (None, None)


def test_more_than_the_limit_leaves_nothing(tmp_path: Path) -> None:
    files = {"sys/fs/cgroup/memory.max": "1000\n", "sys/fs/cgroup/memory.current": "5000\n"}
    assert cgroup_available_memory(make(tmp_path, "0::/\n", V2, files)) == 0
