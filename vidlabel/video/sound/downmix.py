"""Decoded sound of any format and number of channels as one channel of floats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.layout import AudioLayout

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
_SCALES = {"B": (128, 128), "h": (0, 2**15), "i": (0, 2**31)}
"""By the type of stored integers: their silence, and full scale."""
_HALF = np.float32(0.5)
_PLAIN = frozenset({"mono", "stereo"})
_known_shares: dict[str, Samples] = {}
"""By the name of the layout."""


def to_mono(frame: AudioFrame) -> Samples:
    """(N,) samples, full scale at -1 and 1; numbers that are none count as silence.

    Raises:
        ValueError: no such sample format is known.
    """
    layout = frame.layout
    channels = layout.nb_channels
    if frame.format.name == "fltp" and layout.name in _PLAIN:
        return _without_faults(_mean_of_planes(frame))
    data = frame.to_ndarray()
    samples = data if frame.format.is_planar else data.reshape(-1, channels).T
    # Integers as large as float32 holds exactly, or rounded by less than a bit of 24.
    samples = samples.astype(np.float32, copy=False)
    mono: Samples = samples[0] if channels == 1 else _shares(layout) @ samples
    middle, full_scale = _SCALES.get(data.dtype.char, (0, 1))
    if full_scale != 1:
        return (mono - np.float32(middle)) / np.float32(full_scale)
    return _without_faults(mono)


def _mean_of_planes(frame: AudioFrame) -> Samples:
    """What AAC, MP3, Opus and Vorbis mostly give, without the copies of `to_ndarray`: half the time of a frame."""
    planes = [np.frombuffer(cast("bytes", plane), np.float32, frame.samples) for plane in frame.planes]
    mono: Samples = planes[0] if len(planes) == 1 else planes[0] * _HALF + planes[1] * _HALF
    return mono


def _without_faults(samples: Samples) -> Samples:
    return samples if np.isfinite(samples).all() else np.nan_to_num(samples, nan=0, posinf=0, neginf=0)


def _shares(layout: AudioLayout) -> Samples:
    """(C,); listing the channels of a layout takes as long as mixing a frame."""
    if layout.name not in _known_shares:
        _known_shares[layout.name] = _shares_of([channel.name for channel in layout.channels])
    return _known_shares[layout.name]


def _shares_of(names: Sequence[str]) -> Samples:
    if set(names) <= set(_SHARES) and {"FL", "FR"} <= set(names):
        return np.array([_SHARES[name] for name in names], np.float32)
    return np.full(len(names), 1 / len(names), np.float32)
