"""Where the time of labelling goes: a stopwatch for its phases, which costs nothing while it is off."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from typing import Literal

PhaseName = Literal["decode", "waiting", "preprocess", "encode", "head", "write"]


@dataclass(frozen=True, slots=True)
class Phase:
    """The cost of one phase; those of several videos and workers add up."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def __add__(self, other: Phase) -> Phase:
        return Phase(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where the time of labelling went. Loading models and libraries is no part of it."""

    samples: int = 0
    """Samples that were labelled."""
    decode: Phase = Phase()
    """In the decoding processes, beside the rest: CPU seconds only."""
    waiting: Phase = Phase()
    """For samples to be decoded."""
    preprocess: Phase = Phase()
    encode: Phase = Phase()
    head: Phase = Phase()
    """Scores and segments."""
    write: Phase = Phase()

    def __add__(self, other: Profile) -> Profile:
        phases = {name: getattr(self, name) + getattr(other, name) for name in PHASES}
        return Profile(samples=self.samples + other.samples, **phases)


PHASES = tuple(field.name for field in fields(Profile) if field.name != "samples")


class Stopwatch:
    """Takes the time of phases, in one thread, one after the other."""

    def __init__(self) -> None:
        self._profile = Profile()

    def phase(self, name: PhaseName) -> AbstractContextManager[None]:
        """Take the time of a block; CPU seconds are those of all threads of this process."""
        return self._measure(name)

    def add(self, name: PhaseName, cost: Phase) -> None:
        """Add what was measured elsewhere."""
        self._profile += Profile(**{name: cost})  # type: ignore[arg-type]

    def count(self, samples: int) -> None:
        """Add samples that were labelled."""
        self._profile += Profile(samples=samples)

    def take(self) -> Profile:
        """What was measured since the last call."""
        taken, self._profile = self._profile, Profile()
        return taken

    @contextlib.contextmanager
    def _measure(self, name: PhaseName) -> Iterator[None]:
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.add(name, Phase(time.perf_counter() - wall_s, time.process_time() - cpu_s))


class _Off(Stopwatch):
    """Measures nothing."""

    def phase(self, name: PhaseName) -> AbstractContextManager[None]:  # noqa: ARG002
        """Nothing around a block."""
        return _NOTHING

    def add(self, name: PhaseName, cost: Phase) -> None:
        """Nothing."""

    def count(self, samples: int) -> None:
        """Nothing."""


_NOTHING = nullcontext()

OFF: Stopwatch = _Off()
"""A stopwatch that measures nothing."""
