"""Damage costs what cannot be decoded, and the report says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from corpus import Recipe, read_number, readable_numbers, write_video
from video.in_process import samples
from vidlabel.errors import DecodeError
from vidlabel.video.request import Decoder

VideoMaker = Callable[[str], Path]


@pytest.fixture
def holed(video: VideoMaker, tmp_path: Path) -> Path:
    """An MP4 with the bytes of about fifteen pictures in its middle set to zero."""
    data = bytearray(video("closed.mp4").read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    middle, hole = (start + end) // 2, (end - start) // 4
    data[middle : middle + hole] = bytes(hole)
    path = tmp_path / "holed.mp4"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("decoder", ["auto", "pyav"])
def test_a_hole_costs_its_own_time_only(holed: Path, decoder: Decoder) -> None:
    stream = samples(holed, rate=25, short_side=160, decoder=decoder)
    shown = readable_numbers(stream)
    assert shown == [(number / 25, number) for _, number in shown]
    numbers = [number for _, number in shown]
    assert numbers[:20] == list(range(20))
    assert numbers[-1] == 59
    assert 30 <= len(numbers) < 58
    report = stream.report
    assert report.decode_errors > 0
    assert 0.5 < report.decoded_ratio < 0.95
    assert report.duration_s == 2.4


@pytest.fixture
def garbled(video: VideoMaker, tmp_path: Path) -> Path:
    """An MP4 in which nine pictures hold nonsense behind their headers, so that none seems to be missing."""
    data = bytearray(video("closed.mp4").read_bytes())
    with av.open(str(video("closed.mp4"))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pos is not None]
    for packet in packets[26:35]:
        start, end = (packet.pos or 0) + 12, (packet.pos or 0) + packet.size
        data[start:end] = b"\xff" * (end - start)
    path = tmp_path / "garbled.mp4"
    path.write_bytes(data)
    return path


def test_where_decord_stops_pyav_goes_on(garbled: Path) -> None:
    by_pyav = readable_numbers(samples(garbled, rate=25, short_side=160, decoder="pyav"))
    stream = samples(garbled, rate=25, short_side=160)
    assert readable_numbers(stream) == by_pyav
    assert stream.report.decoder.startswith("pyav: decord ")


def test_a_file_that_was_cut_off_says_so(tmp_path: Path) -> None:
    recipe = Recipe(frames=100, container_options={"movflags": "faststart"})
    data = write_video(tmp_path / "whole.mp4", recipe).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: len(data) * 6 // 10])
    stream = samples(path, rate=25, short_side=160)
    shown = readable_numbers(stream)
    assert 30 < len(shown) < 90
    assert shown == [(number / 25, number) for _, number in shown]
    report = stream.report
    assert report.decoded_ratio == pytest.approx(len(shown) / 100, abs=0.03)
    assert any("cut off" in warning for warning in report.warnings)


def test_joined_recordings_go_on_counting(video: VideoMaker, tmp_path: Path) -> None:
    one = video("closed.ts").read_bytes()
    path = tmp_path / "joined.ts"
    path.write_bytes(one + one)
    stream = samples(path, rate=25, short_side=160)
    shown = [(sample.time_s, read_number(sample.rgb)) for sample in stream]
    assert shown == [(index / 25, index % 60) for index in range(120)]
    assert stream.report.duration_s == 4.8
    assert stream.report.decoded_ratio == 1.0
    assert any("jumps back" in warning for warning in stream.report.warnings)


def test_a_change_of_size_keeps_the_size_of_samples(tmp_path: Path) -> None:
    parts = [
        write_video(tmp_path / f"{width}.ts", Recipe(frames=20, width=width, height=height)).read_bytes()
        for width, height in ((160, 120), (320, 240))
    ]
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    shown = [(s.rgb.shape, read_number(s.rgb)) for s in samples(path, rate=25, short_side=64)]
    assert shown == [((64, 86, 3), index % 20) for index in range(40)]


def test_a_video_without_a_single_good_picture_is_an_error(video: VideoMaker, tmp_path: Path) -> None:
    data = bytearray(video("closed.mp4").read_bytes())
    start, end = data.index(b"mdat") + 4, data.index(b"moov") - 4
    data[start:end] = bytes(end - start)
    path = tmp_path / "nothing.mp4"
    path.write_bytes(data)
    with pytest.raises(DecodeError):
        list(samples(path))
