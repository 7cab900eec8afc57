"""Decoded sound of any format and number of channels as one channel of floats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

Samples = npt.NDArray[np.float32]

_SHARES = {
    **dict.fromkeys(("FL", "FR"), 0.5),
    "FC": 0.5**0.5,
    "BC": 0.5,
    **dict.fromkeys(("SL", "SR", "BL", "BR"), 0.5**1.5),
    **dict.fromkeys(("LFE", "LFE2"), 0.0),
}
"""Of each channel in the mean of the stereo sound that ITU-R BS.775 makes of surround sound. It is not scaled down to
rule out more than full scale, which floats can hold: speech, which comes from the centre, would become faint."""


def to_mono(frame: AudioFrame) -> Samples:
    """(N,) samples, full scale at -1 and 1; numbers that are none count as silence.

    Raises:
        ValueError: no such sample format is known.
    """
    channels = frame.layout.nb_channels
    data = frame.to_ndarray()
    samples = data if frame.format.is_planar else data.reshape(-1, channels).T
    if channels > 1:
        names = [channel.name for channel in frame.layout.channels]
        # Integers as large as float32 holds exactly, or rounded by less than a bit of 24.
        mono = np.asarray(_shares(names, channels) @ samples.astype(np.float32), np.float32)
    else:
        mono = samples[0].astype(np.float32)
    return _scaled(mono, data.dtype)


def _shares(names: list[str], channels: int) -> Samples:
    if len(names) == channels and set(names) <= set(_SHARES) and "FL" in names and "FR" in names:
        return np.array([_SHARES[name] for name in names], np.float32)
    return np.full(channels, 1 / channels, np.float32)


def _scaled(samples: Samples, stored: np.dtype[Any]) -> Samples:
    if stored == np.uint8:
        return (samples - 128) / np.float32(128)
    if np.issubdtype(stored, np.signedinteger):
        return samples / np.float32(-float(np.iinfo(stored).min))
    return np.nan_to_num(samples, copy=False, nan=0, posinf=0, neginf=0)
