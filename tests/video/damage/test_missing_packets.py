"""Packets that are not seen: what is taken out of painted videos is found, and nothing is found in whole ones."""

from __future__ import annotations

from collections.abc import Callable, Collection
from fractions import Fraction
from pathlib import Path
from typing import cast

import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from corpus import Recipe, write_video
from vidlabel.video.container.open import choose_stream, open_container, read_packets
from vidlabel.video.damage.missing_packets import PacketPositions

VideoMaker = Callable[[str], Path]


def read(path: Path) -> list[Packet[VideoStream]]:
    """All packets of a video but the last, empty one."""
    with open_container(path) as container:
        packets = list(read_packets(container, choose_stream(container, path)))
    return [packet for packet in packets if isinstance(packet, Packet) and packet.size]


def places(packets: list[Packet[VideoStream]], without: Collection[int] = ()) -> PacketPositions:
    found = PacketPositions()
    for number, packet in enumerate(packets):
        if number not in without:
            found.add(packet)
    return found


def holes(path: Path, container: str, without: Collection[int] = (), zeros: Path | None = None) -> list[int]:
    """Holes where some packets are not seen; in `zeros`, a copy to be, nothing but zeros stands in their place."""
    packets = read(path)
    step = Fraction(1, 25) / (packets[0].time_base or 1)
    if zeros is not None:
        content = bytearray(path.read_bytes())
        start, end = packets[min(without)].pos, packets[max(without) + 1].pos
        assert start is not None
        assert end is not None
        content[start:end] = bytes(end - start)
        zeros.write_bytes(content)
    return places(packets, without).holes(zeros or path, container, step)


def noisy(path: Path) -> Path:
    """Thirty large pictures: every packet has more than 1 KiB."""
    return write_video(path, Recipe(codec="mjpeg", pixels="yuvj420p", width=640, height=480), range(30))


@pytest.mark.parametrize(
    ("name", "container"),
    [("h264.mkv", "matroska,webm"), ("h264.flv", "flv"), ("closed.ts", "mpegts"), ("vfr.mkv", "matroska,webm")],
)
def test_whole_videos_have_no_holes(video: VideoMaker, name: str, container: str) -> None:
    """Not even `vfr.mkv`, in which nothing moves for most of a second."""
    assert holes(video(name), container) == []


def test_zeros_in_the_place_of_packets_are_a_hole(video: VideoMaker, tmp_path: Path) -> None:
    gone = range(24, 40)
    assert holes(video("h264.mkv"), "matroska,webm", gone, tmp_path / "zeros") == [20]  # four before, for B-frames
    assert holes(video("closed.ts"), "mpegts", gone, tmp_path / "zeros") == [20]
    assert holes(video("closed.ts"), "mpegts", gone) == []  # a leap in time alone
    assert holes(video("closed.mp4"), "mov,mp4,m4a,3gp,3g2,mj2", gone, tmp_path / "zeros") == []  # its table would tell


def test_bytes_that_belong_to_nothing_are_a_hole_where_packets_lie_side_by_side(tmp_path: Path) -> None:
    path = noisy(tmp_path / "noisy.mkv")
    assert holes(path, "matroska,webm") == []
    assert holes(path, "matroska,webm", range(10, 15)) == [6]
    assert holes(path, "matroska,webm", range(2, 7)) == [0]
    assert holes(path, "mpegts", range(10, 15)) == []


def test_one_packet_without_a_time_leaves_nothing_to_compare(tmp_path: Path) -> None:
    path = noisy(tmp_path / "noisy.mkv")
    packets = read(path)
    packets[3].pts = packets[3].dts = None
    assert places(packets, range(10, 15)).holes(path, "matroska,webm", Fraction(40)) == []


def test_places_without_times_or_positions_say_nothing() -> None:
    unknown = PacketPositions()
    for _ in range(3):
        unknown.add(cast("Packet[VideoStream]", Packet(10)))
    assert unknown.holes(Path("not-read"), "matroska,webm", Fraction(1)) == []
