"""Units of H.264 and HEVC in packets: types as the standards number them, and signs of damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

import av
import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from vidlabel.video.nal_units import NalUnits, nal_units

VideoMaker = Callable[[str], Path]

H264 = NalUnits(4, 0x1F, 0, frozenset({1, 2, 5}), frozenset({5}))


def packet(data: bytes) -> Packet[VideoStream]:
    return cast("Packet[VideoStream]", Packet(data))


def packet_of(*units: bytes) -> Packet[VideoStream]:
    return packet(b"".join(len(unit).to_bytes(4, "big") + unit for unit in units))


@pytest.mark.parametrize(
    ("units", "restarts"),
    [
        ([b"\x65\x11"], True),
        ([b"\x06\x11\x80", b"\x65\x11"], True),  # Behind further information.
        ([b"\x41\x11"], False),
        ([b"\x41\x11", b"\x65\x11"], False),
        ([b"\x06\x11\x80"], False),
        ([], False),
    ],
)
def test_decoding_starts_anew_where_the_first_slice_says_so(units: list[bytes], restarts: bool) -> None:
    assert H264.restarts(packet_of(*units)) == restarts


@pytest.mark.parametrize(
    ("data", "is_sound"),
    [
        (b"\0\0\0\3\x41\1\2", True),
        (b"\0\0\0\3\x41\1\2\0\0\0\4\x41\0\0\3", True),  # A 3 is put in where zeros would mislead.
        (b"\0\0\0\4\x41\0\0\0", False),
        (b"\0\0\0\4\x41\0\0\1", False),
        (b"\0\0\0\4\x41\1\2", False),  # Ends too early
        (b"\0\0\0\2\x41\1\2", False),  # and too late.
        (b"\0\0\0\0", False),
    ],
)
def test_units_hold_no_bytes_that_no_encoder_writes_and_fill_the_packet(data: bytes, is_sound: bool) -> None:
    assert H264.is_sound(packet(data)) == is_sound


@pytest.mark.parametrize("name", ["closed.mp4", "open.mp4", "h264.mkv", "hevc.mp4"])
def test_files_of_encoders_are_sound_and_start_with_a_restart(name: str, video: VideoMaker) -> None:
    with av.open(str(video(name))) as container:
        stream = container.streams.video[0]
        units = nal_units(stream)
        assert units is not None
        packets = [each for each in container.demux(stream) if each.size]
        assert all(units.is_sound(each) for each in packets)
        assert units.restarts(packets[0])
        assert not any(units.restarts(each) for each in packets if not each.is_keyframe)


@pytest.mark.parametrize("name", ["closed.ts", "raw.h264", "vp9.webm", "mpeg4.avi"])
def test_of_other_streams_nothing_is_known(name: str, video: VideoMaker) -> None:
    with av.open(str(video(name))) as container:
        assert nal_units(container.streams.video[0]) is None
