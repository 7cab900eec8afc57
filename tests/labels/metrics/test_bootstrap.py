from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from vidlabel.labels.metrics.bootstrap import Interval, group_draws, percentile_interval

GROUPS = ["a", "a", "b", "b", "b", "c"]


def test_same_seed_gives_the_same_draws() -> None:
    first, again, other = (group_draws(GROUPS, resamples=50, seed=seed) for seed in (3, 3, 4))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.tolist() == again.tolist() != other.tolist()


def test_groups_are_drawn_whole() -> None:
    draws = group_draws(GROUPS, resamples=200)
    assert draws is not None
    assert draws.shape == (200, 6)
    drawn = {tuple(draw) for draw in draws.tolist()}
    # Three draws of three groups: how often a, b and c come adds up to 3.
    possible = {(a, a, b, b, b, 3 - a - b) for a in range(4) for b in range(4 - a)}
    assert drawn == possible


def test_the_interval_of_a_mean_is_near_the_one_of_the_normal_distribution() -> None:
    sample = np.random.default_rng(0).normal(10.0, 2.0, 400)
    draws = group_draws([str(number) for number in range(400)], resamples=4000)
    assert draws is not None
    found = percentile_interval(draws @ sample / draws.sum(axis=1))
    half = 1.96 * sample.std() / np.sqrt(400)
    assert (found.low, found.high) == pytest.approx((sample.mean() - half, sample.mean() + half), abs=0.02)


def test_an_interval_holds_its_share_of_the_figures() -> None:
    figures = np.arange(101.0)
    assert astuple(percentile_interval(figures, 0.5)) == pytest.approx((25.0, 75.0))
    assert astuple(percentile_interval(figures, 0.9)) == pytest.approx((5.0, 95.0))


def test_one_group_gives_no_draws() -> None:
    assert group_draws(["a"] * 6) is None


def test_draws_without_a_figure_are_left_out() -> None:
    assert percentile_interval(np.array([math.nan, 1.0, math.nan, 1.0])) == Interval(1.0, 1.0)
    assert math.isnan(percentile_interval(np.array([math.nan])).low)
