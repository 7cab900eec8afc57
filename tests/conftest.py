"""What is collected, threads that compute, and property tests: a busy machine must not make a test slow or fail."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

# Threads that wait for each other on cores that other tests keep busy took 20 times the processor time of one thread,
# and minutes instead of seconds. The libraries read this when they are first imported; child processes inherit it.
# Tests of what must not depend on the number of threads use `two_threads`.
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

from hypothesis import HealthCheck, settings  # noqa: E402

collect_ignore = [] if "VIDLABEL_DATA" in os.environ else ["labels/metrics/test_published_figures.py"]

# Shells let what they start in the background ignore Ctrl-C, and the processes that tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Torch computes in two threads during this test."""
    import torch

    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)
