"""Memory that a decoding process shares with its owner: samples on their way, in slots that are used in turn.

It has no name that could be left over. On POSIX it is a file without a name, in memory where the system has such files,
and both sides read and write it through its descriptor. It is not mapped: a process that was taken over by a hostile
video could cut it short, and a mapping would then end its owner by SIGBUS, where a read is only short.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

_MOST_SLOTS = 16
_RING_BYTES = 64 << 20
_KEPT_BYTES = 16 << 20
_COLOURS = 3


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How the samples of one video lie in the memory."""

    width: int
    height: int
    """Pixels of a sample."""
    pictures: int
    """Pictures of a sample: 2 with the earlier one of a motion stream, else 1."""

    @property
    def picture_bytes(self) -> int:
        """Of one picture."""
        return self.width * self.height * _COLOURS

    @property
    def slot_bytes(self) -> int:
        """Of one sample."""
        return self.picture_bytes * self.pictures

    @property
    def slots(self) -> int:
        """How many samples may wait: enough that neither side waits for each single one, in bounded memory."""
        return max(2, min(_MOST_SLOTS, _RING_BYTES // self.slot_bytes))

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, 3) of a picture."""
        return self.height, self.width, _COLOURS

    def offset(self, slot: int, picture: int) -> int:
        """Where a picture of a slot begins."""
        return slot * self.slot_bytes + picture * self.picture_bytes


class FrameMemory(Protocol):
    """One end of the shared memory."""

    @property
    def handle(self) -> str:
        """What the other end opens it by."""
        ...

    def write(self, offset: int, data: npt.NDArray[np.uint8]) -> None:
        """Store a picture.

        Raises:
            OSError: there is no room.
        """
        ...

    def read(self, offset: int, data: npt.NDArray[np.uint8]) -> bool:
        """Fill `data`; false if the memory ends before."""
        ...

    def rest(self) -> None:
        """Give memory back to the system if it is much; it grows again when it is written."""
        ...

    def close(self) -> None:
        """Let go of this end."""
        ...


if sys.platform == "win32":
    import mmap

    class _MappedMemory:
        """A mapping of a random name, which Windows forgets with its last user."""

        def __init__(self, name: str) -> None:
            self.handle = name
            self._map = mmap.mmap(-1, _RING_BYTES, tagname=name)

        def write(self, offset: int, data: npt.NDArray[np.uint8]) -> None:
            """Copy a picture into the mapping."""
            if offset + data.nbytes > len(self._map):
                raise OSError("a sample is larger than the memory for samples")
            self._map[offset : offset + data.nbytes] = data.tobytes()

        def read(self, offset: int, data: npt.NDArray[np.uint8]) -> bool:
            """Copy a picture out of the mapping."""
            if offset + data.nbytes > len(self._map):
                return False
            data.reshape(-1)[:] = np.frombuffer(self._map, np.uint8, data.nbytes, offset)
            return True

        def rest(self) -> None:
            """Nothing: a mapping does not grow."""

        def close(self) -> None:
            """Unmap it."""
            self._map.close()

    def create_memory() -> FrameMemory:
        """The owner's end."""
        return _MappedMemory(f"vidlabel-{secrets.token_hex(16)}")

    def open_memory(handle: str) -> FrameMemory:
        """The end of the decoding process."""
        return _MappedMemory(handle)

else:

    class _FileMemory:
        """A file without a name."""

        def __init__(self, descriptor: int) -> None:
            self._descriptor = descriptor

        @property
        def handle(self) -> str:
            """The number of the descriptor, which the decoding process inherits."""
            return str(self._descriptor)

        def write(self, offset: int, data: npt.NDArray[np.uint8]) -> None:
            """Write a picture; the file grows to hold it."""
            rest = data.reshape(-1).data
            while rest:
                written = os.pwrite(self._descriptor, rest, offset)
                rest, offset = rest[written:], offset + written

        def read(self, offset: int, data: npt.NDArray[np.uint8]) -> bool:
            """Fill `data` from the file."""
            rest = data.reshape(-1).data
            while rest:
                got = os.preadv(self._descriptor, [rest], offset)
                if got == 0:
                    return False
                rest, offset = rest[got:], offset + got
            return True

        def rest(self) -> None:
            """Cut the file to nothing if it has grown large."""
            if os.fstat(self._descriptor).st_size > _KEPT_BYTES:
                os.ftruncate(self._descriptor, 0)

        def close(self) -> None:
            """Close the descriptor."""
            os.close(self._descriptor)

    def create_memory() -> FrameMemory:
        """The owner's end.

        Raises:
            OSError: there is no room for it.
        """
        if hasattr(os, "memfd_create"):
            return _FileMemory(os.memfd_create("vidlabel-frames", os.MFD_CLOEXEC))
        with tempfile.TemporaryFile() as file:
            return _FileMemory(os.dup(file.fileno()))

    def open_memory(handle: str) -> FrameMemory:
        """The end of the decoding process."""
        return _FileMemory(int(handle))
