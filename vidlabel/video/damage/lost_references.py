"""Pictures of H.264 that were lost on the way, though no byte of the file is damaged, and what they spoil.

A recorder that loses packets of a network stream writes a whole file. Its decoder puts copies of other pictures in
their place and says nothing; all that refers to them is wrong, until decoding starts anew. The numbers of the pictures
that others refer to (`frame_num`) show it: they count up by one.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from vidlabel.video.container.h264_headers import HeaderError, Headers, Slice, recovery_frames
from vidlabel.video.container.nal_units import H264_SLICES, leading_units, setup_units
from vidlabel.video.container.packets import NO_TIME
from vidlabel.video.damage.picture_order import LEAP_STEPS, find_leaps, order_losses, round_losses

if TYPE_CHECKING:
    from collections.abc import Iterable

    from av.packet import Packet
    from av.video.stream import VideoStream

_GAP, _REPEAT, _REFRESH, _BIDIRECTIONAL = 1, 2, 4, 8
_HEAD_BYTES = 4096
"""Bytes of a packet within which its first slice begins, but for very long further information."""
_REORDERED_PACKETS = 8
"""Among this many packets on each side lie those that are shown next to the lost ones."""
_LEAST_SYSTEMATIC = 8
_SYSTEMATIC_SHARE = 5
"""Where every fifth picture leaves a gap, or repeats a number, and time does not leap, numbers mean something else."""


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
        self._orders = array("i")
        self._order_bits = self._number_bits = 0
        self._allows_gaps = False
        self._all_count = True
        """Whether all pictures are referred to, so that each has a number of its own."""
        self._last: int | None = None
        """Number of the last reference picture; None: not known."""
        self._last_head = b""
        """The first slice of that picture."""
        self._recovers_at: int | None = None
        """Number of the picture from which decoding is right again, after a recovery point."""
        self._recovery_point = 0
        self._starts, self._points = array("q"), array("q")
        """Packets from which decoding is right again, and those where the refresh of each of them began."""
        self._set_up(setup or b"")

    def add(self, packet: Packet[VideoStream]) -> None:
        """Look at the next packet of the file."""
        is_key = packet.is_keyframe
        if is_key and packet.has_sidedata("new_extradata"):
            self._set_up(bytes(packet.get_sidedata("new_extradata")))
        data = memoryview(packet)
        found = self._look(bytes(data[:_HEAD_BYTES]), is_key)
        if found is None and len(data) > _HEAD_BYTES:
            found = self._look(bytes(data), is_key)
        self._seen.append(found or 0)
        if len(self._orders) < len(self._seen):
            self._orders.append(-1)

    def _look(self, data: bytes, is_key: bool) -> int | None:
        """Look through a packet up to its first slice; None if there is none."""
        recovery: int | None = None
        for unit in leading_units(data, self._length_size):
            if unit[0] & 0x1F in H264_SLICES:
                return self._follow(unit, is_key, recovery)
            recovery = self._read_other(unit, recovery)
        return None

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
        """Compare a picture with the last one that others refer to; returns what was found."""
        try:
            header = self._headers.read_slice(unit)
        except HeaderError:
            self._last = None
            return 0
        # Where the count of a stream changes, none of it is taken.
        is_same = self._order_bits in (0, header.order_bits)
        self._order_bits, self._number_bits = header.order_bits, header.frame_num_bits
        self._allows_gaps |= header.allows_gaps
        self._all_count &= header.is_reference
        self._orders.append(header.order if is_same else -1)
        found = _BIDIRECTIONAL if header.is_bidirectional else 0
        if header.is_refresh:
            found |= _REFRESH
            self._start(len(self._seen))
        else:
            found |= self._compare(header)
            self._recover(header, recovery if recovery is not None or not is_key else 0)
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
        return _GAP

    def _was_reset(self) -> bool:
        try:
            return self._headers.resets_numbering(self._last_head)
        except (HeaderError, LookupError):
            return False

    def _recover(self, header: Slice, recovery: int | None) -> None:
        if recovery is not None:
            self._recovers_at = (header.frame_num + recovery) % (1 << header.frame_num_bits)
            self._recovery_point = len(self._seen)
        if self._recovers_at == header.frame_num:
            self._start(self._recovery_point)

    def _start(self, point: int) -> None:
        """Decoding is right from this packet on, if all from packet `point` on is there."""
        self._starts.append(len(self._seen))
        self._points.append(point)
        self._recovers_at = None

    def result(self, times: npt.NDArray[np.int64]) -> LostReferences:
        """What was lost.

        Args:
            times: (N,) presentation times of the packets in ticks, `NO_TIME` where there is none.
        """
        seen = np.frombuffer(bytes(self._seen), np.uint8)
        reach = _Reach(seen, np.array(self._starts, np.int64), np.array(self._points, np.int64))
        spoilt = np.zeros(len(seen), np.bool_)
        before = reach.spoil(_losses(seen, times), spoilt)
        before += reach.spoil([(loss, True) for loss in self._unnumbered(seen, times, spoilt)], spoilt)
        return LostReferences(tuple(sorted(before)), spoilt)

    def _unnumbered(
        self, seen: npt.NDArray[np.uint8], times: npt.NDArray[np.int64], spoilt: npt.NDArray[np.bool_]
    ) -> list[int]:
        """Packets before which pictures were lost without a gap in the numbers of references."""
        leaps = find_leaps(times, (seen & _REFRESH).astype(np.bool_))
        orders, numbers = np.array(self._orders, np.int64), 1 << self._number_bits
        if leaps is None or not leaps.places or self._allows_gaps:
            return []
        losses = order_losses(leaps, orders, 1 << self._order_bits, numbers) if bool((orders >= 0).all()) else []
        if not losses and self._all_count:
            losses = round_losses(leaps, spoilt, numbers, np.unique(np.array(self._points, np.int64)))
        return [loss for loss in losses if not spoilt[loss]]


class _Reach:
    """How far losses spoil pictures: up to where decoding starts anew.

    After the key frame of an open group, pictures that are shown before it refer to the group before; they are the
    bidirectional ones that follow it.
    """

    def __init__(
        self, seen: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], points: npt.NDArray[np.int64]
    ) -> None:
        self._seen = seen
        self._starts = starts
        self._points = points
        self._forward = np.flatnonzero(seen & _BIDIRECTIONAL == 0)

    def spoil(self, losses: Iterable[tuple[int, bool]], spoilt: npt.NDArray[np.bool_]) -> list[int]:
        """Mark what losses spoil; returns those that matter: something is wrong, or time leaps there."""
        found, done = [], 0
        for loss, has_leap in losses:
            start, leading = self._of(loss)
            spoilt[max(loss, done) : start] = True
            spoilt[start + 1 : leading] = True
            done = max(done, start)
            if has_leap or start > loss or leading > start + 1:
                found.append(loss)
        return found

    def _of(self, loss: int) -> tuple[int, int]:
        """Numbers of the packet with which decoding starts anew after a loss, and of the first right one after it."""
        count = len(self._seen)
        start = _at(self._starts, np.searchsorted(self._points, loss), count)
        if start == count or self._seen[start] & _REFRESH:
            return start, start + 1
        return start, _at(self._forward, np.searchsorted(self._forward, start + 1), count)


def _at(numbers: npt.NDArray[np.int64], place: np.intp, otherwise: int) -> int:
    return int(numbers[place]) if place < len(numbers) else otherwise


def _losses(seen: npt.NDArray[np.uint8], times: npt.NDArray[np.int64]) -> list[tuple[int, bool]]:
    """Packets before which pictures were lost, and whether time leaps there.

    A number that is there twice is a loss where time leaps: numbers go round, so that a lost key frame may leave it.
    Otherwise it is a picture that is there twice.
    """
    gaps, repeats = np.flatnonzero(seen & _GAP).tolist(), np.flatnonzero(seen & _REPEAT).tolist()
    leaps = _leaps([*gaps, *repeats], times)
    losses = [] if _is_systematic(gaps, leaps, len(seen)) else gaps
    if not _is_systematic(repeats, leaps, len(seen)):
        losses = sorted(losses + [repeat for repeat in repeats if repeat in leaps])
    return [(loss, loss in leaps) for loss in losses]


def _is_systematic(suspects: list[int], leaps: set[int], count: int) -> bool:
    """Whether too many pictures are suspect without a leap in time: their numbers then mean something else."""
    steady = sum(suspect not in leaps for suspect in suspects)
    return steady >= _LEAST_SYSTEMATIC and steady * _SYSTEMATIC_SHARE >= count


def _leaps(suspects: list[int], times: npt.NDArray[np.int64]) -> set[int]:
    """Those packets around which time leaps forward by more than a frame."""
    if not suspects or bool((times == NO_TIME).any()):
        return set()
    order = np.unique(times)
    steps = np.diff(order)
    if not len(steps):
        return set()
    is_leap = steps > LEAP_STEPS * float(np.median(steps))
    found = set()
    for suspect in suspects:
        near = times[max(0, suspect - _REORDERED_PACKETS) : suspect + _REORDERED_PACKETS]
        first, last = np.searchsorted(order, (near.min(), near.max())).tolist()
        if bool(is_leap[first:last].any()):
            found.add(suspect)
    return found
