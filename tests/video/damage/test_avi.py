"""Counting the frames of AVI files: what is taken out is found by the index, or by the chain of chunks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pytest
from av.packet import Packet

from vidlabel.video.container.open import choose_stream, open_container, read_packets
from vidlabel.video.damage.avi import CHUNK_HEADER, AviCount, count_frames
from vidlabel.video.damage.missing_packets import PacketPositions

VideoMaker = Callable[[str], Path]
FRAMES = 60


def places(path: Path, without: Collection[int] = ()) -> PacketPositions:
    """Of the packets that are left, whose times FFmpeg would count without a gap."""
    with open_container(path) as container:
        read = list(read_packets(container, choose_stream(container, path)))
    packets = [packet for packet in read if isinstance(packet, Packet) and packet.size]
    times = [packet.dts for packet in packets]
    found = PacketPositions()
    left = [packet for number, packet in enumerate(packets) if number not in without]
    for packet, time in zip(left, times, strict=False):
        packet.dts = time
        found.add(packet)
    return found


def count(path: Path, found: PacketPositions) -> AviCount | None:
    with open_container(path) as container:
        return count_frames(path, found, choose_stream(container, path))


@pytest.mark.parametrize("name", ["mpeg4.avi", "mpeg4_b.avi"])
def test_nothing_is_counted_in_a_whole_file(name: str, video: VideoMaker) -> None:
    assert count(video(name), places(video(name))) is None


@pytest.mark.parametrize("lost", [(10, 11, 12, 20, 21), (0,), (0, 1, 2, 30), (59,), (40, 57, 58, 59)])
def test_the_index_tells_which_frames_are_lost(lost: tuple[int, ...], video: VideoMaker) -> None:
    path = video("mpeg4.avi")
    counted = count(path, places(path, lost))
    assert counted is not None
    left = [number for number in range(FRAMES) if number not in lost]
    np.testing.assert_array_equal(counted.numbers, left)
    np.testing.assert_array_equal(counted.lost, [number for number in lost if number < left[-1]])
    assert counted.missing_at_end == FRAMES - 1 - left[-1]
    assert counted.holes == tuple(
        index for index, number in enumerate(left) if number > 0 and number - 1 in lost and number > 0
    )


@pytest.mark.parametrize("lost", [range(20, 23), range(3), range(30, 31)])
def test_without_an_index_the_header_and_the_chain_of_chunks_tell(
    lost: range, video: VideoMaker, tmp_path: Path
) -> None:
    """Zeros stand where some chunks were, and the index is cut off."""
    whole = video("mpeg4.avi")
    positions = places(whole).positions - CHUNK_HEADER
    data = bytearray(whole.read_bytes())
    start, end = int(positions[lost.start]), int(positions[lost.stop])
    data[start:end] = bytes(end - start)
    path = tmp_path / "hole.avi"
    path.write_bytes(data[: data.rindex(b"idx1")])
    counted = count(path, places(path))
    assert counted is not None
    np.testing.assert_array_equal(counted.numbers, [number for number in range(FRAMES) if number not in lost])
    np.testing.assert_array_equal(counted.lost, list(lost))


@pytest.mark.parametrize("filling", [b"\0", b"\xa5"])
def test_the_header_tells_what_an_overwritten_end_held(filling: bytes, video: VideoMaker, tmp_path: Path) -> None:
    whole = video("mpeg4.avi")
    start = int(places(whole).positions[45]) - CHUNK_HEADER
    data = whole.read_bytes()
    path = tmp_path / "end.avi"
    path.write_bytes(data[:start] + filling * (len(data) - start))
    counted = count(path, places(path))
    assert counted is not None
    np.testing.assert_array_equal(counted.numbers, range(45))
    assert (len(counted.lost), counted.missing_at_end) == (0, FRAMES - 45)
