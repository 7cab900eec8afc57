"""Log-mel spectrograms, as those that the sound encoder YAMNet was trained on.

S. Hershey et al., "CNN architectures for large-scale audio classification", ICASSP 2017 (arXiv 1609.09430), with the
settings published with YAMNet: frames of 25 ms every 10 ms under a periodic Hann window, magnitudes of a Fourier
transform over 512 points, 64 triangular bands from 125 to 7500 Hz, ln(band + 0.001).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from vidlabel.video.request import SOUND_RATE, SOUND_WINDOW

BANDS = 64
FRAMES = 96
"""In a window of `SOUND_WINDOW` samples."""

FRAME_STEP = 160
"""Samples of sound from one frame to the next."""

_FRAME = 400
_POINTS = 512
_LOWEST_HZ, _HIGHEST_HZ = 125.0, 7500.0
OFFSET = 0.001
"""Added to each band before the logarithm."""
_ROWS = 12
"""Frames that are multiplied at once. OpenBLAS shares larger products among threads, which then wait in a busy loop:
10.9 ms of CPU a window with its encoder, in place of 2.1."""

assert (SOUND_WINDOW - _FRAME) // FRAME_STEP + 1 == FRAMES


def log_mel(window: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The log-mel spectrogram of one window.

    Args:
        window: (15600,) 16 kHz, mono, full scale at -1 and 1.

    Returns:
        (96, 64): frames in time, bands from low to high.
    """
    frames = np.lib.stride_tricks.sliding_window_view(window, _FRAME)[::FRAME_STEP]
    magnitudes = np.abs(np.fft.rfft(frames * _hann(), _POINTS)).astype(np.float32)
    bands = magnitudes.reshape(-1, _ROWS, magnitudes.shape[1]) @ mel_bands()
    logarithms: npt.NDArray[np.float32] = np.log(bands.reshape(FRAMES, BANDS) + np.float32(OFFSET))
    return logarithms


@cache
def _hann() -> npt.NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_FRAME) / _FRAME)).astype(np.float32)


def fourier_basis() -> npt.NDArray[np.float32]:
    """(514, 400): rows whose products with a frame are the real parts of its Fourier transform, then the imaginary."""
    angles = 2 * np.pi * np.outer(np.arange(_POINTS // 2 + 1), np.arange(_FRAME)) / _POINTS
    basis: npt.NDArray[np.float32] = (np.concatenate([np.cos(angles), -np.sin(angles)]) * _hann()).astype(np.float32)
    return basis


@cache
def mel_bands() -> npt.NDArray[np.float32]:
    """(257, 64): the share of each frequency of the Fourier transform in each band.

    The triangles are straight on the mel scale, 1127 ln(1 + f / 700), as in TensorFlow, where the weights come from.
    librosa and torchaudio draw them straight in Hz: their spectrograms differ by 0.01 at most.
    """
    frequencies = _mel(np.linspace(0, SOUND_RATE / 2, _POINTS // 2 + 1))
    edges = _edges()
    rising = (frequencies[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - frequencies[:, None]) / (edges[2:] - edges[1:-1])
    bands: npt.NDArray[np.float32] = np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
    return bands


def band_edges_hz() -> npt.NDArray[np.float64]:
    """(66,) rising frequencies: band b reaches from number b to number b + 2, and is highest at b + 1."""
    edges: npt.NDArray[np.float64] = 700 * np.expm1(_edges() / 1127)
    return edges


def _edges() -> npt.NDArray[np.float64]:
    return np.linspace(_mel(np.float64(_LOWEST_HZ)), _mel(np.float64(_HIGHEST_HZ)), BANDS + 2)


def _mel(hertz: npt.NDArray[np.float64] | np.float64) -> npt.NDArray[np.float64]:
    mel: npt.NDArray[np.float64] = 1127 * np.log1p(hertz / 700)
    return mel
