"""Which frames of a video are samples: exact arithmetic on the file's own ticks, no decoding."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

from vidlabel.video.request import SampleRequest

Frame = TypeVar("Frame")

BEFORE_ALL = -1
"""A tick before the first presented frame."""


def exact(value: float) -> Fraction:
    """The number that a user wrote: 0.1 is 1/10, not the nearest binary fraction."""
    return Fraction(str(value))


@dataclass(frozen=True, slots=True)
class Preceding:
    """The recordings that come before one in a file that joins several."""

    duration_s: Fraction
    """Seconds from the first presented frame of the file to that of the recording."""
    last_frame_s: Fraction
    """Seconds from the first presented frame of the file to the last one before the recording."""


@dataclass(frozen=True, slots=True)
class SampleGrid:
    """A sample request in ticks from the first presented frame."""

    numerator: int
    """`numerator / denominator` is targets per tick."""
    denominator: int
    first: int
    """Samples lie at or after this tick."""
    end: int | None
    """Samples lie before this tick."""
    lag: int | None
    """The earlier frame of a sample at tick t is the last one at or before t - lag."""
    offset: int = 0
    """`offset / denominator` targets lie before tick 0."""
    reached: int = BEFORE_ALL
    """Number of the last target that a frame before tick 0 reached."""

    @property
    def earliest_needed(self) -> int:
        """No frame is needed that another one follows at or before this tick."""
        return max(0, self.first - (self.lag or 0) - 1)

    def target(self, time: int) -> int:
        """Number of the last target at or before a tick."""
        return (time * self.numerator + self.offset) // self.denominator

    def is_past(self, time: int) -> bool:
        """Whether neither the frame at this tick nor a later one is asked for."""
        return self.end is not None and time >= self.end


def grid_of(
    request: SampleRequest, time_base: Fraction, after: int = BEFORE_ALL, preceding: Preceding | None = None
) -> SampleGrid:
    """Turn a request in seconds into ticks.

    Args:
        request: what is asked for.
        time_base: seconds of one tick.
        after: samples lie after this tick as well; where an earlier reader came to.
        preceding: recordings before the one that the ticks belong to; the request counts from the first of them.
    """
    rate = exact(request.rate)
    per_tick = rate * time_base
    start = Fraction(0) if preceding is None else preceding.duration_s
    before = rate * start
    denominator = math.lcm(per_tick.denominator, before.denominator)
    return SampleGrid(
        numerator=int(per_tick * denominator),
        denominator=denominator,
        first=max(_ticks_up(exact(request.start_s) - start, time_base), after + 1),
        end=None if request.end_s is None else _ticks_up(exact(request.end_s) - start, time_base),
        lag=None if request.lag_s is None else _ticks_up(exact(request.lag_s), time_base),
        offset=int(before * denominator),
        reached=BEFORE_ALL if preceding is None else int(rate * preceding.last_frame_s),
    )


def _ticks_up(seconds: Fraction, time_base: Fraction) -> int:
    """The first tick at or after a time."""
    return -int(-seconds // time_base)


class SampleSelector:
    """Says of frames in presentation order which ones are samples.

    A frame at tick t is a sample when a target lies after the frame before it and at or before t, that is when the
    number of the last target rose; a target that several frames reach belongs to the first, and a frame that reaches
    several is taken once.
    """

    def __init__(self, grid: SampleGrid) -> None:
        self._grid = grid
        self._target = grid.reached

    def takes(self, time: int) -> bool:
        """Whether the frame at this tick is a sample; to be asked once for each frame, in order."""
        target = self._grid.target(time)
        rises = target > self._target
        if rises:
            self._target = target
        return rises and time >= self._grid.first and not self._grid.is_past(time)


def sample_indices(times: Iterable[int], grid: SampleGrid) -> Iterator[int]:
    """Numbers of the frames that are samples.

    Args:
        times: ticks of all frames from the first presented one, ascending.
        grid: what is asked for.
    """
    selector = SampleSelector(grid)
    for index, time in enumerate(times):
        if grid.is_past(time):
            return
        if selector.takes(time):
            yield index


class LagBuffer(Generic[Frame]):
    """Holds the frames of the last `lag` ticks, to find the one that was shown `lag` ticks ago."""

    def __init__(self, lag: int) -> None:
        self._lag = lag
        self._frames: deque[tuple[int, Frame]] = deque()

    def add(self, time: int, frame: Frame) -> None:
        """Append the next frame and drop those that no later sample can need."""
        self._frames.append((time, frame))
        while len(self._frames) > 1 and self._frames[1][0] <= time - self._lag:
            self._frames.popleft()

    def earlier(self, time: int) -> Frame | None:
        """The last frame at or before `time - lag`, where `time` is that of the frame added last."""
        oldest, frame = self._frames[0]
        return frame if oldest <= time - self._lag else None
