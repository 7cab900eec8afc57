"""The whole sound of a video in pieces that end where it is quiet, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vidlabel.video.request import SOUND_RATE, SOUND_WINDOW

if TYPE_CHECKING:
    from vidlabel.video.sound.downmix import Samples

LONGEST_PIECE_S = 120
"""Memory and time grow with it; Whisper itself hears 30 s at once."""
_SEARCHED_S = 30
"""So much of the end of a piece is searched for the quietest place: nobody speaks as long without a breath."""
_STEP = SOUND_RATE // 50
_QUIET_STEPS = 15
"""0.3 s in which it has to be quiet."""


class WindowedSound(Protocol):
    """Gives (15600,) of sound around times that only go forward."""

    def window(self, centre_s: Fraction, /) -> Samples:
        """Zeros stand where there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HeardPiece:
    """Some of the sound."""

    start_s: Fraction
    samples: Samples
    """(N,) at 16 kHz, full scale at -1 and 1."""


def sound_pieces(sound: WindowedSound, duration_s: Fraction) -> Iterator[HeardPiece]:
    """Cut the sound from the first presented frame up to a time.

    Yields:
        Pieces that follow each other without a gap, of `LONGEST_PIECE_S` at most; none before it is asked for.
    """
    end = round(duration_s * SOUND_RATE)
    first, read = 0, 0
    waiting: Samples = np.zeros(0, np.float32)
    while first < end:
        windows = [waiting]
        while read < min(end, first + LONGEST_PIECE_S * SOUND_RATE):
            windows.append(sound.window(Fraction(2 * read + SOUND_WINDOW, 2 * SOUND_RATE))[: end - read])
            read += len(windows[-1])
        waiting = np.concatenate(windows)
        cut = len(waiting) if read >= end else _quietest_place(waiting)
        yield HeardPiece(Fraction(first, SOUND_RATE), waiting[:cut])
        first, waiting = first + cut, waiting[cut:].copy()


def _quietest_place(samples: Samples) -> int:
    """The middle of the quietest 0.3 s near the end."""
    end = min(len(samples), LONGEST_PIECE_S * SOUND_RATE)
    searched = samples[end - _SEARCHED_S * SOUND_RATE : end].reshape(-1, _STEP)
    energy = np.convolve((searched.astype(np.float64) ** 2).sum(axis=1), np.ones(_QUIET_STEPS), "valid")
    return end - _SEARCHED_S * SOUND_RATE + (int(energy.argmin()) + _QUIET_STEPS // 2) * _STEP
