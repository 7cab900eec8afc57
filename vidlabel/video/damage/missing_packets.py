"""Stretches of a file that FFmpeg passes over without a word: packets that were there once and are not seen.

A leap in time together with zeros, or with bytes that belong to nothing, is a hole. A leap alone is not: recordings of
a screen have no frames while nothing moves. AVI has no times: see `avi.py`.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.video.container.open import open_container
from vidlabel.video.container.packets import NO_TIME

if TYPE_CHECKING:
    from fractions import Fraction
    from pathlib import Path

    from av.container import InputContainer
    from av.packet import Packet
    from av.video.stream import VideoStream

    from vidlabel.video.container.recording import Recording

_LEAST_LEAP_STEPS = 3
_SILENT_CONTAINERS = frozenset({"matroska,webm", "flv", "mpegts", "mpeg"})
_PACKED_CONTAINERS = frozenset({"matroska,webm", "flv"})
"""In these, packets lie side by side, with headers of some ten bytes between them."""
_LEAST_LOST_BYTES = 1024
_LEAST_ZEROS = 512
"""A sector of a disk. Codecs and containers avoid runs of zeros, by which they find their place again."""
_LOOK_BACK_PACKETS = 3
_REORDERED_PACKETS = 4
"""Decoding times lag behind the times of showing by this many frames, so that a leap in them comes late."""
_LONGEST_LOOK = 64 << 20
_BLOCK_OVERHEAD = 32


class PacketPositions:
    """Where the packets of a video stream lie in the file, and their decoding times."""

    def __init__(self) -> None:
        self._positions = array("q")
        self._sizes = array("q")
        self._clocks = array("q")
        self._corrupt = bytearray()

    def add(self, packet: Packet[VideoStream]) -> None:
        """Append one packet."""
        clock = packet.dts if packet.dts is not None else packet.pts
        self._positions.append(-1 if packet.pos is None else packet.pos)
        self._sizes.append(packet.size)
        self._corrupt.append(packet.is_corrupt)
        self._clocks.append(NO_TIME if clock is None else clock)

    @property
    def extent(self) -> tuple[int, int]:
        """First byte of the packets in the file, and the byte after them; (0, 0) where none says where it lies."""
        known = self.positions >= 0
        starts, ends = self.positions[known], (self.positions + self.sizes)[known]
        return (int(starts.min()), int(ends.max())) if len(starts) else (0, 0)

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """(N,) bytes from the start of the file, -1 where that is not known."""
        return np.array(self._positions, np.int64)

    @property
    def sizes(self) -> npt.NDArray[np.int64]:
        """(N,) bytes."""
        return np.array(self._sizes, np.int64)

    @property
    def clocks(self) -> npt.NDArray[np.int64]:
        """(N,) decoding times in ticks, `NO_TIME` where there is none."""
        return np.array(self._clocks, np.int64)

    def holes(self, source: Path | Recording, container: str, step: Fraction) -> list[int]:
        """Numbers of packets shortly after which, in order of time, something is missing.

        Args:
            source: the file, which is read again if anything looks like a hole.
            container: as in the probe.
            step: ticks from one frame to the next.
        """
        if NO_TIME in self._clocks or -1 in self._positions:
            return []
        leaps = np.flatnonzero(np.diff(np.array(self._clocks)) > _LEAST_LEAP_STEPS * float(step)) + 1
        if not len(leaps) or container not in _SILENT_CONTAINERS:
            return []
        holes = {
            number for number in leaps.tolist() if self._is_corrupt_near(number) or self._follows_zeros(source, number)
        }
        if container in _PACKED_CONTAINERS:
            holes.update(self._unaccounted(source, leaps))
        return sorted(max(0, number - _REORDERED_PACKETS) for number in holes)

    def _is_corrupt_near(self, number: int) -> bool:
        """Whether a transport stream's own count of its pieces is broken there; at a join it is too, without a leap."""
        return any(self._corrupt[max(0, number - _LOOK_BACK_PACKETS) : number + 1])

    def _follows_zeros(self, source: Path | Recording, number: int) -> bool:
        """Whether there are nothing but zeros for a while between a packet and the ones just before it."""
        start, end = self._positions[max(0, number - _LOOK_BACK_PACKETS)], self._positions[number]
        with source.open("rb") as file:
            file.seek(start)
            return bytes(_LEAST_ZEROS) in file.read(max(0, min(end - start, _LONGEST_LOOK)))

    def _unaccounted(self, source: Path | Recording, leaps: npt.NDArray[np.int64]) -> list[int]:
        """Those leaps before which bytes lie that belong to no packet."""
        positions, sizes = np.array(self._positions), np.array(self._sizes)
        ends = positions[leaps - 1] + sizes[leaps - 1]
        between = positions[leaps] - ends
        suspect = between > _LEAST_LOST_BYTES
        if not bool(suspect.any()):
            return []
        leaps, ends, between = leaps[suspect], ends[suspect], between[suspect]
        with open_container(source) as container:
            others = _bytes_of_others(container, ends, positions[leaps])
        found: list[int] = leaps[between - others > _LEAST_LOST_BYTES].tolist()
        return found


def _bytes_of_others(
    container: InputContainer, starts: npt.NDArray[np.int64], ends: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Bytes that packets of other streams take in each of some stretches of a file, which ascend."""
    total = np.zeros(len(starts), np.int64)
    for packet in container.demux():
        if packet.pos is None or packet.stream.type == "video":
            continue
        index = int(np.searchsorted(starts, packet.pos, side="right")) - 1
        if index >= 0 and packet.pos < ends[index]:
            total[index] += packet.size + _BLOCK_OVERHEAD
    return total
