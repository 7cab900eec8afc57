"""Every sample of every kind of file shows the frame that the maker of the file put at that time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import vidlabel
from corpus import CATALOGUE, read_number
from video.definition import Shown, expected
from video.in_process import open_samples, samples
from vidlabel.errors import UsageError
from vidlabel.video.request import Decoder, SampleRequest

VideoMaker = Callable[[str], Path]

REQUESTS = (
    SampleRequest(rate=1000, short_side=160),
    SampleRequest(rate=2, short_side=160, lag_s=0.1),
    SampleRequest(rate=0.7, short_side=160),
    SampleRequest(rate=5, short_side=160, start_s=0.9, end_s=1.7, lag_s=0.1),
    SampleRequest(rate=25, short_side=160, start_s=2.0, end_s=2.2, lag_s=0.05),
    SampleRequest(rate=10, short_side=160, lag_s=0.25),
)


@pytest.mark.parametrize("decoder", ["auto", "pyav", "decord"])
@pytest.mark.parametrize("name", CATALOGUE)
def test_samples_show_the_frames_that_lie_at_their_times(name: str, decoder: Decoder, video: VideoMaker) -> None:
    painted = CATALOGUE[name]
    # Where decord is not taken, the rest is that of `pyav`.
    for base in REQUESTS if decoder == "pyav" or painted.decord else REQUESTS[:2]:
        request = SampleRequest(base.rate, base.short_side, base.start_s, base.end_s, decoder, lag_s=base.lag_s)
        with open_samples(video(name), request) as stream:
            got: Shown = [
                (s.time_s, read_number(s.rgb), None if s.earlier_rgb is None else read_number(s.earlier_rgb))
                for s in stream
            ]
        assert got == expected(painted, request)
        report = stream.report
        assert (report.decode_errors, report.decoded_ratio) == (0, 1.0)
        if decoder == "auto" and request.rate == 1000 and name != "thousand_fps.mkv":
            assert (report.decoder == "decord") == painted.decord, report.decoder
        if request.rate == 2:
            assert report.decoder.endswith("skipped") == (painted.skips and decoder != "decord"), report.decoder


@pytest.mark.parametrize("name", [name for name, painted in CATALOGUE.items() if painted.start_time is not None])
def test_start_time_is_that_of_the_container(name: str, video: VideoMaker) -> None:
    assert samples(video(name)).probe.start_time == CATALOGUE[name].start_time


@pytest.mark.parametrize("name", ["closed.mp4", "open.mp4", "hevc.mp4", "vp9.webm", "av1.mp4", "mpeg2.mpg", "wmv2.wmv"])
def test_keyframes_are_true_frames_at_true_times(name: str, video: VideoMaker) -> None:
    stream = samples(video(name), rate=25, short_side=160, keyframes=True)
    shown = [(sample.time_s, read_number(sample.rgb)) for sample in stream]
    assert shown == [(number / 25, number) for _, number in shown]
    assert shown[0][1] == 0
    assert 4 <= len(shown) <= 12
    assert (stream.report.decode_errors, stream.report.decoded_ratio) == (0, 1.0)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("closed.mp4", (64, 86)),
        ("odd_size.mp4", (64, 84)),
        ("wide_pixels.mp4", (64, 128)),
        ("turned90.mp4", (86, 64)),
        ("turned180.mp4", (64, 86)),
        ("turned270_mirrored.mp4", (86, 64)),
    ],
)
def test_samples_have_the_asked_short_side_and_the_shown_shape(
    name: str, size: tuple[int, int], video: VideoMaker
) -> None:
    for sample in samples(video(name), rate=5, short_side=64):
        assert sample.rgb.shape == (*size, 3)
        assert sample.rgb.flags.c_contiguous


def test_no_gpu_is_said_once_and_the_cpu_goes_on(video: VideoMaker) -> None:
    stream = samples(video("closed.mp4"), short_side=160, decode_device="gpu")
    numbers = [read_number(sample.rgb) for sample in stream]
    assert numbers == [0, 13, 25, 38, 50]
    on_gpu = "GPU" in stream.report.decoder
    assert on_gpu or [w for w in stream.report.warnings if "NVDEC" in w] == list(stream.report.warnings[:1])


def test_asking_for_decord_where_it_is_wrong_is_answered_with_a_warning(video: VideoMaker) -> None:
    stream = samples(video("open.ts"), decoder="decord")
    assert len(list(stream)) == 5
    assert stream.report.decoder == "pyav: container mpegts"
    assert "decord" in stream.report.warnings[0]


@pytest.mark.parametrize(
    "arguments",
    [
        {"rate": 0.0},
        {"rate": -1.0},
        {"rate": float("nan")},
        {"rate": float("inf")},
        {"short_side": 1},
        {"short_side": 5000},
        {"start": -1.0},
        {"start": 2.0, "end": 2.0},
        {"end": float("nan")},
        {"decoder": "opencv"},
        {"decode_device": "tpu"},
    ],
)
def test_arguments_that_cannot_be_meant_are_refused_before_anything_is_read(arguments: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        vidlabel.samples("nowhere.mp4", **arguments)  # type: ignore[arg-type]


def test_a_stream_left_early_lets_go_of_the_file(video: VideoMaker) -> None:
    with open_samples(video("closed.mp4"), SampleRequest(rate=25)) as stream:
        next(stream)
    with pytest.raises(StopIteration):
        next(stream)
