"""Units of H.264 and HEVC in packets: types as the standards number them, and signs of damage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import cast

import av
import pytest
from av.packet import Packet
from av.video.stream import VideoStream

from h264 import HIGH, OTHER_LAYER, PREFIX, Stream, with_lengths, with_start_codes
from vidlabel.video.container.nal_units import NalUnits, leading_units, nal_units, setup_units

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


def without_zeros(units: Iterable[bytes]) -> list[bytes]:
    """Units without the zeros that may stand before the next start code."""
    return [unit.rstrip(b"\0") for unit in units]


def test_units_are_taken_up_to_the_first_slice() -> None:
    stream = Stream()
    others = [b"\x09\x30", stream.sequence(), stream.picture(), bytes([PREFIX | 0x60]) + b"\1\2\3"]
    slices = [stream.slice(1), stream.slice(1, first_block=40), bytes([OTHER_LAYER | 0x60]) + b"\1"]
    for size in (1, 2, 4):
        assert list(leading_units(with_lengths(*others, *slices, size=size), size)) == [*others, slices[0]]
    assert without_zeros(leading_units(with_start_codes(*others), None)) == others
    *found, head = without_zeros(leading_units(with_start_codes(*others, *slices), 4))  # So it may stand in MP4, too.
    assert found == others
    assert head.startswith(slices[0])


@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0", bytes(64), b"\0\0\0\1", b"\xff" * 5, b"\0\0\1\0\0\1"])
def test_nonsense_holds_no_units_that_are_empty(data: bytes) -> None:
    for size in (None, 4):
        assert all(leading_units(data, size))


def test_parameters_are_found_in_what_a_container_holds() -> None:
    stream = Stream(HIGH, scaling=True)
    sequence, picture = stream.sequence(), stream.picture()
    record = (
        b"\1" + sequence[1:4] + b"\xfd\xe1" + with_lengths(sequence, size=2) + b"\1" + with_lengths(picture, size=2)
    )
    assert setup_units(record) == ([sequence, picture], 2)
    assert setup_units(record[:-3]) == ([sequence, picture[:-3]], 2)
    assert setup_units(record[:8]) == ([], 2)
    units, size = setup_units(with_start_codes(sequence, picture))
    assert (without_zeros(units), size) == ([sequence, picture], None)
    assert setup_units(b"") == ([], None)
