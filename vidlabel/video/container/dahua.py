"""Times of frames in recordings of Dahua cameras and their kin (DHAV).

Each frame says when it was taken: the second, and milliseconds of a counter of 16 bits, which goes its own way. FFmpeg
lets each second begin at its first frame, so that frames are up to a second early, and lets the counter wrap around at
65535.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable

_START = b"DHAV"
_HEAD = struct.Struct("<16xIH")
"""Date and counter."""
_LENGTH_OFFSET = 12
_COUNTER = 1 << 16
_LEAST_DIFFERENCE_MS = 3000
_MOST_DRIFT = 10
"""A counter that differs from the dates by more than this, or by more than a tenth, counts something else."""


def frame_times(file: BinaryIO, positions: Iterable[int]) -> npt.NDArray[np.int64] | None:
    """(N,) milliseconds from the first frame to each; None where the heads of frames do not tell.

    Args:
        file: the recording.
        positions: bytes at which its frames begin.
    """
    seconds, counters = [], []
    for position in positions:
        file.seek(position)
        head = file.read(_HEAD.size)
        if len(head) < _HEAD.size or not head.startswith(_START):
            return None
        date, counter = _HEAD.unpack(head)
        seconds.append(_unix_time(date))
        counters.append(counter)
    if len(counters) < 2 or None in seconds:
        return None
    dates = np.array(seconds, np.int64) * 1000
    steps = np.array([(after - before) % _COUNTER for before, after in pairwise(counters)], np.int64)
    # Whole turns of the counter, of which only the date tells.
    turns = np.rint((np.diff(dates) - steps) / _COUNTER).astype(np.int64)
    times: npt.NDArray[np.int64] = np.concatenate([[0], np.cumsum(steps + turns * _COUNTER)])
    by_date = int(dates[-1] - dates[0])
    if abs(int(times[-1]) - by_date) > max(_LEAST_DIFFERENCE_MS, by_date // _MOST_DRIFT) or (np.diff(times) < 0).any():
        return None
    return times


def is_cut_off(file: BinaryIO, position: int, size_bytes: int) -> bool:
    """Whether a recording ends within its last frame.

    Args:
        file: the recording.
        position: byte at which its last frame begins.
        size_bytes: of the recording.
    """
    file.seek(position + _LENGTH_OFFSET)
    return position + int.from_bytes(file.read(4), "little") > size_bytes


@lru_cache(maxsize=4)
def _unix_time(date: int) -> int | None:
    """Seconds of a date that is packed into 32 bits; None if it is none."""
    try:
        day = datetime(2000 + (date >> 26), date >> 22 & 15, date >> 17 & 31, tzinfo=UTC)
    except ValueError:
        return None
    return int(day.timestamp()) + (date >> 12 & 31) * 3600 + (date >> 6 & 63) * 60 + (date & 63)
