"""Stretches of sound without a gap, at 16 kHz."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from vidlabel.video.request import SOUND_RATE
from vidlabel.video.sound.downmix import Samples

_LEAST_WORK_S = 0.25
"""Sound is resampled in pieces of this length at least: each call costs 50 us, whatever its length."""


@dataclass(frozen=True, slots=True, eq=False)
class SoundPiece:
    """Some sound at its place."""

    first: int
    """Number of its first sample; sample k lies k / 16000 s after the first presented frame."""
    samples: Samples
    """(N,) full scale at -1 and 1."""

    @property
    def end(self) -> int:
        """Number of the sample after its last."""
        return self.first + len(self.samples)


def sample_number(time_s: float | Fraction) -> int:
    """The nearest sample at 16 kHz."""
    return math.floor(time_s * SOUND_RATE + 0.5)


class SoundRun:
    """A stretch of sound without a gap. Its length in samples tells the time; time stamps are rounded, and jitter.

    Args:
        start_s: time of its first sample.
        rate: samples a second.
    """

    def __init__(self, start_s: float, rate: int) -> None:
        self.rate = rate
        self._start_s = start_s
        self._taken = 0
        self._next = sample_number(start_s)
        self._waiting: list[Samples] = []
        self._waiting_samples = 0
        self._resampler = None if rate == SOUND_RATE else AudioResampler("fltp", "mono", SOUND_RATE)

    @property
    def end_s(self) -> float:
        """When what was added ends."""
        return self._start_s + self._taken / self.rate

    def add(self, samples: Samples) -> list[SoundPiece]:
        """Add what follows; returns what is ready."""
        self._taken += len(samples)
        self._waiting.append(samples)
        self._waiting_samples += len(samples)
        return self._resampled() if self._waiting_samples >= _LEAST_WORK_S * self.rate else []

    def finish(self) -> list[SoundPiece]:
        """The rest; nothing follows."""
        pieces = self._resampled() if self._waiting else []
        return pieces if self._resampler is None else [*pieces, *self._pieces(self._resampler.resample(None))]

    def _resampled(self) -> list[SoundPiece]:
        samples = np.concatenate(self._waiting)
        self._waiting, self._waiting_samples = [], 0
        if self._resampler is None:
            return [self._piece(samples)]
        frame = AudioFrame.from_ndarray(samples[None], "fltp", "mono")
        frame.sample_rate = self.rate
        return self._pieces(self._resampler.resample(frame))

    def _pieces(self, frames: list[AudioFrame]) -> list[SoundPiece]:
        return [self._piece(frame.to_ndarray()[0]) for frame in frames]

    def _piece(self, samples: Samples) -> SoundPiece:
        piece = SoundPiece(self._next, samples)
        self._next = piece.end
        return piece
