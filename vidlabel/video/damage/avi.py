"""How frames of an AVI are counted. An AVI has no times: a frame is shown as many ticks late as frames lie before it.

FFmpeg counts what it finds, so that a lost frame makes all later ones early, and guesses when B-frames are shown. The
index at the end of the file, where it is whole, names every frame that was there once. Without it a hole is where the
chain of chunks breaks, and the header's count of frames says how many it swallowed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

from vidlabel.video.container.packets import NO_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from av.video.stream import VideoStream

    from vidlabel.video.container.recording import Recording
    from vidlabel.video.damage.missing_packets import PacketPositions

CHUNK_HEADER = 8
"""Bytes; the index names the header of a chunk, FFmpeg the data after it."""
_MOST_LOST_AT_START = 64
_LONGEST_HEAD = 1 << 20
_LIST_HEADER = 12
_MOST_MISSING = 1000
"""Frames for each that is there: what a header claims is not to be believed beyond that."""
_MOST_CHUNKS_BETWEEN = 4096
"""Chunks of sound and other streams between two frames; a longer chain is taken for whole."""


@dataclass(frozen=True, slots=True, eq=False)
class AviCount:
    """Where the frames of an AVI stand in its count, those that are lost included."""

    numbers: npt.NDArray[np.int64]
    """(N,) tick of each packet in the order of the file."""
    lost: npt.NDArray[np.int64]
    """(M,) ticks of packets that were there once, before the last that is there."""
    missing_at_end: int
    """Packets that the index names after the last one that is there."""

    @property
    def holes(self) -> tuple[int, ...]:
        """Numbers of the packets before which some are lost."""
        return tuple(np.unique(np.searchsorted(self.numbers, self.lost)).tolist())


def count_frames(source: Path | Recording, places: PacketPositions, stream: VideoStream) -> AviCount | None:
    """Count the frames of an AVI; None where nothing shows that any is lost.

    Args:
        source: the file.
        places: of its packets, all of which were read.
        stream: that they belong to.
    """
    entries, positions = stream.index_entries, places.positions
    if not len(positions) or bool((np.diff(positions) <= 0).any()) or bool((places.clocks == NO_TIME).any()):
        return None
    if len(entries) > len(positions):
        by_index = _count_by_index(positions, [(entry.pos + CHUNK_HEADER, entry.timestamp) for entry in entries])
        if by_index is not None:
            return by_index
    frames = (b"%02ddc" % stream.index, b"%02ddb" % stream.index)
    return _count_by_chain(source, places, frames, stream.frames)


def _count_by_index(positions: npt.NDArray[np.int64], entries: Sequence[tuple[int, int]]) -> AviCount | None:
    """Only an index that knows all packets is believed: bytes taken out or put in leave it pointing elsewhere.

    FFmpeg takes the first chunk that it finds for the first of the index, so that all are off where that one is lost.
    """
    places = np.array([place for place, _ in entries], np.int64)
    ticks = np.array([tick for _, tick in entries], np.int64)
    if bool((np.diff(ticks) <= 0).any()):
        return None
    for shift in [0, *(positions[-1] - places[::-1][:_MOST_LOST_AT_START]).tolist()]:
        is_here = np.isin(places + shift, positions)
        if int(is_here.sum()) == len(positions):
            numbers, lost = ticks[is_here], ticks[np.logical_not(is_here)]
            return AviCount(numbers, lost[lost < numbers[-1]], int((lost > numbers[-1]).sum()))
    return None


def _count_by_chain(
    source: Path | Recording, places: PacketPositions, frames: tuple[bytes, ...], claimed: int
) -> AviCount | None:
    """Frames are lost where the chunks between two packets are no chain.

    Args:
        source: the file.
        places: as in `count_frames`.
        frames: names of the stream's chunks.
        claimed: frames in the whole file, as its header says.
    """
    positions, sizes, clocks = places.positions, places.sizes, places.clocks
    with source.open("rb") as file:
        origin = _start_of_pictures(file)
        before = np.concatenate([[origin], positions[:-1] + sizes[:-1] + sizes[:-1] % 2])
        ends = positions - CHUNK_HEADER
        odd = np.flatnonzero(np.abs(before - ends) > 1).tolist()  # Some programs do not fill up chunks of odd length.
        broken = [number for number in odd if not _is_chain(file, int(before[number]), int(ends[number]), frames)]
        breaks_off = not _goes_on(file, int(positions[-1] + sizes[-1]))
    missing = claimed - int(clocks[-1]) - 1
    if not broken and breaks_off and 0 < missing <= _MOST_MISSING * len(clocks):
        return AviCount(clocks, np.empty(0, np.int64), missing)
    if not broken or (claimed > 0 and missing <= 0):
        return None
    # The chunk before the break may claim bytes of the ones that are lost: each byte since its start weighs the same.
    gaps = np.maximum(1, ends - np.concatenate([[origin], positions[:-1]]))[broken]
    if 0 < missing <= int(gaps.sum()) // CHUNK_HEADER:
        shares = missing * np.cumsum(gaps) / gaps.sum()
    else:
        shares = np.cumsum(gaps) / max(1.0, float(np.median(np.diff(positions, prepend=origin))))
    up_to = np.floor(shares + 0.5).astype(np.int64)
    delays = np.zeros(len(positions), np.int64)
    delays[broken] = np.diff(up_to, prepend=0)
    numbers = clocks + np.cumsum(delays)
    lost = [np.arange(end - late, end) for end, late in zip(numbers.tolist(), delays.tolist(), strict=True) if late]
    return AviCount(numbers, np.concatenate([*lost, np.empty(0, np.int64)]), 0)


def _start_of_pictures(file: BinaryIO) -> int:
    """Where the list of pictures begins; 0 if its head is lost."""
    place = file.read(_LONGEST_HEAD).find(b"movi")
    return place + 4 if place >= 0 else 0


def _goes_on(file: BinaryIO, end: int) -> bool:
    """Whether the file ends after its last packet, or another chunk follows, after a byte that fills up or without."""
    file.seek(end)
    names = file.read(5)
    return len(names) < 5 or _is_name(names[:4]) or _is_name(names[1:])


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and name.isascii() and name.decode("ascii").isprintable()


def _is_chain(file: BinaryIO, start: int, end: int, frames: tuple[bytes, ...]) -> bool:
    """Whether chunks of other streams lie side by side from one byte to the other; lists are entered.

    Args:
        file: the AVI.
        start: byte where the first one begins.
        end: byte where the last one ends.
        frames: names of chunks of the stream itself, which would have come as packets.
    """
    for _ in range(_MOST_CHUNKS_BETWEEN):
        if start >= end:
            break
        file.seek(start)
        head = file.read(CHUNK_HEADER)
        length, name = int.from_bytes(head[4:], "little"), head[:4]
        if len(head) < CHUNK_HEADER or not _is_name(name):
            return False
        if name in frames and length:
            return False
        if name == b"idx1":  # Beyond the list of pictures there are no rules.
            return True
        start += _LIST_HEADER if name in (b"LIST", b"RIFF") else CHUNK_HEADER + length + length % 2
    return start == end or start < end
