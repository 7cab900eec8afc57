"""How much of a file is missing at its end, or cannot be reached, by what its container says."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vidlabel.video.container.boxes import boxes
from vidlabel.video.damage.chains import gif_readable_bytes, matroska_readable_bytes

if TYPE_CHECKING:
    from av.video.stream import VideoStream

    from vidlabel.video.container.recording import Recording

_MOST_MISSING = 1000
"""Packets for each that is there: what a file claims of its own length is not to be believed beyond that."""
_HEAD_BYTES = 4096
_FRAGMENT, _MEDIA = b"moof", b"mdat"
_CHUNK = 1 << 20
_MOST_CHUNKS = 100
_FLV_SIZE = b"\x00\x08filesize\x00"


def missing_packets(container: str, source: Path | Recording, size_bytes: int, stream: VideoStream, found: int) -> int:
    """How many packets a file lacks at its end: as its index or header says, else in proportion to the bytes.

    Args:
        container: FFmpeg's name of it. MPEG transport and program streams do not say how long they are.
        source: the file.
        size_bytes: of the file.
        stream: of the file, all of whose packets were read.
        found: packets that are there.
    """
    if "mov" in container:
        missing = len(stream.index_entries) - found
        if missing > 0:
            return missing
        found_bytes, lost_bytes = mp4_readable_bytes(source, size_bytes, _last_position(stream))
    elif container in _READABLE_BYTES:
        found_bytes, lost_bytes = _READABLE_BYTES[container](source, size_bytes)
    elif container in _LOST_BYTES:
        found_bytes, lost_bytes = size_bytes, _LOST_BYTES[container](source, size_bytes)
    else:
        return 0
    if container == "avi" and lost_bytes and stream.frames > found:
        return min(_MOST_MISSING * found, stream.frames - found)
    return min(_MOST_MISSING * found, -(-lost_bytes * found // found_bytes))


def _last_position(stream: VideoStream) -> int:
    """Where the last packet of the file begins, whatever its stream."""
    return max((entry.pos for other in stream.container.streams for entry in other.index_entries), default=0)


def mp4_readable_bytes(source: Path | Recording, size_bytes: int, last_packet: int) -> tuple[int, int]:
    """Bytes of a fragmented MP4 that FFmpeg can reach, and bytes that are cut off or that no packet was made of.

    A fragmented file has no index of the whole, and FFmpeg ends without an error where the chain of boxes breaks, and
    passes over fragments whose head says nothing. Bytes after the last box that hold no further fragment are no loss.
    Of a file without fragments all can be reached.

    Args:
        source: the file.
        size_bytes: of the file.
        last_packet: where the last one that was found begins.
    """
    position, is_fragmented, media, name = 0, False, (0, 0), b""
    with source.open("rb") as file:
        for box in boxes(file, 0, size_bytes):
            name, position = box.name, box.end
            is_fragmented = is_fragmented or name == _FRAGMENT
            media = (box.start, box.end - box.start) if name == _MEDIA else media
        if not is_fragmented:
            return size_bytes, 0
        if position > size_bytes:
            return size_bytes, position - size_bytes
        if last_packet < media[0]:
            return media
        is_cut = name == _FRAGMENT or _holds_fragment(file, position)
        return (position, size_bytes - position) if is_cut else (size_bytes, 0)


def _holds_fragment(file: BinaryIO, position: int) -> bool:
    file.seek(position)
    rest = b""
    while data := file.read(_CHUNK):
        if _FRAGMENT in rest + data or _MEDIA in rest + data:
            return True
        rest = data[-len(_FRAGMENT) :]
    return False


def avi_lost_bytes(source: Path | Recording, size_bytes: int) -> int:
    """Bytes that an AVI lacks at its end, by the lengths of its lists of pictures; 0 if it says none.

    The length of the file as a whole, which stands before them, is off by a few bytes in files of some programs.
    """
    with source.open("rb") as file:
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


def flv_lost_bytes(source: Path | Recording, size_bytes: int) -> int:
    """Bytes that an FLV lacks at its end, by what its metadata say of its size; 0 if they do not."""
    with source.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    place = head.find(_FLV_SIZE) + len(_FLV_SIZE)
    if place < len(_FLV_SIZE) or place + 8 > len(head):
        return 0
    (claimed,) = struct.unpack_from(">d", head, place)
    return max(0, int(claimed) - size_bytes) if math.isfinite(claimed) else 0


_LOST_BYTES: Mapping[str, Callable[[Path | Recording, int], int]] = {"avi": avi_lost_bytes, "flv": flv_lost_bytes}
"""By FFmpeg's name of the container: bytes that are cut off."""
_READABLE_BYTES: Mapping[str, Callable[[Path | Recording, int], tuple[int, int]]] = {
    "gif": gif_readable_bytes,
    "matroska,webm": matroska_readable_bytes,
}
"""Bytes that can be reached, and bytes that are cut off or lie behind a break."""
