"""The reader for GPUs, with a device that decodes on the CPU; plain files are those of the contract of decoders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import pytest
from av.container import InputContainer
from av.video.frame import VideoFrame

import vidlabel.video.decoders.selection
from corpus import CATALOGUE, Picture, Recipe, read_number, write_video
from video.decoders.frame_device import ON_CPU, semi_planar
from video.in_process import REQUESTS, plain, samples
from vidlabel.errors import DeviceError
from vidlabel.video.container.open import open_container
from vidlabel.video.decoders.gpu import FrameDevice, GpuReader
from vidlabel.video.decoders.pyav import PyavReader
from vidlabel.video.decoders.selection import choose_reader, gpu_refusal
from vidlabel.video.decoders.skip_plan import plan_omission
from vidlabel.video.probe import probe
from vidlabel.video.request import SampleRequest

VideoMaker = Callable[[str], Path]


X264 = CATALOGUE["closed.mp4"].recipe
X265 = CATALOGUE["hevc.mp4"].recipe


def turned(picture: Picture) -> Picture:
    return picture.swapaxes(0, 1)[::-1]  # a quarter counterclockwise, for which a player turns it clockwise


CASES = {
    "hevc.mkv": X265,
    "hevc10.mp4": replace(X265, pixels="yuv420p10le"),
    "hevc10_turned.mp4": replace(X265, pixels="yuv420p10le", rotation=270, stored=turned),
    "turned.mp4": replace(X264, rotation=270, stored=turned),
    "as_large.mp4": replace(X264, width=240, height=160),
    "full_range.mp4": replace(X264, pixels="yuvj420p"),
    "cropped_at_the_end.mp4": replace(X264, width=162, height=122),
    "uneven.mkv": replace(X264, pts=lambda index: index * 40 + index % 5 * 7, time_base=Fraction(1, 1000)),
    "a.ts": X264,
}


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_those_of_the_cpu(name: str, tmp_path: Path) -> None:
    found = probe(write_video(tmp_path / name, CASES[name]))
    for request in REQUESTS:
        assert gpu_refusal(found, request) is None
        on_cpu = list(PyavReader(found, request).pictures())
        on_gpu = list(GpuReader(found, request, ON_CPU).pictures())
        assert plain(on_gpu) == plain(on_cpu)
        steps = [
            picture.time * found.time_base * 25 for picture in on_gpu
        ]  # frame k is shown at k/25 s, or little later
        assert [read_number(picture.rgb) for picture in on_gpu] == [int(step) for step in steps]


def test_only_wanted_frames_come_to_main_memory(video: VideoMaker) -> None:
    fetched: list[int | None] = []

    def fetch(frame: VideoFrame) -> VideoFrame:
        fetched.append(frame.pts)
        return semi_planar(frame)

    found, request = probe(video("closed.mp4")), SampleRequest(rate=5, short_side=160, lag_s=0.1)
    reader = GpuReader(found, request, FrameDevice(open_container, fetch))
    pictures = list(reader.pictures())
    plan = plan_omission(found, request)
    assert len(pictures) == 12
    assert fetched == (plan.needed + found.first_pts).tolist()
    assert reader.stats.frames == 60 - int(plan.left_out.sum()) > len(fetched)


def _skipping(path: Path) -> InputContainer:
    """As a decoder that drops frames without a word."""
    container = open_container(path)
    container.streams.video[0].codec_context.skip_frame = "NONREF"
    return container


def _other(recipe: Recipe) -> Callable[[Path], InputContainer]:
    def open_other(path: Path) -> InputContainer:
        return open_container(write_video(path.with_name("other.mp4"), recipe))

    return open_other


def _refusing(frame: VideoFrame) -> VideoFrame:
    if frame.pts and frame.time and frame.time > 1:
        raise av.error.ExternalError(1, "CUDA_ERROR_UNKNOWN")
    return semi_planar(frame)


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        (FrameDevice(_skipping, semi_planar), "misses a frame"),
        (FrameDevice(_other(replace(X264, frames=40)), semi_planar), "meets another file"),
        (FrameDevice(open_container, _refusing), "does not hand out a frame (CUDA_ERROR_UNKNOWN)"),
    ],
    ids=["drops frames", "another file", "fails later"],
)
def test_the_cpu_goes_on_where_the_gpu_fails(
    device: FrameDevice, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", X264)
    monkeypatch.setattr(vidlabel.video.decoders.selection, "GpuReader", partial(GpuReader, device=device))
    stream = samples(path, rate=8.0, decode_device="gpu", lag_s=0.1)
    found = [(sample.time_s, read_number(sample.rgb)) for sample in stream]
    assert found == [(sample.time_s, read_number(sample.rgb)) for sample in samples(path, rate=8.0, lag_s=0.1)]
    assert len(found) == 19  # at k/8 s, up to 2.36 s
    assert stream.report.decoder.startswith(f"pyav: the GPU {problem}")
    assert stream.report.warnings == (f"the GPU {problem}; the CPU decodes on",)
    assert (stream.report.decode_errors, stream.report.decoded_ratio) == (0, 1)


@pytest.mark.parametrize(
    ("device", "problem"),
    [
        (FrameDevice(_other(replace(X264, width=176)), semi_planar), "the GPU gives pictures of another size"),
        (FrameDevice(_other(replace(X264, pts=lambda index: 2 * index)), semi_planar), "the GPU meets another file"),
    ],
)
def test_a_gpu_that_gives_no_first_picture_is_not_used(
    device: FrameDevice, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "a.mp4", X264)
    with pytest.raises(DeviceError, match=problem):
        GpuReader(probe(path), SampleRequest(), device)
    monkeypatch.setattr(vidlabel.video.decoders.selection, "GpuReader", partial(GpuReader, device=device))
    choice = choose_reader(probe(path), SampleRequest(decode_device="gpu"))
    assert choice.decoder == "pyav: frames that no sample needs are skipped"
    assert choice.warnings == (f"no GPU decoder (NVDEC) can be used here ({problem}); decoding on the CPU",)


def test_a_gpu_that_decodes_is_named_in_the_report(video: VideoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vidlabel.video.decoders.selection, "GpuReader", partial(GpuReader, device=ON_CPU))
    stream = samples(video("closed.mp4"), rate=5.0, decode_device="gpu")
    assert [read_number(sample.rgb) for sample in stream] == list(range(0, 60, 5))
    assert stream.report.decoder == "pyav on GPU"
    assert stream.report.warnings == ()


@pytest.mark.parametrize(("name", "refusal"), [("edit_list.mp4", "edit list"), ("mpeg4_b.avi", "B-frames in AVI")])
def test_files_whose_frames_are_not_promised_stay_on_the_cpu(video: VideoMaker, name: str, refusal: str) -> None:
    assert gpu_refusal(probe(video(name)), SampleRequest()) == refusal


def test_key_frames_alone_stay_on_the_cpu(video: VideoMaker) -> None:
    assert gpu_refusal(probe(video("closed.mp4")), SampleRequest(keyframes=True)) == "key frames only"
    choice = choose_reader(probe(video("closed.mp4")), SampleRequest(keyframes=True, decode_device="gpu"))
    assert "(key frames only)" in choice.warnings[0]
