"""The boxes that an MP4 or MOV consists of (ISO 14496-12, 4.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_HEAD_BYTES = 16


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
