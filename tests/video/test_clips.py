"""Clips of painted videos: which frames they hold is worked out by hand, of 60 frames at 25 a second."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus import read_number
from vidlabel.errors import UsageError
from vidlabel.video.clips import with_clips
from vidlabel.video.request import ClipFrames, Sample, SampleRequest
from vidlabel.video.samples import open_isolated_samples

VideoMaker = Callable[[str], Path]

Clips = list[tuple[float, list[int]]]
"""The time of each sample, and the numbers of the frames of its clip."""

ASKED = SampleRequest(rate=2, short_side=120, clip=ClipFrames(4, 10.0))
WHOLE: Clips = [  # slots of 0.1 s: two before that of the sample, its own, and one after it
    (0.0, [0, 0, 0, 3]),
    (0.52, [8, 10, 13, 15]),  # the sample is the first frame at or after 0.5 s
    (1.0, [20, 23, 25, 28]),
    (1.52, [33, 35, 38, 40]),
    (2.0, [45, 48, 50, 53]),
]


def read_clips(path: Path, request: SampleRequest) -> Clips:
    with open_isolated_samples(path, request) as samples:
        return [(sample.time_s, [read_number(frame) for frame in sample.clip_rgb or ()]) for sample in samples]


@pytest.mark.parametrize("name", ["closed.mp4", "open.ts", "vp8.webm"])
def test_a_clip_has_the_frames_around_its_sample(name: str, video: VideoMaker) -> None:
    assert read_clips(video(name), ASKED) == WHOLE


def test_a_window_has_the_samples_and_clips_of_the_whole_video(video: VideoMaker) -> None:
    assert read_clips(video("closed.mp4"), replace(ASKED, start_s=0.5, end_s=1.52)) == WHOLE[1:3]


def test_other_rates_beside_it_change_no_clip(video: VideoMaker) -> None:
    with open_isolated_samples(video("closed.mp4"), replace(ASKED, more_rates=(5.0, 1.0))) as samples:
        found = [
            (sample.time_s, [read_number(frame) for frame in sample.clip_rgb or ()])
            for sample in samples
            if sample.rate_mask & 1
        ]
    assert found == WHOLE


def test_a_clip_at_the_end_repeats_the_last_frame(video: VideoMaker) -> None:
    asked = replace(ASKED, rate=25, start_s=2.3)
    assert read_clips(video("closed.mp4"), asked) == [(2.32, [53, 55, 58, 58]), (2.36, [53, 55, 58, 58])]


def shown(times: Iterable[float], ahead: list[float]) -> Generator[Sample]:
    """Samples of rate 0 and of clips alike; a picture is the hundredths of a second of its time."""
    for time_s in times:
        ahead.append(time_s)
        yield Sample(time_s, np.full((1, 1, 3), round(100 * time_s) % 256, np.uint8), rate_mask=3)


def test_a_slot_without_a_frame_repeats_the_one_before() -> None:
    times = [0.0, 0.1, 0.2, 0.7, 0.8]  # nothing was decoded from 0.3 s to 0.7 s
    found = with_clips(shown(times, []), ASKED)
    clips = [[int(frame.max()) for frame in sample.clip_rgb or ()] for sample in found]
    assert clips == [[0, 0, 0, 10], [0, 0, 10, 20], [0, 10, 20, 20], [20, 20, 70, 80], [20, 70, 80, 80]]


def test_a_sample_waits_for_its_clip_and_no_longer() -> None:
    ahead: list[float] = []
    found = with_clips(shown((number / 10 for number in range(1000)), ahead), ASKED)
    for number in range(900):
        assert next(found).time_s == number / 10
        assert ahead[-1] == (number + 1) / 10
    found.close()


@pytest.mark.parametrize(("count", "rate"), [(0, 15.0), (129, 15.0), (16, 0.0), (16, float("nan"))])
def test_impossible_clips_are_refused(count: int, rate: float) -> None:
    with pytest.raises(UsageError, match="clip"):
        ClipFrames(count, rate)


def test_key_frames_make_no_clips() -> None:
    with pytest.raises(UsageError, match="leave --keyframes out"):
        replace(ASKED, keyframes=True)
