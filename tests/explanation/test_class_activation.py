"""Class activation maps are the very score, and are hot where the picture differs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from vidlabel.explanation.class_activation import ActivationMaps, between_cells
from vidlabel.explanation.picture_evidence import hottest_place
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.streams.pictures import Picture

SIDE = 224
SQUARE = 84


@cache
def maps() -> ActivationMaps:
    return ActivationMaps(FeatureConfig())


def with_square(top: int, left: int) -> Picture:
    """Checks before grey."""
    picture = np.full((SIDE, SIDE, 3), 120, np.uint8)
    rows, columns = np.indices((SQUARE, SQUARE)) // 7
    picture[top : top + SQUARE, left : left + SQUARE] = ((rows + columns) % 2 * 255)[..., None]
    return picture


def test_the_mean_of_a_map_is_what_the_feature_adds() -> None:
    generator = np.random.default_rng(0)
    picture = generator.integers(0, 255, (128, 160, 3), dtype=np.uint8)
    gradient, baseline = generator.normal(size=(2, 1280)).astype(np.float32)
    feature = load_encoder(runtime="torch").encode(picture[None])[0]
    cells = maps().cells(picture, gradient, baseline)
    assert cells.shape == (4, 5)
    assert cells.mean() == pytest.approx(float(gradient @ (feature - baseline)), abs=2e-3)


@pytest.mark.parametrize(("top", "left"), [(20, 10), (130, 100)])
def test_the_hottest_place_lies_on_the_square_that_makes_the_difference(top: int, left: int) -> None:
    """The score is what the square adds to the features of the picture without it."""
    encoder = load_encoder(runtime="torch")
    shown, empty = encoder.encode(np.stack([with_square(top, left), np.full((SIDE, SIDE, 3), 120, np.uint8)]))
    heat = maps().heat(with_square(top, left), (shown - empty).clip(0), empty)
    assert heat.shape == (SIDE, SIDE)
    row, column = hottest_place(heat)
    assert top <= row < top + SQUARE
    assert left <= column < left + SQUARE


def test_the_heat_of_a_mirrored_picture_is_mirrored() -> None:
    """What cells see further on one side than on the other is even over both."""
    gradient, baseline = np.random.default_rng(0).normal(size=(2, 1280)).astype(np.float32)
    picture = with_square(40, 30)
    heat, mirrored = (maps().heat(one, gradient, baseline) for one in (picture, picture[:, ::-1]))
    np.testing.assert_allclose(mirrored[:, ::-1], heat, atol=1e-5 * float(np.ptp(heat)))


def test_the_edge_of_a_picture_is_no_evidence_of_streaks() -> None:
    """Noise all over, and a score for streaks: pixels of the edge that are repeated outwards would be streaks."""
    noise = np.random.default_rng(0).normal(120, 30, (SIDE, SIDE, 1)).clip(0, 255).astype(np.uint8).repeat(3, axis=2)
    streaks = np.repeat(noise[:1], SIDE, axis=0)
    of_streaks, of_noise = load_encoder(runtime="torch").encode(np.stack([streaks, noise]))
    heat = maps().heat(noise, (of_streaks - of_noise).clip(0), of_noise)
    inside = heat[60:160, 60:160].mean()
    for edge in (heat[:8], heat[-8:], heat[:, :8], heat[:, -8:]):
        assert edge.mean() < inside


def test_what_lies_beyond_the_edge_is_not_hot() -> None:
    heat = np.zeros((SIDE, SIDE), np.float32)
    heat[:12, 90:130] = 1  # if it went on beyond the edge, more heat than in the square
    heat[120:180, 120:180] = 0.4
    row, column = hottest_place(heat)
    assert 120 <= row < 180
    assert 120 <= column < 180


def test_the_hottest_place_is_one_that_is_hot_all_around() -> None:
    """Not the edge of something, however hot it is."""
    heat = np.zeros((SIDE, 2 * SIDE), np.float32)
    heat[100:180, 260:340] = 1
    heat[20:24, 20:24] = 3
    row, column = hottest_place(heat)
    assert abs(row - 140) < 8
    assert abs(column - 300) < 8
    assert hottest_place(np.zeros((40, 60), np.float32)) == (20, 30)


def test_between_the_middles_of_two_cells_heat_is_linear() -> None:
    shares = between_cells(2, 8, first=2.5, step=4)
    np.testing.assert_allclose(shares[:, 1], [0, 0, 0, 0.25, 0.5, 0.75, 1, 1])
    np.testing.assert_allclose(shares.sum(axis=1), 1)
