"""Clips: for each sample the frames around it, taken from the same reading of the video.

A clip of L frames at r frames a second has a slot for each 1/r s: L // 2 before that of the sample, its own, and the
rest after it. Slot k begins k/r seconds after the first presented frame, and its frame is the first one in it, as for
samples of the rate r. A slot without a frame (of a slow video, or in a hole) repeats the last frame before it; before
the first frame of the video the first one stands. Clips are therefore those of the whole video in a window, too.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from vidlabel.video.request import ClipFrames, Sample, SampleRequest

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_ROUNDING = 1e-6
"""Of a slot: times are floating-point numbers, and one that should be 7/15 s may lie below it."""


def without_clips(request: SampleRequest) -> SampleRequest:
    """What has to be read so that `with_clips` finds all frames: those of one more rate, and some around the window."""
    clip = request.clip
    if clip is None:
        return request
    # A slot more on each side: that of the first sample may have begun before it, and end with a frame after it.
    before_s, after_s = ((slots + 1) / clip.rate for slots in _reach(clip))
    return replace(
        request,
        clip=None,
        more_rates=(*request.more_rates, clip.rate),
        start_s=max(0.0, request.start_s - before_s),
        end_s=None if request.end_s is None else request.end_s + after_s,
    )


def with_clips(samples: Generator[Sample], request: SampleRequest) -> Generator[Sample]:
    """Give each sample its clip.

    Args:
        samples: as `without_clips(request)` asks for them, in order of time.
        request: with a clip.

    Yields:
        The samples that the request without its clip gives, as soon as the last frame of their clips is known.
    """
    assert request.clip is not None
    clip, bit = request.clip, 1 << len(request.rates)
    window = _ClipWindow(clip)
    waiting: deque[Sample] = deque()
    with closing(samples):
        for sample in samples:
            if sample.rate_mask & bit:
                window.add(sample.time_s, sample.rgb)
            if sample.rate_mask & (bit - 1) and _is_asked(sample.time_s, request):
                waiting.append(replace(sample, rate_mask=sample.rate_mask & (bit - 1)))
            while waiting and window.is_whole(waiting[0].time_s):
                yield _with_clip(waiting.popleft(), window)
            window.forget_before(waiting[0].time_s if waiting else sample.time_s)
        while waiting:
            yield _with_clip(waiting.popleft(), window)


def _is_asked(time_s: float, request: SampleRequest) -> bool:
    return request.start_s <= time_s and (request.end_s is None or time_s < request.end_s)


def _with_clip(sample: Sample, window: _ClipWindow) -> Sample:
    return replace(sample, clip_rgb=window.around(sample.time_s) or (sample.rgb,) * window.size)


def _reach(clip: ClipFrames) -> tuple[int, int]:
    """Slots before and after that of the sample."""
    before = clip.count // 2
    return before, clip.count - before - 1


class _ClipWindow:
    """The newest frames of a video by their slots."""

    def __init__(self, clip: ClipFrames) -> None:
        self.size = clip.count
        self._rate = clip.rate
        self._before, self._after = _reach(clip)
        self._frames: deque[tuple[int, npt.NDArray[np.uint8]]] = deque()

    def add(self, time_s: float, frame: npt.NDArray[np.uint8]) -> None:
        """Append the first frame of a slot."""
        self._frames.append((self._slot(time_s), frame))

    def is_whole(self, time_s: float) -> bool:
        """Whether no later frame belongs to the clip around a time."""
        return bool(self._frames) and self._frames[-1][0] >= self._slot(time_s) + self._after

    def around(self, time_s: float) -> tuple[npt.NDArray[np.uint8], ...]:
        """The clip around a time; empty where there is no frame at all."""
        if not self._frames:
            return ()
        own = self._slot(time_s)
        found, place = [], 0
        for slot in range(own - self._before, own + self._after + 1):
            while place + 1 < len(self._frames) and self._frames[place + 1][0] <= slot:
                place += 1
            found.append(self._frames[place][1])
        return tuple(found)

    def forget_before(self, time_s: float) -> None:
        """Drop the frames that neither the clip around a time nor a later one needs."""
        first = self._slot(time_s) - self._before
        while len(self._frames) > 1 and self._frames[1][0] <= first:
            self._frames.popleft()

    def _slot(self, time_s: float) -> int:
        return math.floor(time_s * self._rate + _ROUNDING)
