"""One channel of floats, worked out by hand."""

from __future__ import annotations

import math

import av
import numpy as np
import pytest

from vidlabel.video.sound.downmix import to_mono

HALF = math.sqrt(0.5)


def frame(channels: list[float], layout: str, kind: str = "flt") -> av.AudioFrame:
    """Two samples, the second of them the first one halved."""
    samples = np.array([channels, [value / 2 for value in channels]], np.float32)
    return av.AudioFrame.from_ndarray(samples.reshape(1, -1), kind, layout)


@pytest.mark.parametrize(
    ("layout", "channels", "mono"),
    [
        ("mono", [0.5], 0.5),
        ("stereo", [0.5, 0.25], 0.375),
        ("stereo", [0.5, -0.5], 0.0),
        ("5.1", [0, 0, 0.5, 0, 0, 0], 0.5 * HALF),  # the centre, where speech is
        ("5.1", [0.5, 0.5, 0, 0, 0, 0], 0.5),
        ("5.1", [0, 0, 0, 0.5, 0, 0], 0.0),  # low frequencies alone
        ("5.1", [0, 0, 0, 0, 0.5, 0.5], 0.5 * HALF),
        ("quad", [0.5, 0.5, 0.5, 0.5], 0.5 + 0.5 * HALF),
        ("hexagonal", [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 0.5 + 0.5 * HALF + 0.5 * HALF + 0.25),
        ("octagonal", [0.6, 0.5, 0.4, 0.5, 0.5, 0.5, 0.5, 0.5], None),
        ("downmix", [0.5, 0.25], 0.375),  # channels of unknown places: their mean
    ],
)
def test_channels_are_mixed_as_the_standard_says(layout: str, channels: list[float], mono: float | None) -> None:
    found = to_mono(frame(channels, layout))
    assert found.dtype == np.float32
    if mono is None:
        mono = 0.5 * 1.1 + HALF * 0.4 + 0.5 * 0.5 + 0.5 * HALF * 2.0
    np.testing.assert_allclose(found, [mono, mono / 2], atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "stored", "expected"),
    [
        ("u8", np.array([[0, 128, 192]], np.uint8), [-1.0, 0.0, 0.5]),
        ("s16", np.array([[-32768, 0, 16384]], np.int16), [-1.0, 0.0, 0.5]),
        ("s32", np.array([[-(2**31), 0, 2**30]], np.int32), [-1.0, 0.0, 0.5]),
        ("flt", np.array([[-1, 0, 0.5]], np.float32), [-1.0, 0.0, 0.5]),
        ("dbl", np.array([[-1, 0, 0.5]], np.float64), [-1.0, 0.0, 0.5]),
        ("s16p", np.array([[-32768, 0, 16384]], np.int16), [-1.0, 0.0, 0.5]),
        ("flt", np.array([[np.nan, np.inf, -np.inf]], np.float32), [0.0, 0.0, 0.0]),
    ],
)
def test_full_scale_is_one_in_every_format(kind: str, stored: np.ndarray, expected: list[float]) -> None:
    found = to_mono(av.AudioFrame.from_ndarray(stored, kind, "mono"))
    assert found.dtype == np.float32
    assert found.tolist() == expected


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_separate_channels_give_the_same_bytes_as_interleaved_ones(layout: str) -> None:
    """What most codecs give is read without copies of its channels."""
    samples = np.random.default_rng(1).normal(0, 0.3, (len(av.AudioLayout(layout).channels), 1024)).astype(np.float32)
    samples[0, 3:5] = np.nan, np.inf
    interleaved = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T).reshape(1, -1), "flt", layout)
    separate = av.AudioFrame.from_ndarray(samples, "fltp", layout)
    assert to_mono(separate).tobytes() == to_mono(interleaved).tobytes()
    assert to_mono(separate)[3:5].tolist() == [0, 0]
