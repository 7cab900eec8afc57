"""How many cores a process may use."""

from __future__ import annotations

import os
import subprocess
import sys

from vidlabel.cores import available_cores


def test_it_is_one_at_least_and_not_more_than_there_are() -> None:
    assert 1 <= available_cores() <= (os.cpu_count() or 1)


if hasattr(os, "sched_setaffinity"):

    def test_a_process_that_is_kept_on_one_core_has_one() -> None:
        code = (
            "import os; from vidlabel.cores import available_cores; "
            "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(available_cores())"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert ended.stdout.strip() == b"1"
