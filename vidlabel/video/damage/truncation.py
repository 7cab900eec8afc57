"""How much of a file is missing at its end, or cannot be reached, by the lengths in its container."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vidlabel.video.container.boxes import ANYWHERE, CLUSTER, CUES, EBML, SEGMENT, boxes, element_at

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
_LEAST_LOST_BYTES = 512
_IN_SEGMENT = ANYWHERE | {
    bytes.fromhex(name) for name in ("114d9b74", "1549a966", "1654ae6b", "1c53bb6b", "1254c367", "1043a770", "1941a469")
}
_IN_CLUSTER = ANYWHERE | {bytes.fromhex(name) for name in ("e7", "a3", "a0", "a7", "ab", "af", "5854")}
"""Elements of Matroska (RFC 9559, section 5.1). Clusters of live recordings do not say where they end."""
_GIF_HEAD_BYTES = 13
_GIF_EXTENSION, _GIF_IMAGE, _GIF_TRAILER = b"\x21", b"\x2c", b"\x3b"


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


def matroska_readable_bytes(source: Path | Recording, size_bytes: int) -> tuple[int, int]:
    """Bytes of a Matroska file that FFmpeg can reach, and bytes that are cut off or lie where its end breaks.

    What is broken before a later cluster is not counted: times tell of it.
    """
    with source.open("rb") as file:
        kind, start, length = element_at(file, 0)
        if kind != EBML or length is None:
            return size_bytes, 0
        kind, start, length = element_at(file, start + length)
        if kind != SEGMENT:
            return size_bytes, 0
        if length is not None and start + length > size_bytes:
            return size_bytes, start + length - size_bytes
        end = size_bytes if length is None else start + length
        lost = _unreachable_end(file, start, end)
    return (size_bytes - lost, lost) if lost >= _LEAST_LOST_BYTES else (size_bytes, 0)


def _unreachable_end(file: BinaryIO, position: int, end: int) -> int:
    """Bytes from where a segment breaks off, after which there is no further cluster."""
    while True:
        position = _walk_segment(file, position, end)
        if position >= end:
            return 0
        following = _find(file, CLUSTER, position + 1, end)
        if following is None:
            cues = _find(file, CUES, position, end)
            return (end if cues is None else cues) - position
        position = following


def _walk_segment(file: BinaryIO, position: int, end: int) -> int:
    """Where the chain of elements breaks, the inside of the last cluster included; `end` if it does not."""
    cluster: tuple[int, int] | None = None
    while position < end:
        kind, start, length = element_at(file, position)
        if kind == CLUSTER:
            cluster = None if length is None else (start, start + length)
        elif length is None or not (kind in _IN_SEGMENT or kind in _IN_CLUSTER):
            break
        position = start + (length or 0)
    if cluster is not None:
        place, cluster_end = cluster
        while place < min(cluster_end, end):
            kind, start, length = element_at(file, place)
            if kind not in _IN_CLUSTER or length is None:
                return place
            place = start + length
    return position


def _find(file: BinaryIO, name: bytes, position: int, end: int) -> int | None:
    rest = b""
    file.seek(position)
    while position < end and (data := file.read(_CHUNK)):
        place = (rest + data).find(name)
        if place >= 0:
            found = position - len(rest) + place
            return found if found < end else None
        position += len(data)
        rest = data[-len(name) + 1 :]
    return None


def gif_readable_bytes(source: Path | Recording, size_bytes: int) -> tuple[int, int]:
    """Bytes of a GIF up to where its blocks break off, and from there on; 1 where only its last block is missing."""
    with source.open("rb") as file:
        head = file.read(_GIF_HEAD_BYTES)
        if len(head) < _GIF_HEAD_BYTES:
            return size_bytes, 1
        file.seek(_colours(head[10]), 1)
        place = file.tell()
        while (kind := file.read(1)) in (_GIF_EXTENSION, _GIF_IMAGE):
            if kind == _GIF_IMAGE:
                image = file.read(9)
                file.seek(_colours(image[8]) if len(image) == 9 else 0, 1)
            file.read(1)  # kind of the extension, or width of the first code
            while length := file.read(1)[:1]:
                if length == b"\0":
                    place = file.tell()
                    break
                file.read(length[0])
    return (size_bytes, 0) if kind == _GIF_TRAILER else (min(place, size_bytes), max(1, size_bytes - place))


def _colours(flags: int) -> int:
    """Bytes of a table of colours."""
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


_LOST_BYTES: Mapping[str, Callable[[Path | Recording, int], int]] = {"avi": avi_lost_bytes, "flv": flv_lost_bytes}
"""By FFmpeg's name of the container: bytes that are cut off."""
_READABLE_BYTES: Mapping[str, Callable[[Path | Recording, int], tuple[int, int]]] = {
    "gif": gif_readable_bytes,
    "matroska,webm": matroska_readable_bytes,
}
"""Bytes that can be reached, and bytes that are cut off or lie behind a break."""
