"""How much of the asked time was decoded."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from vidlabel.video.container.packets import NO_TIME, SPOILT
from vidlabel.video.probe import Probe
from vidlabel.video.sampling import SampleGrid

_ERROR_REACH = 16
"""Frames after a rejected packet in which its gap may show: a decoder holds that many back at most."""

_LARGEST_GAP = 2
"""Frames. A longer lost stretch is a hole, across which nothing can be known."""


class Coverage:
    """Compares the frames that a decoder gives with those that the packet table promises.

    A frame that does not come costs the time from its tick to the next frame that does. Near an error every gap counts,
    since damage may have swallowed packets before they were counted. Far from one, a single missing frame is no loss:
    the two fields of a picture can be packets of their own.

    Args:
        times: ticks of all frames, ascending; empty where the file gives none, so that only errors tell.
        step: ticks from one frame to the next.
        first: asked time starts here.
        end: and ends here.
    """

    def __init__(self, times: npt.NDArray[np.int64], step: Fraction, first: int, end: int) -> None:
        self._times = times.data
        self._step = max(1, int(step + Fraction(1, 2)))
        self._first = first
        self._end = end
        self._next = bisect_right(self._times, first - 1)
        self._last: int | None = None
        self._errors = 0
        self._quiet = _ERROR_REACH
        self.lost = 0
        self.holes: list[tuple[int, int]] = []
        """Lost stretches longer than two frames: first tick, end tick."""

    def frame(self, time: int, errors: int) -> None:
        """Note that the frame at this tick was decoded.

        Args:
            time: ticks from the first presented frame.
            errors: how many packets the decoder has rejected so far.
        """
        near_error = self._is_near_error(errors)
        times, position = self._times, self._next
        if position < len(times) and times[position] < time:
            here = bisect_right(times, time - 1, position)
            if here - position > 1 and not near_error:
                self.lose(times[position], time)
            position = here
        if near_error:
            self.lose(0 if self._last is None else self._last + self._step, time)
        if position < len(times) and times[position] == time:
            position += 1
        self._next, self._last = position, time

    def finish(self, errors: int, end: int) -> None:
        """Note that no frame follows; the last one promised ends at tick `end`."""
        missing = len(self._times) - self._next
        if (missing or not len(self._times)) and self._is_near_error(errors):
            self.lose(0 if self._last is None else self._last + self._step, end)
        elif missing > 1:
            self.lose(self._times[self._next], end)

    def lose(self, start: int, end: int) -> None:
        """Note that the ticks from `start` to `end` are lost, as far as they were asked for."""
        start, end = max(start, self._first), min(end, self._end)
        self.lost += max(0, end - start)
        if end - start > _LARGEST_GAP * self._step:
            self.holes.append((start, end))

    def _is_near_error(self, errors: int) -> bool:
        self._quiet = 0 if errors > self._errors else self._quiet + 1
        self._errors = errors
        return self._quiet < _ERROR_REACH


def make_coverage(probe: Probe, grid: SampleGrid) -> Coverage | None:
    """Coverage of what `grid` asks for; None where the file gives no times, and nothing is known to be lost."""
    times = probe.frame_times()
    if times is None:
        if not probe.packets.holds(SPOILT):
            return None
        times = np.empty(0, np.int64)
    last = probe.promised_duration
    coverage = Coverage(times, probe.step, grid.first, last if grid.end is None else min(grid.end, last))
    coverage.lose(probe.duration, last)
    return coverage


class ShownOrder:
    """Times of frames in a file that only counts packets: AVI with B-frames has no presentation times.

    Without damage the frames that come out get the places in the file one after the other. After damage a frame is
    shown as many places after that of its packet as later packets were shown before it, less the earlier packets that
    are still to be shown; packets that gave no frame keep their places, so that times after them stay. Only the frame
    that was to be shown right after a lost B-frame may be early by it.

    Args:
        times: (frames,) ticks of the places, ascending.
    """

    def __init__(self, times: npt.NDArray[np.int64]) -> None:
        self._times = times.data
        self._waiting: list[int] = []
        self._shown: deque[int] = deque(maxlen=_ERROR_REACH)
        self._next = 0
        self._damaged = False

    def packet(self, place: int) -> None:
        """The packet at this place was decoded without an error."""
        self._waiting.append(place)

    def damage(self) -> None:
        """A packet was rejected, or is missing."""
        self._damaged = True

    def place_time(self, place: int) -> int:
        """Tick of a place in the file."""
        return self._times[min(place, len(self._times) - 1)]

    def frame(self, origin: int | None, is_bidirectional: bool) -> int | None:
        """Tick of the frame that came out of the decoder; None if it has no place.

        Args:
            origin: place of its packet; None if the decoder does not tell.
            is_bidirectional: whether it is a B-frame. Others are shown after all that lie before them in the file.
        """
        place = self._next
        if origin is not None:
            derived = self._derive(origin, is_bidirectional)
            if self._damaged:
                place = derived
        self._next = place + 1
        return self._times[place] if place < len(self._times) else None

    def _derive(self, origin: int, is_bidirectional: bool) -> int:
        if not is_bidirectional:
            self._waiting = [waiting for waiting in self._waiting if waiting > origin]
        elif origin in self._waiting:
            self._waiting.remove(origin)
        earlier = sum(waiting < origin for waiting in self._waiting)
        later = sum(shown > origin for shown in self._shown)
        self._shown.append(origin)
        return origin - earlier + later


class FrameClock:
    """Ticks of frames in presentation order, whatever the file says.

    A frame without a time follows the one before by one frame duration (raw streams have none at all). A frame that
    claims to lie before the one before it gets that one's time.

    Args:
        first_pts: ticks of the container's clock at the first presented frame.
        step: ticks from one frame to the next.
    """

    def __init__(self, first_pts: int, step: Fraction) -> None:
        self._first_pts = first_pts
        self._step = step
        self._known = 0
        self._untimed = 0
        self._last: int | None = None
        self.disordered = 0
        """Frames whose time lay before that of the frame before."""

    def time(self, pts: int | None) -> int:
        """Ticks from the first presented frame of the next frame that comes out of the decoder."""
        if pts is None or pts == NO_TIME:
            if self._last is not None:
                self._untimed += 1
            time = self._known + int(self._untimed * self._step + Fraction(1, 2))
        else:
            time = pts - self._first_pts
            if self._last is not None and time < self._last:
                self.disordered += 1
                time = self._last
            self._known, self._untimed = time, 0
        self._last = time
        return time

    def pass_over(self, pts: int | None) -> None:
        """Note a frame that is not to be shown.

        Its time counts only where frames have none. After a loss, a decoder hands out frames from before it late.
        """
        if pts is None:
            self.time(None)
