"""Patches cover all of a picture and nothing beside them; ranks are those of statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from vidlabel.explanation.patch_occlusion import PatchGrid, picture_grid, rank_correlation


def test_patches_are_twice_their_step_and_end_at_the_edges() -> None:
    grid = PatchGrid(40, 60, rows=4, columns=6)
    patches = list(grid.patches())
    assert patches[0] == (slice(0, 15), slice(0, 15))
    assert patches[7] == (slice(5, 25), slice(5, 25))
    assert patches[-1] == (slice(25, 40), slice(45, 60))
    assert grid.middle(1, 1) == (15, 15)


@pytest.mark.parametrize("size", [(224, 224), (224, 398), (398, 224), (32, 1000), (224, 225), (33, 32)])
def test_every_pixel_is_covered_and_the_number_of_patches_is_bounded(size: tuple[int, int]) -> None:
    grid = picture_grid(*size)
    covered = np.zeros(size, int)
    for patch in grid.patches():
        covered[patch] += 1
    assert covered.min() >= 1
    assert grid.rows * grid.columns <= 7 * 14
    assert min(grid.rows, grid.columns) == 7


def test_a_copy_has_one_patch_filled_and_the_rest_as_it_was() -> None:
    picture = np.random.default_rng(0).integers(0, 200, (40, 60, 3), dtype=np.uint8)
    kept = picture.copy()
    grid = PatchGrid(40, 60, rows=4, columns=6)
    for copy, patch in zip(grid.covered(picture, np.array([201, 202, 203], np.uint8)), grid.patches(), strict=True):
        changed = (copy != picture).any(axis=2)
        assert (copy[patch] == (201, 202, 203)).all()
        assert changed[patch].all()
        assert changed.sum() == changed[patch].size
    np.testing.assert_array_equal(picture, kept)


def test_rank_correlation_by_hand_and_as_pandas_has_it() -> None:
    # Ranks 0, 1.5, 1.5, 3 and 1, 0, 2, 3: their products sum to 3, their squares to 4.5 and 5.
    assert rank_correlation(np.array([1.0, 2, 2, 9]), np.array([5.0, 4, 6, 7])) == pytest.approx(3 / (4.5 * 5) ** 0.5)
    generator = np.random.default_rng(1)
    one, other = generator.integers(0, 9, 40).astype(float), generator.normal(size=40)
    expected = pd.DataFrame({"one": one, "other": other}).corr(method="spearman").loc["one", "other"]
    assert rank_correlation(one.reshape(5, 8), other.reshape(5, 8)) == pytest.approx(expected)
    assert rank_correlation(np.ones(4), np.arange(4.0)) is None
