"""Leaps in time that reveal lost pictures of H.264 where the numbers of references do not.

Those numbers go round, at 16 with most files of x264: none seems to be missing where 16 are, or where a key frame is
lost and the group after it has come as far as the one before. The order in which pictures are shown
(`pic_order_cnt_lsb`) goes round elsewhere, and starts anew at each refresh. A leap in time alone is no loss: encoders
leave out pictures in which nothing moves, and go on counting by one, or count by time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidlabel.video.container.packets import NO_TIME

LEAP_STEPS = 1.5
"""Frame durations from one frame to the next: no leap yet, however times are rounded."""
_REGULAR_SHARE = 0.98
_LEAST_REGULAR = 8
"""The least pictures, and the least share of them, that must follow a rule before it counts."""
_REORDERED_PACKETS = 16
"""The pictures that follow a leap are decoded after at least one of this many that are shown after it."""
_LEAST_WHOLE_GROUPS = 2
"""Groups of the same length that show how many pictures one has."""
_SAME_PAUSE = 2
"""Counts across a leap that say nothing of lost pictures: one, or two of an encoder that counts fields."""


@dataclass(frozen=True, slots=True, eq=False)
class Leaps:
    """Where time leaps within the pictures that refer to each other."""

    shown: npt.NDArray[np.int64]
    """(N,) packet numbers in the order in which their pictures are shown."""
    is_leap: npt.NDArray[np.bool_]
    """(N - 1,) whether time leaps from a picture to the next that is shown."""
    in_group: npt.NDArray[np.bool_]
    """(N - 1,) whether decoding does not start anew between them."""
    frames: npt.NDArray[np.int64]
    """(N - 1,) frame durations from one to the next."""

    @property
    def places(self) -> list[int]:
        """Indices of the leaps within groups."""
        found: list[int] = np.flatnonzero(self.is_leap & self.in_group).tolist()
        return found

    def packet_after(self, place: int) -> int:
        """Number of the first packet in the file whose picture is shown after a leap."""
        return int(self.shown[place + 1 : place + 1 + _REORDERED_PACKETS].min())


def find_leaps(times: npt.NDArray[np.int64], refreshes: npt.NDArray[np.bool_]) -> Leaps | None:
    """Find where time leaps; None where the file is short, or gives no times.

    Args:
        times: (N,) presentation times in ticks, in file order; `NO_TIME` where there is none.
        refreshes: (N,) whether decoding starts anew at the packet.
    """
    if len(times) <= _LEAST_REGULAR or bool((times == NO_TIME).any()):
        return None
    shown = np.argsort(times, kind="stable")
    steps = np.diff(times[shown])
    frame = float(np.median(steps))
    if frame <= 0:
        return None
    in_group = np.diff(np.cumsum(refreshes)[shown]) == 0
    return Leaps(shown, steps > LEAP_STEPS * frame, in_group, np.rint(steps / frame).astype(np.int64))


def order_losses(leaps: Leaps, orders: npt.NDArray[np.int64], period: int, numbers: int) -> list[int]:
    """Numbers of the packets before which pictures were lost, by the order of showing.

    Args:
        leaps: of the stream.
        orders: (N,) where each picture stands in the order of showing, modulo `period`.
        period: as above.
        numbers: after how many references their numbers go round.
    """
    counts = np.diff(orders[leaps.shown]) % period
    unit = _usual(counts[leaps.in_group & ~leaps.is_leap])
    if unit < 1:
        return []
    rounds, losses, pauses = [], [], 0
    for place in leaps.places:
        frames, counted = int(leaps.frames[place]), int(counts[place]) / unit
        if counted <= _SAME_PAUSE:
            pauses += 1
        elif not _agree(frames, counted, period / unit):
            losses.append(leaps.packet_after(place))
        elif frames > numbers:
            rounds.append(leaps.packet_after(place))
    return losses if pauses else sorted(losses + rounds)


def round_losses(leaps: Leaps, known: npt.NDArray[np.bool_], numbers: int, starts: npt.NDArray[np.int64]) -> list[int]:
    """As `order_losses`, by the numbers of references alone, of a stream in which all pictures are such.

    Nothing in a header tells a pause from a loss where as many pictures are missing as numbers take to go round. Where
    all leaps are so long, or known to be losses, they are losses if some are known, or if groups lack those pictures.

    Args:
        leaps: of the stream.
        known: (N,) which pictures a known loss spoils.
        numbers: after how many references their numbers go round.
        starts: numbers of the packets with which groups begin.
    """
    places = [place for place in leaps.places if not known[leaps.packet_after(place)]]
    losses = [leaps.packet_after(place) for place in places]
    missing = leaps.frames[places] - 1
    if bool((missing % numbers != 0).any()) or not (known.any() or _groups_lack(starts, losses, missing)):
        return []
    return losses


def _groups_lack(starts: npt.NDArray[np.int64], losses: list[int], missing: npt.NDArray[np.int64]) -> bool:
    """Whether groups with leaps are shorter by what is missing, in a file whose other groups are all equally long."""
    lengths = np.diff(starts)
    lacks = np.zeros(len(lengths) + 2, np.int64)  # before the first group, and the last one, whose end is not known
    np.add.at(lacks, np.searchsorted(starts, losses, side="right"), missing)
    lacks = lacks[1:-1]
    whole = lengths[lacks == 0]
    if len(whole) < _LEAST_WHOLE_GROUPS or bool((whole != whole[0]).any()):
        return False
    short, short_by = lengths[lacks > 0], lacks[lacks > 0]
    # Where its key frame was lost, too, a group goes on as the one before.
    return len(short) > 0 and bool(((short != whole[0]) & ((short + short_by) % whole[0] == 0)).all())


def _usual(counts: npt.NDArray[np.int64]) -> int:
    """By how much the order counts on from one picture to the next; 0 where there is no rule."""
    if len(counts) < _LEAST_REGULAR:
        return 0
    usual = int(np.bincount(counts).argmax())
    return usual if float((counts == usual).mean()) >= _REGULAR_SHARE else 0


def _agree(frames: int, counted: float, period: float) -> bool:
    """Whether as many pictures were counted as time has passed, in a count that goes round."""
    difference = (frames - counted) % period
    return min(difference, period - difference) <= 1 + frames / 8
