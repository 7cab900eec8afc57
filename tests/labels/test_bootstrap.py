from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.labels.bootstrap import Interval, bootstrap_interval

VALUES = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 5.0])
GROUPS = ["a", "a", "b", "b", "b", "c"]


def mean(items: npt.NDArray[np.intp]) -> float:
    return float(VALUES[items].mean())


def test_same_seed_gives_the_same_interval() -> None:
    assert bootstrap_interval(mean, GROUPS, seed=3) == bootstrap_interval(mean, GROUPS, seed=3)
    assert bootstrap_interval(mean, GROUPS, seed=3, resamples=50) != bootstrap_interval(
        mean, GROUPS, seed=4, resamples=50
    )


def test_groups_are_drawn_whole() -> None:
    drawn: list[list[int]] = []

    def record(items: npt.NDArray[np.intp]) -> float:
        drawn.append(sorted(items.tolist()))
        return 0.0

    bootstrap_interval(record, GROUPS, resamples=200)
    whole = {"a": [0, 1], "b": [2, 3, 4], "c": [5]}
    possible = [sorted(whole[x] + whole[y] + whole[z]) for x in whole for y in whole for z in whole]
    assert len(drawn) == 200
    assert all(items in possible for items in drawn)
    assert {tuple(items) for items in drawn} == {tuple(items) for items in possible}


def test_interval_of_a_mean_is_near_the_one_of_the_normal_distribution() -> None:
    sample = np.random.default_rng(0).normal(10.0, 2.0, 400)
    found = bootstrap_interval(lambda items: float(sample[items].mean()), [str(i) for i in range(400)], resamples=4000)
    half = 1.96 * sample.std() / np.sqrt(400)
    assert (found.low, found.high) == pytest.approx((sample.mean() - half, sample.mean() + half), abs=0.02)


def test_wider_confidence_gives_a_wider_interval() -> None:
    narrow, wide = (bootstrap_interval(mean, GROUPS, confidence=share) for share in (0.5, 0.99))
    assert wide.low <= narrow.low <= narrow.high <= wide.high
    assert wide.high - wide.low > narrow.high - narrow.low


def test_one_group_tells_nothing() -> None:
    found = bootstrap_interval(mean, ["a"] * 6)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_draws_without_a_figure_are_left_out() -> None:
    found = bootstrap_interval(lambda items: 1.0 if 5 in items else math.nan, GROUPS)
    assert found == Interval(1.0, 1.0)
    assert math.isnan(bootstrap_interval(lambda _: math.nan, GROUPS).low)
