"""The table of `--profile`: time of each phase of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator

from vidlabel.cli.console import print_line
from vidlabel.profiling import OFF, PHASES, Profile, Stopwatch


class Profiler:
    """Collects the profile of a run, from this process and from workers.

    Args:
        enabled: whether to take times at all.
    """

    def __init__(self, enabled: bool) -> None:
        self.stopwatch: Stopwatch = Stopwatch() if enabled else OFF
        self._enabled = enabled
        self._of_workers = Profile()
        self._started = time.perf_counter()

    def add(self, profile: Profile) -> None:
        """Add the profile of a worker."""
        self._of_workers += profile

    def show(self) -> None:
        """Print the profile on standard error, if enabled."""
        if self._enabled:
            profile = self._of_workers + self.stopwatch.take()
            for line in profile_lines(profile, time.perf_counter() - self._started):
                print_line(line)


def profile_lines(profile: Profile, wall_s: float) -> Iterator[str]:
    """A table of phases, summed over videos and workers.

    Args:
        profile: of the run.
        wall_s: seconds that the whole run took, loading included.
    """
    yield f"{'phase':<12}{'wall s':>10}{'CPU s':>10}{'samples/s':>12}"
    for name in PHASES:
        phase = getattr(profile, name)
        # Decoding runs beside everything else: what it costs the others is the waiting.
        wall = "" if name == "decode" else f"{phase.wall_s:.3f}"
        yield f"{name:<12}{wall:>10}{phase.cpu_s:>10.3f}{_rate(profile.samples, phase.cpu_s):>12}"
    cpu_s = sum(getattr(profile, name).cpu_s for name in PHASES)
    yield f"{'whole run':<12}{wall_s:>10.3f}{cpu_s:>10.3f}{_rate(profile.samples, wall_s):>12}"
    yield f"{profile.samples} samples; samples/s are per CPU second, in the last row per second of the clock"


def _rate(samples: int, seconds: float) -> str:
    return f"{samples / seconds:.1f}" if seconds > 0.0005 else ""
