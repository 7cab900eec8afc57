"""Which frames of a video are samples: exact arithmetic on the file's own ticks, no decoding."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from vidlabel.video.request import SampleRequest, exact

Frame = TypeVar("Frame")

BEFORE_ALL = -1
"""A tick before the first presented frame."""


@dataclass(frozen=True, slots=True)
class Preceding:
    """The recordings that come before one in a file that joins several."""

    duration_s: Fraction
    """Seconds from the first presented frame of the file to that of the recording."""
    last_frame_s: Fraction
    """Seconds from the first presented frame of the file to the last one before the recording."""


@dataclass(frozen=True, slots=True)
class TargetGrid:
    """The targets of one rate in ticks from the first presented frame."""

    numerator: int
    """`numerator / denominator` is targets per tick."""
    denominator: int
    offset: int = 0
    """`offset / denominator` targets lie before tick 0."""
    reached: int = BEFORE_ALL
    """Number of the last target that a frame before tick 0 reached."""

    def target(self, time: int) -> int:
        """Number of the last target at or before a tick."""
        return (time * self.numerator + self.offset) // self.denominator


@dataclass(frozen=True, slots=True)
class SampleGrid:
    """A sample request in ticks from the first presented frame."""

    targets: tuple[TargetGrid, ...]
    """Of each rate."""
    first: int
    """Samples lie at or after this tick."""
    end: int | None
    """Samples lie before this tick."""
    lag: int | None
    """The earlier frame of a sample at tick t is the last one at or before t - lag."""

    @property
    def earliest_needed(self) -> int:
        """No frame is needed that another one follows at or before this tick."""
        return max(0, self.first - (self.lag or 0) - 1)

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
    start = Fraction(0) if preceding is None else preceding.duration_s
    return SampleGrid(
        targets=tuple(_target_grid(exact(rate), time_base, preceding) for rate in request.rates),
        first=max(_ticks_up(exact(request.start_s) - start, time_base), after + 1),
        end=None if request.end_s is None else _ticks_up(exact(request.end_s) - start, time_base),
        lag=None if request.lag_s is None else _ticks_up(exact(request.lag_s), time_base),
    )


def _target_grid(rate: Fraction, time_base: Fraction, preceding: Preceding | None) -> TargetGrid:
    per_tick = rate * time_base
    before = Fraction(0) if preceding is None else rate * preceding.duration_s
    denominator = math.lcm(per_tick.denominator, before.denominator)
    return TargetGrid(
        numerator=int(per_tick * denominator),
        denominator=denominator,
        offset=int(before * denominator),
        reached=BEFORE_ALL if preceding is None else int(rate * preceding.last_frame_s),
    )


def _ticks_up(seconds: Fraction, time_base: Fraction) -> int:
    """The first tick at or after a time."""
    return -int(-seconds // time_base)


@dataclass(frozen=True, slots=True, eq=False)
class ChosenSamples:
    """Frames of a video that are samples."""

    indices: npt.NDArray[np.int64]
    """(S,) their numbers among all frames, ascending."""
    rate_masks: npt.NDArray[np.int64]
    """(S,) bit k: a sample of rate k."""


class SampleSelector:
    """Says of frames in presentation order which ones are samples.

    A frame at tick t is a sample of a rate when a target lies after the frame before it and at or before t, that is
    when the number of the last target rose; a target that several frames reach belongs to the first, and a frame that
    reaches several is taken once.
    """

    def __init__(self, grid: SampleGrid) -> None:
        self._grid = grid
        self._reached = [targets.reached for targets in grid.targets]

    def takes(self, time: int) -> int:
        """The mask of the rates that the frame at this tick is a sample of; to be asked once for each frame, in order.

        Returns:
            Bit k for rate k; 0 for a frame that is no sample.
        """
        mask = 0
        for number, targets in enumerate(self._grid.targets):
            target = targets.target(time)
            if target > self._reached[number]:
                self._reached[number] = target
                mask |= 1 << number
        return mask if time >= self._grid.first and not self._grid.is_past(time) else 0


def choose_samples(times: Iterable[int], grid: SampleGrid) -> ChosenSamples:
    """Choose the samples among the frames of a video.

    Args:
        times: ticks of all frames from the first presented one, ascending.
        grid: what is asked for.
    """
    pairs: npt.NDArray[np.int64] = np.fromiter(_taken(times, grid), np.dtype((np.int64, 2)))
    return ChosenSamples(pairs[:, 0], pairs[:, 1])


def _taken(times: Iterable[int], grid: SampleGrid) -> Iterator[tuple[int, int]]:
    selector = SampleSelector(grid)
    for index, time in enumerate(times):
        if grid.is_past(time):
            return
        mask = selector.takes(time)
        if mask:
            yield index, mask


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
