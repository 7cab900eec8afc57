"""A recording that follows another one of any container, perhaps after padding: `joined.py` sees its own kind only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import BinaryIO

from vidlabel.video.container.boxes import ANYWHERE, EBML, SEGMENT, boxes, element_at
from vidlabel.video.container.joined import ASF_HEADER, MP4

_CHUNK = 1 << 20
_LONGEST_PADDING = 64 << 20
_MOST_PIECES = 1_000_000
_LONGEST_SIGNATURE = 16
_CHUNK_HEAD = 8


def trailing_recording(container: str, file: BinaryIO, size_bytes: int) -> tuple[int, str] | None:
    """Where another recording begins behind the structure of a file, and FFmpeg's name of its container.

    Args:
        container: FFmpeg's name of the first one's.
        file: the whole file.
        size_bytes: of it.
    """
    end_of = _ENDS.get(container)
    end = size_bytes if end_of is None else end_of(file, size_bytes)
    if not 0 < end < size_bytes:
        return None
    start = _skip_zeros(file, end)
    # A box begins with its length, whose first bytes are zeros.
    for position in range(max(end, start - 3), start + 1):
        kind = _container_at(file, position, size_bytes)
        if kind is not None:
            return position, kind
    return None


def _skip_zeros(file: BinaryIO, position: int) -> int:
    """The first byte from a position on that is no zero, unless there are too many."""
    file.seek(position)
    for _ in range(_LONGEST_PADDING // _CHUNK):
        data = file.read(_CHUNK)
        rest = data.lstrip(b"\0")
        position += len(data) - len(rest)
        if rest or not data:
            break
    return position


def _container_at(file: BinaryIO, position: int, size_bytes: int) -> str | None:
    file.seek(position)
    head = file.read(_LONGEST_SIGNATURE)
    if head[4:8] == b"ftyp":
        movie = islice(boxes(file, position, size_bytes), _MOST_PIECES)
        return MP4 if any(box.name == b"mdat" for box in movie) else None
    if head.startswith(EBML):
        return "matroska,webm"
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return "avi"
    if head == ASF_HEADER:
        return "asf"
    if head.startswith(b"FLV\x01"):
        return "flv"
    return "ogg" if head.startswith(b"OggS\x00\x02") else None


def _mp4_end(file: BinaryIO, size_bytes: int) -> int:
    return max((box.end for box in islice(boxes(file, 0, size_bytes), _MOST_PIECES)), default=0)


def _matroska_end(file: BinaryIO, size_bytes: int) -> int:
    position = 0
    for _ in range(_MOST_PIECES):
        kind, start, length = element_at(file, position)
        if kind == SEGMENT and length is None:
            return size_bytes
        if length is None or not (kind in (EBML, SEGMENT) or kind in ANYWHERE):
            return position
        position = start + length
    return size_bytes


def _avi_end(file: BinaryIO, size_bytes: int) -> int:
    position = 0
    while position < size_bytes:
        file.seek(position)
        head = file.read(_CHUNK_HEAD)
        if not head.startswith(b"RIFF"):
            return position
        length = int.from_bytes(head[4:], "little")
        position += _CHUNK_HEAD + length + length % 2
    return size_bytes


_ENDS: Mapping[str, Callable[[BinaryIO, int], int]] = {
    MP4: _mp4_end,
    "matroska,webm": _matroska_end,
    "avi": _avi_end,
}
"""Where the structure of a file ends, or breaks; by FFmpeg's name of its container."""
