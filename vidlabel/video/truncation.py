"""How much of a file is missing at its end, or cannot be reached, by what its container says."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from av.video.stream import VideoStream

_MOST_MISSING = 1000
"""Packets for each that is there: what a file claims of its own length is not to be believed beyond that."""
_HEAD_BYTES = 4096
_SEGMENT = bytes.fromhex("18538067")
_BOX_HEAD_BYTES = 16
_FRAGMENT = b"moof"
_CHUNK = 1 << 20
_MOST_CHUNKS = 100
_FLV_SIZE = b"\x00\x08filesize\x00"


def missing_packets(container: str, path: Path, size_bytes: int, stream: VideoStream, found: int) -> int:
    """How many packets a file lacks at its end: as its index or header says, else in proportion to the bytes.

    Args:
        container: FFmpeg's name of it. MPEG transport and program streams do not say how long they are.
        path: of the file.
        size_bytes: of the file.
        stream: of the file, all of whose packets were read.
        found: packets that are there.
    """
    if "mov" in container:
        missing = len(stream.index_entries) - found
        if missing > 0:
            return missing
        found_bytes, lost_bytes = mp4_reach(path, size_bytes)
    elif container in _LOST_BYTES:
        found_bytes, lost_bytes = size_bytes, _LOST_BYTES[container](path, size_bytes)
    else:
        return 0
    if container == "avi" and lost_bytes and stream.frames > found:
        return min(_MOST_MISSING * found, stream.frames - found)
    return min(_MOST_MISSING * found, -(-lost_bytes * found // found_bytes))


def mp4_reach(path: Path, size_bytes: int) -> tuple[int, int]:
    """Bytes of a fragmented MP4 that FFmpeg can reach, and bytes that are cut off or lie behind a box that is none.

    A fragmented file has no index of the whole, and FFmpeg ends without an error where the chain of boxes breaks.
    Bytes after the last box that hold no further fragment are no loss. Of a file without fragments all can be reached.
    """
    position, is_fragmented = 0, False
    with path.open("rb") as file:
        while position < size_bytes:
            length, name = _box(file, position, size_bytes)
            if length == 0:
                break
            is_fragmented = is_fragmented or name == _FRAGMENT
            position += length
        if not is_fragmented:
            return size_bytes, 0
        if position > size_bytes:
            return size_bytes, position - size_bytes
        return (position, size_bytes - position) if _holds_fragment(file, position) else (size_bytes, 0)


def _box(file: BinaryIO, position: int, size_bytes: int) -> tuple[int, bytes]:
    """Length and name of the box at a position (ISO 14496-12, 4.2); length 0 if there is none."""
    file.seek(position)
    head = file.read(_BOX_HEAD_BYTES)
    length, name = int.from_bytes(head[:4], "big"), head[4:8]
    if not (len(name) == 4 and name.isascii() and name.decode().isprintable()):
        return 0, b""
    if length == 1:
        length = int.from_bytes(head[8:16], "big")
    elif length == 0:  # to the end of the file
        length = size_bytes - position
    return (length, name) if length >= 8 else (0, b"")


def _holds_fragment(file: BinaryIO, position: int) -> bool:
    file.seek(position)
    rest = b""
    while data := file.read(_CHUNK):
        if _FRAGMENT in rest + data:
            return True
        rest = data[-len(_FRAGMENT) :]
    return False


def matroska_lost_bytes(path: Path, size_bytes: int) -> int:
    """Bytes that a Matroska file lacks at its end, by the length of its segment (RFC 8794); 0 if it does not say."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    header = _after_number(head, 4)  # after the 4 bytes that say what it is
    if header is None:
        return 0
    segment = sum(header)
    if head[segment : segment + 4] != _SEGMENT:
        return 0
    found = _after_number(head, segment + 4)
    return 0 if found is None else max(0, sum(found) - size_bytes)


def avi_lost_bytes(path: Path, size_bytes: int) -> int:
    """Bytes that an AVI lacks at its end, by the lengths of its lists of pictures; 0 if it says none.

    The length of the file as a whole, which stands before them, is off by a few bytes in files of some programs.
    """
    with path.open("rb") as file:
        position = 0
        for _ in range(_MOST_CHUNKS):
            file.seek(position)
            head = file.read(12)
            name, length, kind = head[:4], int.from_bytes(head[4:8], "little"), head[8:12]
            if len(head) < 12 or length == 0:  # length 0: its writer was ended before it knew
                return 0
            if name == b"LIST" and kind == b"movi" and position + 8 + length > size_bytes:
                return position + 8 + length - size_bytes
            # What lies in a RIFF comes next; anything else is passed over. Chunks begin at even places.
            position += 12 if name == b"RIFF" else 8 + length + length % 2
    return 0


def flv_lost_bytes(path: Path, size_bytes: int) -> int:
    """Bytes that an FLV lacks at its end, by what its metadata say of its size; 0 if they do not."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    place = head.find(_FLV_SIZE) + len(_FLV_SIZE)
    if place < len(_FLV_SIZE) or place + 8 > len(head):
        return 0
    (claimed,) = struct.unpack_from(">d", head, place)
    return max(0, int(claimed) - size_bytes) if math.isfinite(claimed) else 0


def _after_number(data: bytes, position: int) -> tuple[int, int] | None:
    """A length as EBML writes it, and where it ends; None if it is unknown (all ones) or cut off."""
    first = data[position] if position < len(data) else 0
    width = 9 - first.bit_length()
    if not first or position + width > len(data):
        return None
    mask = (1 << 7 * width) - 1
    value = int.from_bytes(data[position : position + width], "big") & mask
    return None if value == mask else (value, position + width)


_LOST_BYTES: Mapping[str, Callable[[Path, int], int]] = {
    "avi": avi_lost_bytes,
    "flv": flv_lost_bytes,
    "matroska,webm": matroska_lost_bytes,
}
"""By FFmpeg's name of the container."""
