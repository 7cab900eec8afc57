"""Memory that a decoding process shares with its owner: samples on their way, in slots that are used in turn.

It is a file without a name, so that none can be left over, in memory where the system has such files, and both sides
read and write it through its descriptor. It is not mapped: a process that was taken over by a hostile video could cut
it short, and a mapping would then end its owner by SIGBUS, where a read is only short.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vidlabel.video.metadata import VideoMetadata, sample_size
from vidlabel.video.request import SOUND_WINDOW, SampleRequest

if TYPE_CHECKING:  # as in `vidlabel.video.isolation.process`
    import numpy as np
    import numpy.typing as npt

_MOST_SLOTS = 16
_RING_BYTES = 64 << 20
_KEPT_BYTES = 16 << 20
_COLOURS = 3
_FLOAT32_BYTES = 4
_SOUND_BYTES = SOUND_WINDOW * _FLOAT32_BYTES


@dataclass(frozen=True, slots=True)
class FrameLayout:
    """How the samples of one video lie in the memory."""

    width: int
    height: int
    """Pixels of a sample."""
    pictures: int
    """Pictures of a sample: 2 with the earlier one of a motion stream, else 1."""
    has_sound: bool = False
    """Whether the sound around a sample lies behind its pictures."""

    @property
    def picture_bytes(self) -> int:
        """Bytes of one picture."""
        return self.width * self.height * _COLOURS

    @property
    def slot_bytes(self) -> int:
        """Bytes of one sample."""
        return self.picture_bytes * self.pictures + (_SOUND_BYTES if self.has_sound else 0)

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

    def sound_offset(self, slot: int) -> int:
        """Where the sound of a slot begins."""
        return self.offset(slot, self.pictures)

    @property
    def mark_offset(self) -> int:
        """Where a byte lies, behind all slots, that is 1 while the decoding process reads sound."""
        return self.slots * self.slot_bytes


def layout_of(request: SampleRequest, facts: VideoMetadata) -> FrameLayout:
    """How the samples that are asked for of a video lie in the memory."""
    width, height = sample_size(facts.shown_width, facts.shown_height, request.short_side)
    return FrameLayout(width, height, 1 if request.lag_s is None else 2, facts.gives_sound(request))


class FrameMemory:
    """One end of the shared memory: a file without a name.

    Args:
        descriptor: of the file, which `close` closes.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @property
    def handle(self) -> str:
        """The number of the descriptor, which the decoding process inherits and opens this memory by."""
        return str(self._descriptor)

    def write(self, offset: int, data: npt.NDArray[np.uint8]) -> None:
        """Store a picture, or the bytes of sound; the file grows to hold it.

        Raises:
            OSError: there is no room.
        """
        trim = data.reshape(-1).data
        while trim:
            written = os.pwrite(self._descriptor, trim, offset)
            trim, offset = trim[written:], offset + written

    def read(self, offset: int, data: npt.NDArray[np.uint8]) -> bool:
        """Fill `data`; false if the file ends before."""
        trim = data.reshape(-1).data
        while trim:
            got = os.preadv(self._descriptor, [trim], offset)
            if got == 0:
                return False
            trim, offset = trim[got:], offset + got
        return True

    def trim(self) -> None:
        """Give memory back to the system if it is much; it grows again when it is written."""
        if os.fstat(self._descriptor).st_size > _KEPT_BYTES:
            os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Close this end."""
        os.close(self._descriptor)


def create_memory() -> FrameMemory:
    """The owner's end.

    Raises:
        OSError: there is no room for it.
    """
    if hasattr(os, "memfd_create"):
        return FrameMemory(os.memfd_create("vidlabel-frames", os.MFD_CLOEXEC))
    with tempfile.TemporaryFile() as file:
        return FrameMemory(os.dup(file.fileno()))


def open_memory(handle: str) -> FrameMemory:
    """The end of the decoding process."""
    return FrameMemory(int(handle))
