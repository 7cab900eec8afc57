"""Files that are chains of named pieces, each with its length: where a chain breaks, FFmpeg ends without an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from vidlabel.video.container.recording import Recording

_CHUNK = 1 << 20
_HEAD_BYTES = 12
_LEAST_LOST_BYTES = 512

EBML = bytes.fromhex("1a45dfa3")
SEGMENT = bytes.fromhex("18538067")
CLUSTER = bytes.fromhex("1f43b675")
_CUES = bytes.fromhex("1c53bb6b")
ANYWHERE = frozenset({bytes.fromhex("ec"), bytes.fromhex("bf")})
_IN_SEGMENT = ANYWHERE | {
    bytes.fromhex(name) for name in ("114d9b74", "1549a966", "1654ae6b", "1c53bb6b", "1254c367", "1043a770", "1941a469")
}
_IN_CLUSTER = ANYWHERE | {bytes.fromhex(name) for name in ("e7", "a3", "a0", "a7", "ab", "af", "5854")}
"""Elements of Matroska (RFC 9559, section 5.1). Clusters of live recordings do not say where they end."""

_GIF_HEAD_BYTES = 13
_GIF_EXTENSION, _GIF_IMAGE, _GIF_TRAILER = b"\x21", b"\x2c", b"\x3b"


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
            cues = _find(file, _CUES, position, end)
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


def element_at(file: BinaryIO, position: int) -> tuple[bytes, int, int | None]:
    """Name of the element of EBML at a position, where its content starts, and its length; None if it is not known.

    A name that is none is empty.
    """
    file.seek(position)
    head = file.read(_HEAD_BYTES)
    width = 9 - head[0].bit_length() if head and head[0] else 0
    if not 1 <= width <= 4 or width >= len(head) or not head[width]:
        return b"", position, None
    name, length_width = head[:width], 9 - head[width].bit_length()
    start = width + length_width
    if start > len(head):
        return b"", position, None
    mask = (1 << 7 * length_width) - 1
    length = int.from_bytes(head[width:start], "big") & mask
    return name, position + start, None if length == mask else length


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
