"""Headers of H.264: fields come out as they were put in, bit by bit, by the order of the standard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import pytest

from h264 import (
    HIGH,
    HIGH_444,
    IDR,
    PARTITION,
    SLICE,
    B,
    Bits,
    I,
    P,
    Stream,
    recovery_point,
)
from vidlabel.video.container.h264_headers import HeaderError, Headers, recovery_frames
from vidlabel.video.container.nal_units import H264_SLICES, leading_units, setup_units

STREAMS = [
    Stream(),
    Stream(number_bits=16, order_type=2),
    Stream(order_type=1, bottom_order=True),
    Stream(HIGH, scaling=True, weights=True, allows_gaps=True),
    Stream(HIGH, sequence_id=3, picture_id=17, has_fields=True, bottom_order=True, redundant=True),
    Stream(HIGH, chroma=0, weights=True),
    Stream(HIGH_444, chroma=3, scaling=True, weights=True, number_bits=9),
    Stream(HIGH_444, chroma=3, separate_planes=True, weights=True),
]


def headers(stream: Stream) -> Headers:
    known = Headers()
    known.keep_parameters(stream.sequence())
    known.keep_parameters(stream.picture())
    return known


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("number", [0, 1, 13])
def test_slices_are_read_as_they_were_written(stream: Stream, number: int) -> None:
    known = headers(stream)
    for kind in (P, B, I):
        for unit in (SLICE, PARTITION):
            read = known.read_slice(stream.slice(number, kind, unit, importance=1))
            assert (read.frame_num, read.frame_num_bits, read.allows_gaps) == (
                number,
                stream.number_bits,
                stream.allows_gaps,
            )
            assert (read.is_refresh, read.is_reference, read.is_field) == (False, True, False)
            assert (read.is_bidirectional, read.starts_picture) == (kind == B, True)
    assert known.read_slice(stream.slice(0, I, IDR)).is_refresh
    assert not known.read_slice(stream.slice(number, B, importance=0)).is_reference
    assert not known.read_slice(stream.slice(number, first_block=300)).starts_picture
    if stream.has_fields:
        assert known.read_slice(stream.slice(number, is_field=True)).is_field


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("kind", [P, B, I])
@pytest.mark.parametrize("resets", [True, False])
def test_the_operation_that_begins_numbering_again_is_found(stream: Stream, kind: int, resets: bool) -> None:
    known = headers(stream)
    assert known.resets_numbering(stream.slice(5, kind, resets=resets)) == resets
    if stream.has_fields:
        assert known.resets_numbering(stream.slice(5, kind, is_field=True, resets=resets)) == resets
    assert not known.resets_numbering(stream.slice(0, I, IDR))
    assert not known.resets_numbering(stream.slice(5, kind, importance=0))


def test_bytes_that_only_keep_start_codes_away_are_passed_over() -> None:
    stream = Stream(number_bits=16, picture_id=0, order_type=2)
    unit = stream.slice(0b0000_0000_0000_0010, first_block=2**22 - 1)
    assert b"\0\0\3" in unit
    assert headers(stream).read_slice(unit).frame_num == 2


def test_several_parameter_sets_are_kept_apart_and_replaced() -> None:
    first, second = Stream(number_bits=4), Stream(number_bits=8, sequence_id=1, picture_id=1)
    known = headers(first)
    known.keep_parameters(second.sequence())
    known.keep_parameters(second.picture())
    assert known.read_slice(first.slice(11)).frame_num == 11
    assert known.read_slice(second.slice(200)).frame_num == 200
    changed = replace(first, number_bits=10)
    known.keep_parameters(changed.sequence())
    assert known.read_slice(changed.slice(1000)).frame_num == 1000


@pytest.mark.parametrize(
    "unit",
    [
        Stream(picture_id=1).slice(3),  # Its parameters are not there.
        Stream().slice(3)[:2],
        b"\x41",
        b"\x41" + bytes(40),
    ],
)
def test_a_slice_that_cannot_be_read_is_an_error_of_its_own(unit: bytes) -> None:
    with pytest.raises(HeaderError):
        headers(Stream()).read_slice(unit)


@pytest.mark.parametrize("unit", [b"\x67", b"\x67\xff\xff", b"\x67" + bytes(20), b"\x68", b"\x68\0"])
def test_a_broken_parameter_set_is_an_error_of_its_own(unit: bytes) -> None:
    with pytest.raises(HeaderError):
        Headers().keep_parameters(unit)


def test_recovery_points_are_found_behind_other_messages() -> None:
    assert recovery_frames(recovery_point(0)) == 0
    assert recovery_frames(recovery_point(25)) == 25
    assert recovery_frames(recovery_point(7, before=((5, 600), (1, 3)))) == 7
    assert recovery_frames(Bits().put(8, 5).put(8, 2).put(16, 0x0606).unit(6, 0)) is None
    assert recovery_frames(b"\x06\x06") is None
    assert recovery_frames(b"\x06\x06\x01\x00") is None
    assert recovery_frames(Stream().slice(3)) is None


@pytest.mark.parametrize(
    "name", ["closed.mp4", "open.mp4", "h264.mkv", "closed.ts", "raw.h264", "h264.flv", "h264_b.avi", "odd_size.mp4"]
)
def test_x264_counts_references_from_each_refresh_on(name: str, video: Callable[[str], Path]) -> None:
    known, numbers = Headers(), []
    with av.open(str(video(name))) as container:
        stream = container.streams.video[0]
        units, size = setup_units(stream.codec_context.extradata or b"")
        for packet in container.demux(stream):
            units += leading_units(bytes(packet), size)
    for unit in units:
        if unit[0] & 0x1F in H264_SLICES:
            numbers.append(known.read_slice(unit))
        else:
            known.keep_parameters(unit)
    assert len(numbers) == 60
    assert sum(read.is_refresh for read in numbers) == (1 if name == "open.mp4" else 5)
    expected = 0
    for read in numbers:
        expected = 0 if read.is_refresh else expected
        assert read.frame_num == expected % 16
        expected += read.is_reference
