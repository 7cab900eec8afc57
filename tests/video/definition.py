"""Which frames of a painted video are its samples, straight from the definition."""

from __future__ import annotations

from bisect import bisect_right
from fractions import Fraction

from corpus import Painted
from vidlabel.video.request import SampleRequest

Shown = list[tuple[float, int, int | None]]
"""Time, number and number of the frame before of each sample."""


def expected(painted: Painted, request: SampleRequest) -> Shown:
    """What the definition says of the maker's own times: the first frame at or after each target."""
    times, rate = painted.times, Fraction(str(request.rate))
    assert list(times) == sorted(times)
    reached = [int(time * rate) for time in times]  # the last target at or before each frame
    chosen = [at for at in range(len(times)) if at == 0 or reached[at] > reached[at - 1]]
    start = Fraction(str(request.start_s))
    end = times[-1] + 1 if request.end_s is None else Fraction(str(request.end_s))
    shown: Shown = []
    for index in chosen:
        if start <= times[index] < end:
            earlier = None
            if request.lag_s is not None:
                before = bisect_right(times, times[index] - Fraction(str(request.lag_s)))
                earlier = painted.numbers[before - 1] if before else None
            shown.append((float(times[index]), painted.numbers[index], earlier))
    return shown
