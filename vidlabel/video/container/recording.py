"""One recording in a file: all of the file, or a stretch of it where several recordings are joined end to end."""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal, cast

if TYPE_CHECKING:
    from pathlib import Path

    from _typeshed import WriteableBuffer

Link = Literal["none", "clock", "stream"]
"""What a recording shares with the one before it: nothing, the clock, or the stream too, but for its codec."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A stretch of a file that has a container of its own."""

    path: Path
    start: int = 0
    """First byte."""
    end: int | None = None
    """Byte after the last one; None: the end of the file."""
    stream: int | None = None
    """Index of its video stream; None: the one that a player shows."""
    link: Link = "none"

    @property
    def is_whole_file(self) -> bool:
        """Whether nothing else is in the file."""
        return self.start == 0 and self.end is None

    def open(self, _mode: str = "rb") -> BinaryIO:
        """Open it for reading, as a file that holds nothing else."""
        if self.is_whole_file:
            return self.path.open("rb")
        return cast("BinaryIO", io.BufferedReader(_FileStretch(self.path, self.start, self.end)))


class _FileStretch(io.RawIOBase):
    """A stretch of a file as a file. Closed at the latest when it is collected: FFmpeg does not close what it is given.

    Args:
        path: the file.
        start: first byte.
        end: byte after the last one; None: the end of the file.
    """

    def __init__(self, path: Path, start: int, end: int | None) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        size_bytes = os.fstat(self._descriptor).st_size
        self._start = start
        self._length = max(0, (size_bytes if end is None else min(end, size_bytes)) - start)
        self._position = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Bytes from the start of the stretch."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte of the stretch; it may lie beyond its end."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._length}[whence]
        self._position = max(0, origin + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read up to the end of the stretch; returns how many bytes."""
        view = memoryview(buffer).cast("B")
        left = max(0, min(len(view), self._length - self._position))
        data = os.pread(self._descriptor, left, self._start + self._position)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._descriptor)
        super().close()
