"""The units that packets of H.264 and HEVC consist of: each behind its length, as in MP4, or behind a start code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

H264_SLICES = frozenset({1, 2, 5})
"""Types of units (ITU-T H.264, table 7-1): slice, its partition A, slice of an instantaneous decoding refresh. Units of
other layers and views (14, 20) are none of these."""
_HEADER_BYTES = 512
"""No header of a slice is longer."""
_H264_RESTARTS = frozenset({5})
"""Instantaneous decoding refresh (ITU-T H.264, table 7-1)."""
_HEVC_SLICES = frozenset(range(32))
_HEVC_RESTARTS = frozenset({19, 20})
"""Instantaneous decoding refresh, with and without leading pictures (ITU-T H.265, table 7-1)."""
_PROGRESSIVE = 1
_UNKNOWN_ORDER = 0
"""FFmpeg's orders of fields. It knows none for HEVC, where each field is a picture of its own."""
_NEVER_WRITTEN = re.compile(rb"\x00\x00[\x00-\x02]")
"""No unit holds these bytes: the third would be a 3 before it (section 7.4.1 of both standards). Blocks of a file that
were lost and are zeros now do."""


@dataclass(frozen=True, slots=True)
class NalUnits:
    """How a stream's packets are to be read: the codec's types of units, and the bytes of a length."""

    length: int
    mask: int
    shift: int
    slices: frozenset[int]
    restart_types: frozenset[int]

    def restarts(self, packet: Packet[VideoStream]) -> bool:
        """Whether decoding starts anew at a packet: no picture refers across it.

        Not every key frame is such a one: after that of an open group, pictures refer to the group before.
        """
        for unit in self._split(packet):
            kind = (unit[0] & self.mask) >> self.shift
            if kind in self.slices:
                return kind in self.restart_types
        return False

    def is_sound(self, packet: Packet[VideoStream]) -> bool:
        """Whether there is no sign of damage that can be found without decoding the packet."""
        read = 0
        for unit in self._split(packet):
            if _NEVER_WRITTEN.search(unit):
                return False
            read += self.length + len(unit)
        return read == packet.size

    def _split(self, packet: Packet[VideoStream]) -> Iterator[memoryview]:
        """Units of a packet that hold something and end within it."""
        data, place = memoryview(packet), 0
        while place + self.length < len(data):
            begin = place + self.length
            place = begin + int.from_bytes(data[place:begin], "big")
            if not begin < place <= len(data):
                return
            yield data[begin:place]


def nal_units(stream: VideoStream) -> NalUnits | None:
    """How to read the units of a stream.

    Returns:
        None where its packets hold none, or mark them by start codes, or nothing is known of them.
    """
    codec, setup = stream.codec_context.name, stream.codec_context.extradata
    if setup is None or setup[:1] != b"\x01":
        return None
    if codec == "h264" and len(setup) > 4:
        return NalUnits((setup[4] & 3) + 1, 0x1F, 0, H264_SLICES, _H264_RESTARTS)
    if codec == "hevc" and len(setup) > 21:
        return NalUnits((setup[21] & 3) + 1, 0x7E, 1, _HEVC_SLICES, _HEVC_RESTARTS)
    return None


def tells_unreferred(stream: VideoStream) -> bool:
    """Whether the pictures that a decoder skips as `NONREF` are exactly those that no other refers to.

    In HEVC they are only where there is a single temporal layer, since pictures of a higher layer may refer to them. In
    H.264 one field of a picture may be referred to while the other is not, so it must have no fields.
    """
    context = stream.codec_context
    setup, order = context.extradata, context.field_order
    if setup is None or nal_units(stream) is None:
        return False
    if context.name == "h264":
        return order == _PROGRESSIVE
    return setup[21] >> 3 & 7 == 1 and order in (_PROGRESSIVE, _UNKNOWN_ORDER)


def leading_units(data: bytes, length_size: int | None) -> Iterator[bytes]:
    """The units of a packet of H.264 up to its first slice, and the head of that one.

    Args:
        data: the packet.
        length_size: bytes of the length before each unit; None: start codes mark them.
    """
    if length_size is None or data[:4] == b"\0\0\0\1":
        yield from _after_start_codes(data)
        return
    begin = length_size
    while begin < len(data):
        end = begin + int.from_bytes(data[begin - length_size : begin], "big")
        if end > begin:
            if data[begin] & 0x1F in H264_SLICES:
                yield data[begin : min(end, begin + _HEADER_BYTES)]
                return
            yield data[begin:end]
        begin = end + length_size


def _after_start_codes(data: bytes) -> Iterator[bytes]:
    begin = data.find(b"\0\0\1") + 3
    while 3 <= begin < len(data):
        if data[begin] & 0x1F in H264_SLICES:
            yield data[begin : begin + _HEADER_BYTES]
            return
        end = data.find(b"\0\0\1", begin)
        if end != begin:
            yield data[begin : end if end >= 0 else len(data)]
        begin = end + 3


def setup_units(setup: bytes) -> tuple[list[bytes], int | None]:
    """The parameter sets of H.264 that a container holds, and the bytes of a length before each unit of its packets.

    Args:
        setup: FFmpeg's extradata: an `AVCDecoderConfigurationRecord` (ISO 14496-15), or units behind start codes.
    """
    if setup[:1] != b"\1" or len(setup) < 7:
        return list(_after_start_codes(setup)), None
    units, place = [], 5
    for mask in (0x1F, 0xFF):
        count, place = setup[place : place + 1], place + 1
        for _ in range(count[0] & mask if count else 0):
            begin = place + 2
            place = begin + int.from_bytes(setup[place:begin], "big")
            units.append(setup[begin:place])
    return [unit for unit in units if unit], (setup[4] & 3) + 1
