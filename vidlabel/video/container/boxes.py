"""What files consist of: the boxes of MP4 and MOV (ISO 14496-12, 4.2), and the elements of Matroska (RFC 8794)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

MOST_PIECES = 10_000
"""Boxes or elements side by side that are looked at: a damaged file may have any number."""
FULL_BOX_HEAD = 4
"""Bytes of a box's version and flags."""
_ENTRIES_HEAD = FULL_BOX_HEAD + 4
"""The same and a count."""
_HEAD_BYTES = 16
_ELEMENT_HEAD_BYTES = 12

EBML = bytes.fromhex("1a45dfa3")
SEGMENT = bytes.fromhex("18538067")
CLUSTER = bytes.fromhex("1f43b675")
CUES = bytes.fromhex("1c53bb6b")
ANYWHERE = frozenset({bytes.fromhex("ec"), bytes.fromhex("bf")})
"""Names of elements of Matroska (RFC 9559, section 5.1)."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a box lies in a file."""

    name: bytes
    start: int
    """First byte, of its length."""
    content: int
    """First byte after its head."""
    end: int
    """Byte after the last one, as it claims: it may lie beyond the end of the file."""


def box_at(file: BinaryIO, position: int, end: int) -> Box | None:
    """The box at a position; None if there is none.

    Args:
        file: is read at `position` only.
        position: first byte of the box.
        end: byte after the box or file that holds it, to which a box of length 0 reaches.
    """
    file.seek(position)
    head = file.read(_HEAD_BYTES)
    length, name, head_bytes = int.from_bytes(head[:4], "big"), head[4:8], 8
    if not (len(name) == 4 and name.isascii() and name.decode().isprintable()):
        return None
    if length == 1:
        length, head_bytes = int.from_bytes(head[8:16], "big"), 16
    elif length == 0:
        length = end - position
    return Box(name, position, position + head_bytes, position + length) if length >= head_bytes else None


def boxes(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes side by side from one byte on, up to another one or to where their chain breaks."""
    while start < end and (box := box_at(file, start, end)) is not None:
        yield box
        start = box.end


def find_box(file: BinaryIO, parent: Box, *names: bytes) -> Box | None:
    """The first box of this path of names within another one."""
    for name in names:
        found = next((box for box in boxes(file, parent.content, parent.end) if box.name == name), None)
        if found is None:
            return None
        parent = found
    return parent


def sample_entries(file: BinaryIO, size_bytes: int) -> Iterator[tuple[int, Box]]:
    """The number of each track of MP4 or MOV, with each description of its samples: a box named like the codec.

    Args:
        file: is read in its movie box only.
        size_bytes: of the file.
    """
    movie = next((box for box in islice(boxes(file, 0, size_bytes), MOST_PIECES) if box.name == b"moov"), None)
    if movie is None:
        return
    for track in islice(boxes(file, movie.content, movie.end), MOST_PIECES):
        descriptions = find_box(file, track, b"mdia", b"minf", b"stbl", b"stsd") if track.name == b"trak" else None
        if descriptions is not None:
            number = _track_number(file, track)
            for entry in islice(boxes(file, descriptions.content + _ENTRIES_HEAD, descriptions.end), MOST_PIECES):
                yield number, entry


def _track_number(file: BinaryIO, track: Box) -> int:
    """The number of a track (ISO 14496-12, 8.3.2); 0, which is none, where the file does not say."""
    head = find_box(file, track, b"tkhd")
    if head is None:
        return 0
    file.seek(head.content)
    has_long_times = file.read(FULL_BOX_HEAD)[:1] == b"\x01"
    file.seek(head.content + FULL_BOX_HEAD + (16 if has_long_times else 8))
    return int.from_bytes(file.read(4), "big")


def element_at(file: BinaryIO, position: int) -> tuple[bytes, int, int | None]:
    """Name of the element of EBML at a position, where its content starts, and its length; None if it is not known.

    A name that is none is empty.
    """
    file.seek(position)
    head = file.read(_ELEMENT_HEAD_BYTES)
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
