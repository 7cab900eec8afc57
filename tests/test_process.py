"""How many cores and how much memory a process may use."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from vidlabel import cgroup
from vidlabel.process import available_cores, available_memory


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
    monkeypatch.setattr(cgroup, "cpu_quota", lambda: quota)
    assert available_cores() == expected


@pytest.mark.parametrize(("limit", "expected"), [(None, 5000), (700, 700), (9000, 5000)])
def test_memory_is_what_can_be_had_not_what_is_unused(
    monkeypatch: pytest.MonkeyPatch, limit: int | None, expected: int
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=5000, free=10))
    monkeypatch.setattr(cgroup, "available_memory", lambda: limit)
    assert available_memory() == expected
