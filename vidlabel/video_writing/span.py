"""A stretch of a video, and which frames are part of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

HALF_MILLISECOND = Fraction(1, 2000)
"""Results give times to the millisecond, so that frames are compared with them to the millisecond, too."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stretch of a video, in seconds from its first presented frame."""

    start_s: Fraction
    end_s: Fraction
    """Not part of it."""

    def holds(self, time_s: Fraction) -> bool:
        """Whether a frame at this time is part of it, to the millisecond."""
        return self.start_s - HALF_MILLISECOND <= time_s < self.end_s - HALF_MILLISECOND
