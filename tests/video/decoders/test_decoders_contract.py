"""What every decoder promises to the sampler, on files that all of them may read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from corpus import CATALOGUE, read_number
from video.decoders.frame_device import ON_CPU
from video.definition import Shown, expected
from video.in_process import REQUESTS, plain
from vidlabel.video.decoders.base import FrameReader, Picture
from vidlabel.video.decoders.decord import DecordReader
from vidlabel.video.decoders.gpu import GpuReader
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.decoders.skipping import SkippingReader
from vidlabel.video.probe import Probe, probe
from vidlabel.video.request import SampleRequest

VideoMaker = Callable[[str], Path]

READERS: dict[str, Callable[[Probe, SampleRequest], FrameReader]] = {
    "pyav": PyavReader,
    "pyav, skipping": SkippingReader,
    "decord": DecordReader,
    "pyav on GPU": partial(GpuReader, device=ON_CPU),
}
FILES = ["closed.mp4", "open.mp4", "h264.mkv", "h264.mov", "fragmented.mp4", "from_100s.mp4"]


@pytest.fixture(params=READERS)
def open_reader(request: pytest.FixtureRequest) -> Callable[[Probe, SampleRequest], FrameReader]:
    return READERS[request.param]


def numbers(found: Probe, pictures: list[Picture]) -> Shown:
    """What pictures show."""
    return [
        (
            found.seconds(picture.time),
            read_number(picture.rgb),
            None if picture.earlier_rgb is None else read_number(picture.earlier_rgb),
        )
        for picture in pictures
    ]


@pytest.mark.parametrize("name", FILES)
def test_samples_are_given_in_order_at_their_times_with_the_same_pixels(
    name: str, open_reader: Callable[[Probe, SampleRequest], FrameReader], video: VideoMaker
) -> None:
    found = probe(video(name))
    for request in REQUESTS:
        beats: list[None] = []
        reader = open_reader(found, request)
        pictures = list(reader.pictures(lambda beats=beats: beats.append(None)))  # type: ignore[misc]
        reader.close()
        assert numbers(found, pictures) == expected(CATALOGUE[name], request)
        assert plain(pictures) == plain(list(PyavReader(found, request).pictures()))
        assert len(beats) >= len(pictures) > 2
        stats = reader.stats
        assert (stats.decode_errors, stats.lost, stats.holes, stats.warnings) == (0, 0, [], [])


@pytest.mark.parametrize("lag_s", [None, 0.1])
def test_several_rates_give_the_samples_of_each(
    lag_s: float | None, open_reader: Callable[[Probe, SampleRequest], FrameReader], video: VideoMaker
) -> None:
    found, rates = probe(video("open.mp4")), (2.0, 3.0, 40.0, 4.0)
    request = SampleRequest(rate=2.0, more_rates=rates[1:], lag_s=lag_s, start_s=0.3, end_s=1.9)
    pictures = list(open_reader(found, request).pictures())
    for number, rate in enumerate(rates):
        own = [picture for picture in pictures if picture.rate_mask >> number & 1]
        assert numbers(found, own) == expected(CATALOGUE["open.mp4"], replace(request, rate=rate, more_rates=()))
    times = [picture.time for picture in pictures]
    assert times == sorted(set(times))


def test_pictures_are_as_large_as_asked_and_the_readers_own(
    open_reader: Callable[[Probe, SampleRequest], FrameReader], video: VideoMaker
) -> None:
    """Nothing that is decoded later changes a picture that was given."""
    found, request = probe(video("closed.mp4")), SampleRequest(rate=5, short_side=64)
    reader = open_reader(found, request)
    given, copies = [], []
    for picture in reader.pictures():
        assert picture.rgb.shape == (64, 86, 3)
        assert picture.rgb.dtype == np.uint8
        assert picture.rgb.flags.c_contiguous
        assert picture.earlier_rgb is None
        given.append(picture.rgb)
        copies.append(picture.rgb.copy())
    np.testing.assert_array_equal(given, copies)


def test_a_reader_may_be_closed_on_the_way(
    open_reader: Callable[[Probe, SampleRequest], FrameReader], video: VideoMaker
) -> None:
    reader = open_reader(probe(video("closed.mp4")), SampleRequest(rate=5))
    next(iter(reader.pictures()))
    reader.close()
    reader.close()
