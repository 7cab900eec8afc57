"""The time that a search has."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds from any start on, which never go back."""


class OutOfTimeError(Exception):
    """The time is over: what is in hand is ended at the next epoch, fold or piece of a video."""


class Budget:
    """Wall time from now on.

    Args:
        seconds: how long; below 0: nothing is left.
        clock: tells the time.
    """

    def __init__(self, seconds: float, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._end_s = clock() + seconds

    @property
    def left_s(self) -> float:
        """Seconds that are left, 0 or more."""
        return max(0.0, self._end_s - self._clock())

    def now(self) -> float:
        """What the clock shows, for measuring."""
        return self._clock()

    def part(self, parts: int) -> Budget:
        """An even share of what is left, which begins now."""
        return Budget(self.left_s / parts, self._clock)

    def check(self, reserved_s: float = 0.0) -> None:
        """End what is in hand when no more is left than is reserved.

        Raises:
            OutOfTimeError: so it is.
        """
        if self.left_s <= reserved_s:
            raise OutOfTimeError
