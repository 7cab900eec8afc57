"""Cohen's kappa is that of scikit-learn on every millisecond."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from vidlabel.labels.metrics.kappa import cohens_kappa, confused_time
from vidlabel.labels.result import Segment

DURATION_MS = 60
PIECES = st.lists(st.tuples(st.integers(0, DURATION_MS - 1), st.integers(1, 30), st.sampled_from("abc")), max_size=6)


def segments(pieces: list[tuple[int, int, str]]) -> list[Segment]:
    return [
        Segment(start / 1000, min(start + length, DURATION_MS) / 1000, label, 1.0) for start, length, label in pieces
    ]


def each_millisecond(pieces: list[tuple[int, int, str]]) -> list[str]:
    """The labels that hold at each millisecond, found by looking at all segments."""
    return [
        "+".join(sorted({label for start, length, label in pieces if start <= time < start + length}))
        for time in range(DURATION_MS)
    ]


@settings(max_examples=30)  # scikit-learn takes 3 ms for each
@given(PIECES, PIECES)
def test_it_is_that_of_scikit_learn(truth: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]]) -> None:
    first, second = each_millisecond(truth), each_millisecond(predicted)
    found = cohens_kappa(confused_time(segments(truth), segments(predicted), DURATION_MS / 1000))
    if len({*first, *second}) == 1:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(cohen_kappa_score(first, second), abs=1e-12)


def test_a_value_by_hand() -> None:
    # 4 s of 10 s true, 3 s of them found and 1 s besides: agreed 8 of 10, by chance 0.4 * 0.4 + 0.6 * 0.6 = 0.52.
    confused = confused_time([Segment(0, 4, "a", 1.0)], [Segment(1, 5, "a", 0.5)], 10)
    assert cohens_kappa(confused) == pytest.approx((0.8 - 0.52) / 0.48)


def test_videos_are_added() -> None:
    first = confused_time([Segment(0, 1, "a", 1.0)], [], 2)
    second = confused_time([Segment(0, 1, "a", 1.0)], [Segment(0, 1, "a", 1.0)], 2)
    # 4 s: true 2, predicted 1, agreed 3; by chance 2/4 * 1/4 + 2/4 * 3/4 = 0.5
    assert cohens_kappa(first + second) == pytest.approx((0.75 - 0.5) / 0.5)


def test_no_time_has_no_kappa() -> None:
    assert math.isnan(cohens_kappa(Counter()))
    assert math.isnan(cohens_kappa(confused_time([], [], 5.0)))
