"""The table of a video's packets: what is in the file, before anything of it is decoded."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

NO_TIME = -(1 << 63)
"""Stands for a presentation time that the file does not give."""

_FARTHEST_TIME = 1 << 62
"""Ticks. Damage makes times at which nothing can be, and which no sum must carry beyond 64 bits."""
_LEAST_JUMP_STEPS = 5
"""Frame durations that a decoding time must go back by to be a jump; muxers are a frame or two off at times."""

KEY, DISCARD, HIDDEN, CORRUPT, RESTART, ZEROED, SPOILT, UNSHOWN = 1, 2, 4, 8, 16, 32, 64, 128
_ZEROS = bytes(512)
"""A sector of a disk; more than any codec looked at writes in a row between other bytes."""


@dataclass(frozen=True, slots=True, eq=False)
class PacketTable:
    """Packets of the video stream in file order; 9 bytes each, so that 10 hours at 60 frames a second take 20 MB."""

    pts: npt.NDArray[np.int64]
    """(N,) presentation times in ticks of the stream's time base, with jumps back taken out; `NO_TIME` if missing."""
    flags: npt.NDArray[np.uint8]
    """(N,) sums of `KEY`, `DISCARD` (an edit list hides it), `HIDDEN` (holds no picture to show), `CORRUPT`,
    `RESTART` (no picture refers across it; known of some codecs only), `ZEROED` (part of it was lost, as `zeroed_test`
    says), `SPOILT` (it refers to a picture that was lost, as `lost_references` says), `UNSHOWN` (it refers to what was
    before the start of the file)."""
    jumps: tuple[int, ...] = ()
    """Packet numbers at which the file's clock jumped back; `pts` goes on from the packet before."""
    repaired: bool = False
    """Whether single packets claimed a time far off, which was replaced."""
    breaks: tuple[int, ...] = ()
    """Packet numbers before which a stretch of the file could not be read."""
    holes: tuple[int, ...] = ()
    """Packet numbers near which packets are missing though FFmpeg reports no error."""
    lost: npt.NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """(M,) ticks of packets that were there once, where the file tells (AVI)."""

    def __len__(self) -> int:
        return len(self.pts)

    @property
    def key(self) -> npt.NDArray[np.bool_]:
        """(N,) whether decoding can start at the packet."""
        return (self.flags & KEY).astype(np.bool_)

    @property
    def restarts(self) -> npt.NDArray[np.bool_]:
        """(N,) whether no picture from this packet on refers to one before it, as far as that is known."""
        return (self.flags & RESTART).astype(np.bool_)

    @property
    def zeroed(self) -> npt.NDArray[np.bool_]:
        """(N,) whether zeros stand where part of the packet was."""
        return (self.flags & ZEROED).astype(np.bool_)

    @property
    def spoilt(self) -> npt.NDArray[np.bool_]:
        """(N,) whether the packet's picture refers to one that was lost, itself or by way of others."""
        return (self.flags & SPOILT).astype(np.bool_)

    @property
    def unshown(self) -> npt.NDArray[np.bool_]:
        """(N,) whether the packet's picture refers to what comes before the start of the file."""
        return (self.flags & UNSHOWN).astype(np.bool_)

    @property
    def presented(self) -> npt.NDArray[np.bool_]:
        """(N,) whether the packet gives a picture to show."""
        return np.logical_not((self.flags & (DISCARD | HIDDEN | UNSHOWN)).astype(np.bool_))

    @property
    def first_decodable(self) -> int:
        """Number of the first packet that is worth decoding: the first key frame, where what is before is `UNSHOWN`."""
        if not len(self) or not self.flags[0] & UNSHOWN:
            return 0
        return int(np.argmax(self.key | (self.flags & UNSHOWN == 0)))

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """(N,) number of each packet, in order of time, among those that give a picture, or gave one and are lost."""
        return np.searchsorted(np.sort(np.concatenate([self.pts[self.presented], self.lost])), self.pts)

    @property
    def all_timed(self) -> bool:
        """Whether every packet has a presentation time."""
        return not bool((self.pts == NO_TIME).any())

    def before_first_key(self, first_pts: int) -> int:
        """How many frames lie in the file before its first key frame and in time before the first that is shown.

        They refer to what is not there: the file was cut out of a stream, or its start is lost.
        """
        keys = np.flatnonzero(self.key)
        if not len(keys):
            return 0
        start = slice(0, int(keys[0]))
        is_unshown = self.unshown[start]
        if self.all_timed:
            is_unshown |= self.pts[start] < first_pts
        return int((is_unshown & (self.flags[start] & (DISCARD | HIDDEN) == 0)).sum())

    def holds(self, flag: int) -> bool:
        """Whether any packet carries `flag`."""
        return bool((self.flags & flag).any())


@dataclass(frozen=True, slots=True)
class _Leap:
    """Where the clock leapt forward: packet number, clock before it, and by how much too far."""

    number: int
    clock_before: int
    ticks: int


class PacketTableBuilder:
    """Collects packets, and takes jumps back of the clock out of their times.

    Joined recordings (two MPEG-TS files in one) start their clock again; the second then follows the first by one frame
    duration.

    Args:
        step: ticks from one frame to the next, as the file says.
        least_jump: a smaller step back than this many ticks is no new clock.
        is_hidden: whether a packet of this codec holds no picture to show.
        is_restart: whether no picture refers across a key packet of this codec.
        is_zeroed: whether part of a packet of this codec was lost.
    """

    def __init__(
        self,
        step: Fraction,
        least_jump: int,
        is_hidden: Callable[[Packet[VideoStream]], bool] | None,
        is_restart: Callable[[Packet[VideoStream]], bool] | None = None,
        is_zeroed: Callable[[Packet[VideoStream]], bool] | None = None,
    ) -> None:
        self._step = max(1, int(step + Fraction(1, 2)))
        self._least_jump = least_jump
        self._is_hidden = is_hidden
        self._is_restart = is_restart
        self._is_zeroed = is_zeroed
        self._pts = array("q")
        self._flags = bytearray()
        self._jumps: list[int] = []
        self._clock: int | None = None
        self._decodes_by_dts = False
        self._offset = 0
        self._leap: _Leap | None = None
        self._repaired = False
        self._breaks: list[int] = []
        self.last_duration = 0
        """Ticks that the packet shown last stays, as the file says; 0 if it does not say."""
        self._last_pts = NO_TIME

    def add(self, packet: Packet[VideoStream]) -> None:
        """Append one packet."""
        pts, dts = packet.pts, packet.dts
        clock = dts if dts is not None else pts
        if clock is not None:
            clock = self._follow(clock + self._offset, dts is not None)
            self._clock = clock if dts is not None or self._clock is None else max(clock, self._clock)
            self._decodes_by_dts = dts is not None
        flags = self._flags_of(packet)
        time = NO_TIME if pts is None or abs(pts + self._offset) > _FARTHEST_TIME else pts + self._offset
        self._pts.append(time)
        self._flags.append(flags)
        if time > self._last_pts and not flags & (DISCARD | HIDDEN):
            self._last_pts = time
            self.last_duration = packet.duration or 0

    def note_break(self) -> None:
        """Remember that a stretch of the file could not be read here."""
        self._breaks.append(len(self._pts))

    def _follow(self, clock: int, by_dts: bool) -> int:
        """Compare a packet's clock with the one before; returns it, with a jump back taken out.

        Decoding times ascend, so that a small step back is a jump already; presentation times go back and forth.
        """
        if self._clock is None or by_dts != self._decodes_by_dts:
            return clock
        least_jump_back = min(self._least_jump, _LEAST_JUMP_STEPS * self._step) if by_dts else self._least_jump
        if clock > self._clock + self._least_jump:
            self._leap = _Leap(len(self._pts), self._clock, clock - self._clock - self._step)
        elif clock < self._clock - least_jump_back:
            if self._leap is not None and self._was_false(self._leap, clock):
                self._repair(self._leap)
            else:
                shift = self._clock + self._step - clock
                self._offset += shift
                clock += shift
                self._jumps.append(len(self._pts))
        return clock

    def _was_false(self, leap: _Leap, clock: int) -> bool:
        """Whether the clock is back where it would be without the leap, so that damage had made it."""
        expected = leap.clock_before + (len(self._pts) - leap.number) * self._step
        return abs(clock - expected) <= self._least_jump

    def _repair(self, leap: _Leap) -> None:
        for index in range(leap.number, len(self._pts)):
            if self._pts[index] != NO_TIME:
                self._pts[index] -= leap.ticks
        self._last_pts = max(self._pts)
        self._repaired = True
        self._leap = None

    def _flags_of(self, packet: Packet[VideoStream]) -> int:
        flags = KEY if packet.is_keyframe else 0
        if packet.is_discard:
            flags |= DISCARD
        if packet.is_corrupt:
            flags |= CORRUPT
        if self._is_hidden is not None and self._is_hidden(packet):
            flags |= HIDDEN
        if flags & KEY and self._is_restart is not None and self._is_restart(packet):
            flags |= RESTART
        if self._is_zeroed is not None and self._is_zeroed(packet):
            flags |= ZEROED
        return flags

    def __len__(self) -> int:
        return len(self._pts)

    def build(self) -> PacketTable:
        """The table of all packets added."""
        pts = np.frombuffer(self._pts, np.int64).copy() if self._pts else np.empty(0, np.int64)
        flags = np.frombuffer(bytes(self._flags), np.uint8)
        self._join_shown_times(pts, flags)
        return PacketTable(pts, flags, tuple(self._jumps), self._repaired, tuple(self._breaks))

    def _join_shown_times(self, pts: npt.NDArray[np.int64], flags: npt.NDArray[np.uint8]) -> None:
        """Let what follows a jump be shown right after what came before it.

        Decoding times go on there already. Recordings whose decoders hold back different numbers of frames are shown
        too early or too late by it. A clock that jumps elsewhere than at a key frame is no join.
        """
        if not self._jumps or bool((pts == NO_TIME).any()):
            return
        for start, end in pairwise([*self._jumps, len(pts)]):
            if start and flags[start] & KEY:
                shift = int(pts[:start].max()) + self._step - int(pts[start:end].min())
                pts[start:] += shift


def hidden_test(codec: str) -> Callable[[Packet[VideoStream]], bool] | None:
    """How to tell packets of a codec that hold no picture to show; None where there are none.

    VP8 stores a picture that is only referred to as a packet of its own: bit 4 of its first byte is 0 (RFC 6386, 9.1).
    XviD starts an AVI with packets of one byte, as many as its B-frames make it late.
    """
    if codec == "vp8":
        return lambda packet: not memoryview(packet)[0] & 0x10
    if codec == "mpeg4":
        return lambda packet: packet.size == 1
    return None


def zeroed_test(codec: str) -> Callable[[Packet[VideoStream]], bool] | None:
    """How to tell packets of which a part was lost and is zeros now; None where a codec may write long runs of them.

    Decoders of H.264, HEVC, VP8 and VP9 read zeros without complaint. Within a unit of H.264 or HEVC three of them
    never stand in a row (section 7.4.1 of both standards); before a start code and at the end, where a 1 or nothing
    follows, any number may. The arithmetic coders of VP8 and VP9 do not write long runs.
    """
    return _is_zeroed if codec in {"h264", "hevc", "vp8", "vp9"} else None


def _is_zeroed(packet: Packet[VideoStream]) -> bool:
    data = bytes(packet)
    place = data.find(_ZEROS)
    while place >= 0:
        rest = data[place:].lstrip(b"\0")
        if rest and rest[0] > 1:
            return True
        place = data.find(_ZEROS, len(data) - len(rest))
    return False
