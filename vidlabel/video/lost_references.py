"""Pictures of H.264 that were lost on the way, though no byte of the file is damaged, and what they spoil.

A recorder that loses packets of a network stream writes a whole file. Its decoder puts copies of other pictures in
their place and says nothing; all that refers to them is wrong, until decoding starts anew. The numbers of the pictures
that others refer to (`frame_num`) tell: they count up by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.video.h264_headers import SLICES, HeaderError, Headers, Slice, leading_units, recovery_frames, setup_units
from vidlabel.video.packets import NO_TIME

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

_GAP, _REPEAT, _REFRESH, _RECOVERED, _BIDIRECTIONAL = 1, 2, 4, 8, 16
_LEAP_STEPS = 1.5
"""Frame durations from one frame to the next: no leap yet, however times are rounded."""
_REORDERED_PACKETS = 8
"""Among so many packets on each side lie those that are shown next to the lost ones."""
_LEAST_SYSTEMATIC = 8
_SYSTEMATIC_SHARE = 5
"""Where every fifth picture and more leaves a gap, and time none, the encoder counts in a way of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class LostReferences:
    """What is known of the references that a stream lacks."""

    before: tuple[int, ...]
    """Numbers of the packets before which some were lost."""
    spoilt: npt.NDArray[np.bool_]
    """(N,) whether the packet's picture may refer to what was lost, itself or by way of others."""


class ReferenceScan:
    """Follows the numbering of the pictures of an H.264 stream.

    Args:
        setup: of the stream: FFmpeg's extradata.
    """

    def __init__(self, setup: bytes | None) -> None:
        self._headers = Headers()
        self._length_size: int | None = None
        self._seen = bytearray()
        self._last: int | None = None
        """Number of the last reference picture; None: not known."""
        self._last_head = b""
        """The first slice of that picture."""
        self._recovers_at: int | None = None
        """Number of the picture from which decoding is right again, after a recovery point."""
        self._set_up(setup or b"")

    def add(self, packet: Packet[VideoStream]) -> None:
        """Look at the next packet of the file."""
        is_key = packet.is_keyframe
        if is_key and packet.has_sidedata("new_extradata"):
            self._set_up(bytes(packet.get_sidedata("new_extradata")))
        recovery: int | None = None
        found = 0
        for unit in leading_units(bytes(packet), self._length_size):
            if unit[0] & 0x1F in SLICES:
                found = self._follow(unit, is_key, recovery)
            else:
                recovery = self._read_other(unit, recovery)
        self._seen.append(found)

    def _set_up(self, setup: bytes) -> None:
        units, self._length_size = setup_units(setup)
        for unit in units:
            self._read_other(unit, None)

    def _read_other(self, unit: bytes, recovery: int | None) -> int | None:
        """Keep parameters; returns what is known of a recovery point."""
        try:
            self._headers.keep_parameters(unit)
        except HeaderError:
            return recovery
        frames = recovery_frames(unit)
        return recovery if frames is None else frames

    def _follow(self, unit: bytes, is_key: bool, recovery: int | None) -> int:
        """Compare a picture with the last one that others refer to; returns what there is to say of it."""
        try:
            header = self._headers.read_slice(unit)
        except HeaderError:
            self._last = None
            return 0
        found = _BIDIRECTIONAL if header.is_bidirectional else 0
        if header.is_refresh:
            found |= _REFRESH
        else:
            found |= self._compare(header)
            found |= self._recover(header, recovery if recovery is not None or not is_key else 0)
        if header.is_reference:
            self._last, self._last_head = header.frame_num, unit
        elif found & _GAP:  # The one before it was lost, too.
            self._last = (header.frame_num - 1) % (1 << header.frame_num_bits)
        return found

    def _compare(self, header: Slice) -> int:
        number, last = header.frame_num, self._last
        if last is None or (number - last) % (1 << header.frame_num_bits) == 1:
            return 0
        if number == last:  # Its second field, a further slice, or the very same picture.
            return 0 if header.is_field or not header.starts_picture else _REPEAT
        if header.allows_gaps or (number < 2 and self._was_reset()):
            return 0
        self._recovers_at = None
        return _GAP

    def _was_reset(self) -> bool:
        try:
            return self._headers.resets_numbering(self._last_head)
        except (HeaderError, LookupError):
            return False

    def _recover(self, header: Slice, recovery: int | None) -> int:
        if recovery is not None:
            self._recovers_at = (header.frame_num + recovery) % (1 << header.frame_num_bits)
        if self._recovers_at != header.frame_num:
            return 0
        self._recovers_at = None
        return _RECOVERED

    def result(self, times: npt.NDArray[np.int64]) -> LostReferences:
        """What was lost.

        Args:
            times: (N,) presentation times of the packets in ticks, `NO_TIME` where there is none.
        """
        seen = np.frombuffer(bytes(self._seen), np.uint8)
        reach, spoilt, before = _Reach(seen), np.zeros(len(seen), np.bool_), []
        for loss, has_leap in _losses(seen, times):
            start, leading = reach.of(loss)
            spoilt[loss:start] = True
            spoilt[start + 1 : leading] = True
            if has_leap or start > loss or leading > start + 1:
                before.append(loss)
        return LostReferences(tuple(before), spoilt)


class _Reach:
    """How far losses spoil pictures: up to where decoding starts anew.

    After the key frame of an open group, pictures that are shown before it refer to the group before; they are the
    bidirectional ones that follow it.
    """

    def __init__(self, seen: npt.NDArray[np.uint8]) -> None:
        self._seen = seen
        self._starts = np.flatnonzero(seen & (_REFRESH | _RECOVERED))
        self._forward = np.flatnonzero(seen & _BIDIRECTIONAL == 0)

    def of(self, loss: int) -> tuple[int, int]:
        """Numbers of the packet with which decoding starts anew after a loss, and of the first right one after it."""
        start = self._first(self._starts, loss)
        if start == len(self._seen) or self._seen[start] & _REFRESH:
            return start, start + 1
        return start, self._first(self._forward, start + 1)

    def _first(self, numbers: npt.NDArray[np.int64], least: int) -> int:
        place = int(np.searchsorted(numbers, least))
        return int(numbers[place]) if place < len(numbers) else len(self._seen)


def _losses(seen: npt.NDArray[np.uint8], times: npt.NDArray[np.int64]) -> list[tuple[int, bool]]:
    """Packets before which pictures were lost, and whether time leaps there.

    A number that is there twice is a loss where time leaps: numbers go round, so that a lost key frame may leave it.
    Otherwise it is a picture that is there twice.
    """
    suspects = np.flatnonzero(seen & (_GAP | _REPEAT)).tolist()
    leaps = _leaps(suspects, times)
    steady = sum(bool(seen[suspect] & _GAP) and suspect not in leaps for suspect in suspects)
    is_systematic = steady >= _LEAST_SYSTEMATIC and steady * _SYSTEMATIC_SHARE >= len(seen)
    return [
        (suspect, suspect in leaps)
        for suspect in suspects
        if suspect in leaps or (seen[suspect] & _GAP and not is_systematic)
    ]


def _leaps(suspects: list[int], times: npt.NDArray[np.int64]) -> set[int]:
    """Those packets around which time leaps forward by more than a frame."""
    if not suspects or bool((times == NO_TIME).any()):
        return set()
    order = np.unique(times)
    steps = np.diff(order)
    if not len(steps):
        return set()
    is_leap = steps > _LEAP_STEPS * float(np.median(steps))
    found = set()
    for suspect in suspects:
        near = times[max(0, suspect - _REORDERED_PACKETS) : suspect + _REORDERED_PACKETS]
        first, last = np.searchsorted(order, (near.min(), near.max())).tolist()
        if bool(is_leap[first:last].any()):
            found.add(suspect)
    return found
