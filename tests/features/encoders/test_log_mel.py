"""Log-mel spectrograms against their published definitions, written out in plain float64."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.features.encoders.log_mel import log_mel

Array = npt.NDArray[np.float64]


def tones(*hertz: float) -> Array:
    time = np.arange(15600) / 16000
    return sum((0.2 * np.sin(2 * np.pi * frequency * time) for frequency in hertz), np.zeros(15600))


SOUNDS = {
    "noise": np.random.default_rng(0).normal(0, 0.1, 15600),
    "tones": tones(150, 440, 3000, 7400),
    "faint": 1e-4 * tones(1000),
    "silence": np.zeros(15600),
    "click": np.eye(1, 15600, 7777)[0],
}


def magnitudes(sound: Array) -> Array:
    """(96, 257): the Fourier transform as a sum, of frames of 400 every 160 under a periodic Hann window."""
    position = np.arange(400)
    window = np.sin(np.pi * position / 400) ** 2
    angles = 2 * np.pi * np.outer(position, np.arange(257)) / 512
    frames = np.stack([sound[start : start + 400] * window for start in range(0, 15600 - 399, 160)])
    found: Array = np.hypot(frames @ np.cos(angles), frames @ np.sin(angles))
    return found


def in_mel(hertz: float) -> float:
    return 1127 * math.log(1 + hertz / 700)


def in_hertz(mel: float) -> float:
    return 700 * (math.exp(mel / 1127) - 1)


def edges() -> list[float]:
    low, high = in_mel(125), in_mel(7500)
    return [low + (high - low) * number / 65 for number in range(66)]


def height(place: float, low: float, peak: float, high: float) -> float:
    """Of a triangle at a place."""
    return max(0.0, min((place - low) / (peak - low), (high - place) / (high - peak)))


def tensorflow_bands() -> Array:
    """Triangles that are straight in mel (`tf.signal.linear_to_mel_weight_matrix`)."""
    at = edges()
    rows = [[height(in_mel(bin * 31.25), *at[band : band + 3]) for band in range(64)] for bin in range(257)]
    return np.array(rows)


def librosa_bands() -> Array:
    """Triangles that are straight in Hz (`librosa.filters.mel(htk=True, norm=None)`, torchaudio's `htk`)."""
    at = [in_hertz(edge) for edge in edges()]
    return np.array([[height(bin * 31.25, *at[band : band + 3]) for band in range(64)] for bin in range(257)])


@pytest.mark.parametrize("name", SOUNDS)
def test_spectrograms_are_those_of_the_publication(name: str) -> None:
    sound = SOUNDS[name]
    expected = np.log(magnitudes(sound) @ tensorflow_bands() + 0.001)
    found = log_mel(sound.astype(np.float32))
    assert found.shape == (96, 64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-3)


@pytest.mark.parametrize("name", SOUNDS)
def test_spectrograms_are_near_those_of_librosa(name: str) -> None:
    sound = SOUNDS[name]
    expected = np.log(magnitudes(sound) @ librosa_bands() + 0.001)
    np.testing.assert_allclose(log_mel(sound.astype(np.float32)), expected, rtol=0, atol=0.02)
