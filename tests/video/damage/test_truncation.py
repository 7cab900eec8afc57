"""Files that were cut off between two frames, so that nothing is broken: their own headers tell."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import pytest

from corpus import Recipe, read_number, write_video
from vidlabel.video.isolation.pool import DecodePool
from vidlabel.video.probe import probe
from vidlabel.video.request import SampleRequest
from vidlabel.video.samples import open_isolated_samples

FRAMES = 60
CONTAINERS = {
    "a.mkv": Recipe(frames=FRAMES),
    "a.webm": Recipe(codec="libvpx-vp9", frames=FRAMES, options={"deadline": "realtime", "cpu-used": "8"}),
    "a.flv": Recipe(frames=FRAMES),
    "a.avi": Recipe(codec="mpeg4", frames=FRAMES),
    "b.avi": Recipe(codec="mpeg4", frames=FRAMES, b_frames=2),
    "fragmented.mp4": Recipe(
        frames=FRAMES, container_options={"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    ),
}


@pytest.fixture(scope="module")
def pool() -> Iterator[DecodePool]:
    with DecodePool() as kept:
        yield kept


def end_of_packet(path: Path, number: int) -> int:
    """Where a packet of the video begins that comes after so many; nothing of it is kept, nor of its head."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    place = packets[number].pos
    assert place is not None
    return place


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_whole_file_lacks_nothing(name: str, tmp_path: Path) -> None:
    assert not probe(write_video(tmp_path / name, CONTAINERS[name])).truncated


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_file_that_was_cut_between_two_frames_says_so(name: str, tmp_path: Path, pool: DecodePool) -> None:
    whole = write_video(tmp_path / name, CONTAINERS[name])
    cut = tmp_path / f"cut-{name}"
    cut.write_bytes(whole.read_bytes()[: end_of_packet(whole, 40)])
    with open_isolated_samples(cut, SampleRequest(rate=25, short_side=120), pool=pool) as stream:
        found = {round(sample.time_s * 25): read_number(sample.rgb) for sample in stream}
    assert all(abs(number - place) < 1 for place, number in found.items())
    assert len(found) >= 24
    assert 0.3 < stream.report.decoded_ratio < 0.95
    assert any("cut off" in warning for warning in stream.report.warnings)


@pytest.mark.parametrize("name", ["live.mkv", "live.flv"])
def test_a_live_recording_that_says_nothing_of_its_length_is_whole(name: str, tmp_path: Path) -> None:
    options = {"live": "1"} if name.endswith("mkv") else {"flvflags": "no_duration_filesize"}
    recipe = Recipe(frames=FRAMES, rate=Fraction(25), container_options=options)
    assert not probe(write_video(tmp_path / name, recipe)).truncated


def test_an_avi_whose_length_as_a_whole_is_wrong_is_whole(tmp_path: Path) -> None:
    path = write_video(tmp_path / "a.avi", CONTAINERS["a.avi"])
    data = path.read_bytes()
    path.write_bytes(data[:4] + (len(data) + 100).to_bytes(4, "little") + data[8:])
    assert not probe(path).truncated
