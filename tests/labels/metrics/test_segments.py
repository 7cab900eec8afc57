from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.errors import UsageError
from vidlabel.labels.metrics.segments import (
    Counts,
    SegmentMetrics,
    edit_score,
    event_recall,
    matched_counts,
    segment_metrics,
)
from vidlabel.labels.result import Segment


def track(*parts: tuple[str, float, float]) -> list[Segment]:
    return [Segment(start, end, label, 1.0) for label, start, end in parts]


def compare(truth: list[Segment], predicted: list[Segment], background: str | None = None) -> SegmentMetrics:
    return segment_metrics({"v": truth}, {"v": predicted}, background=background, averaging="per video")


HAND_TRUTH = track(("A", 0, 10), ("B", 10, 11), ("A", 11, 20))
HAND_PREDICTION = track(("A", 0, 4), ("B", 4, 5), ("A", 5, 14), ("B", 14, 20))


def test_best_match_that_is_taken_is_not_replaced_by_the_second_best() -> None:
    found = compare(HAND_TRUTH, HAND_PREDICTION, background="B")
    assert found.counts[10] == Counts(1, 1, 1)
    assert (found.f1[10], found.edit) == (50.0, 100.0)


def test_background_counts_as_a_label_if_none_is_named() -> None:
    found = compare(HAND_TRUTH, HAND_PREDICTION, background=None)
    assert found.counts[10] == Counts(1, 3, 2)
    assert found.f1[10] == pytest.approx(28.5714, abs=1e-4)
    assert found.edit == 75.0


def test_result_names_its_rules() -> None:
    found = segment_metrics({"v": HAND_TRUTH, "w": []}, {}, background="B", averaging="pooled")
    assert (found.videos, found.background, found.averaging) == (2, "B", "pooled")


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.001, 1 / 3])
def test_overlap_of_exactly_the_threshold_is_a_match(scale: float) -> None:
    exact = track(("a", 0, 3 * scale), ("b", 3 * scale, 9 * scale))
    # a: 3 of 6, b: 3 of 6 seconds in common.
    found = compare(exact, track(("a", 0, 6 * scale), ("b", 6 * scale, 9 * scale)))
    assert found.counts[50] == Counts(2, 0, 0)


def test_overlap_a_millisecond_below_the_threshold_is_none() -> None:
    assert compare(track(("a", 0, 10)), track(("a", 0, 5))).counts[50] == Counts(1, 0, 0)
    assert compare(track(("a", 0, 10)), track(("a", 0, 4.999))).counts[50] == Counts(0, 1, 1)
    assert compare(track(("a", 0, 10)), track(("a", 9, 10))).counts[10] == Counts(1, 0, 0)
    assert compare(track(("a", 0, 10)), track(("a", 9.001, 10))).counts[10] == Counts(0, 1, 1)


def test_first_of_two_equal_overlaps_is_the_best() -> None:
    truth = track(("a", 0, 4), ("b", 4, 6), ("a", 6, 10))
    predicted = track(("a", 0, 10), ("c", 10, 12))
    assert compare(truth, predicted).counts[25] == Counts(1, 1, 2)
    # The first true segment is taken by the first prediction, and the second one's best is the same.
    twice = track(("a", 0, 3), ("a", 3.5, 9.5))
    assert compare(truth, twice).counts[10] == Counts(2, 0, 1)


PIECES = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9), st.sampled_from("ab")), max_size=9)


def apart(pieces: list[tuple[int, int, str]]) -> list[Segment]:
    """Those pieces that neither touch nor overlap an earlier one of their label."""
    kept: list[tuple[int, int, str]] = []
    for start, length, label in pieces:
        others = [(other, far) for other, far, its_label in kept if its_label == label]
        if all(start + length < other or other + far < start for other, far in others):
            kept.append((start, length, label))
    return [Segment(start, start + length, label, 1.0) for start, length, label in sorted(kept)]


def counted_by_definition(truth: list[Segment], predicted: list[Segment], overlap: int) -> int:
    """True positives, each predicted segment compared with every true one, in whole seconds."""
    free = set(range(len(truth)))
    for one in sorted(predicted, key=lambda one: (one.start, one.end, one.label)):
        overlaps = [
            Fraction(
                max(0, round(min(one.end, true.end) - max(one.start, true.start))) * (true.label == one.label),
                round(max(one.end, true.end) - min(one.start, true.start)),
            )
            for true in truth
        ]
        best = max(range(len(truth)), key=lambda place: overlaps[place], default=None)
        if best is not None and overlaps[best] >= Fraction(overlap, 100) and best in free:
            free.remove(best)
    return len(truth) - len(free)


@given(PIECES, PIECES)
def test_matches_are_those_of_comparing_all_with_all(
    first: list[tuple[int, int, str]], second: list[tuple[int, int, str]]
) -> None:
    truth, predicted = apart(first), apart(second)
    for overlap, counts in matched_counts(truth, predicted, background=None).items():
        found = counted_by_definition(truth, predicted, overlap)
        assert counts == Counts(found, len(predicted) - found, len(truth) - found)


def test_empty_sides() -> None:
    some = track(("a", 0, 1))
    both = compare([], [])
    assert (both.edit, both.f1[50], both.accuracy) == (100.0, 100.0, 100.0)
    assert math.isnan(both.accuracy_without_background)
    for found in (compare(some, []), compare([], some)):
        assert (found.edit, found.f1[50], found.accuracy) == (0.0, 0.0, 0.0)


def test_only_background_is_as_good_as_nothing() -> None:
    found = compare(track(("none", 0, 9)), [], background="none")
    assert (found.edit, found.f1[50], found.accuracy) == (100.0, 100.0, 100.0)


def test_segments_of_one_label_that_touch_or_overlap_are_one() -> None:
    pieces = track(("a", 2, 5), ("a", 0, 2), ("a", 4, 6))
    found = compare(track(("a", 0, 6)), pieces)
    assert (found.counts[50], found.edit, found.accuracy) == (Counts(1, 0, 0), 100.0, 100.0)


def test_accuracy_counts_time_with_the_same_labels() -> None:
    truth = track(("walk", 0, 6), ("fall", 6, 8), ("none", 8, 10))
    predicted = track(("walk", 0, 4), ("fall", 5, 7))
    found = compare(truth, predicted, background="none")
    # Right: walk 0-4, fall 6-7, nothing 8-10, of 10 s; of the 8 s with a label, 5.
    assert (found.accuracy, found.accuracy_without_background) == (70.0, 62.5)


def test_accuracy_of_labels_at_the_same_time_wants_all_of_them() -> None:
    truth = track(("sit", 0, 10), ("eat", 4, 8))
    predicted = track(("sit", 0, 10), ("eat", 6, 10))
    assert compare(truth, predicted).accuracy == 60.0


def test_averaging_over_videos_or_pooled() -> None:
    truth = {"long": track(("a", 0, 9)), "short": track(("a", 0, 1))}
    predicted = {"long": track(("a", 0, 9)), "short": track(("b", 0, 1))}
    by_video = segment_metrics(truth, predicted, background=None, averaging="per video")
    pooled = segment_metrics(truth, predicted, background=None, averaging="pooled")
    assert (by_video.accuracy, by_video.accuracy_without_background, by_video.f1[10]) == (50.0, 50.0, 50.0)
    assert (pooled.accuracy, pooled.accuracy_without_background, pooled.f1[10]) == (90.0, 90.0, 50.0)
    assert by_video.edit == pooled.edit == 50.0


def test_video_without_truth_is_refused() -> None:
    with pytest.raises(UsageError, match=r"^w: has predictions and no truth"):
        segment_metrics({"v": []}, {"w": []}, background=None, averaging="pooled")
    with pytest.raises(UsageError, match="holds no video"):
        segment_metrics({}, {}, background=None, averaging="pooled")


@pytest.mark.parametrize(
    ("first", "second", "score"),
    [
        ("abc", "abc", 100),
        ("", "", 100),
        ("a", "", 0),
        ("abcd", "abd", 75),
        ("ab", "ba", 0),
        ("kitten", "sitting", 400 / 7),
    ],
)
def test_edit_score_of_known_distances(first: str, second: str, score: float) -> None:
    assert edit_score(first, second) == pytest.approx(score)
    assert edit_score(second, first) == pytest.approx(score)


GRID = st.lists(st.sampled_from("abn"), min_size=1, max_size=30)


@given(GRID, GRID)
def test_accuracy_agrees_with_counting_samples(first: list[str], second: list[str]) -> None:
    length = min(len(first), len(second))
    true, guess = np.array(first[:length]), np.array(second[:length])
    found = compare(runs(first[:length]), runs(second[:length]), background="n")
    assert found.accuracy == pytest.approx(100 * np.mean(true == guess))
    labelled = true != "n"
    wanted = 100 * np.mean((true == guess)[labelled]) if labelled.any() else math.nan
    assert found.accuracy_without_background == pytest.approx(wanted, nan_ok=True)


def runs(samples: list[str]) -> list[Segment]:
    """A segment a second; those of one label that touch are one to the metrics."""
    return [Segment(second, second + 1, label, 1.0) for second, label in enumerate(samples)]


def test_event_recall_pairs_starts_within_the_tolerance() -> None:
    truth = {"v": track(("fall", 10, 11), ("fall", 20, 21), ("walk", 0, 9)), "w": track(("fall", 5, 6))}
    predicted = {"v": track(("fall", 10.5, 10.6), ("fall", 22.1, 23)), "w": track(("walk", 5, 6))}
    assert event_recall(truth, predicted, label="fall", tolerance_s=0.5).found == 1
    assert event_recall(truth, predicted, label="fall", tolerance_s=0.499).found == 0
    found = event_recall(truth, predicted, label="fall", tolerance_s=2.1)
    assert (found.found, found.events) == (2, 3)
    assert found.percent == pytest.approx(200 / 3)
    assert math.isnan(event_recall(truth, predicted, label="jump", tolerance_s=1).percent)


@given(*[st.lists(st.integers(0, 20), max_size=6)] * 2, st.integers(0, 5))
def test_event_recall_makes_as_many_pairs_as_possible(true: list[int], guessed: list[int], tolerance: int) -> None:
    def most_pairs(left: list[int], free: list[int]) -> int:
        if not left:
            return 0
        others = [
            most_pairs(left[1:], free[:i] + free[i + 1 :]) + 1
            for i, g in enumerate(free)
            if abs(g - left[0]) <= tolerance
        ]
        return max([most_pairs(left[1:], free), *others])

    truth = {"v": [Segment(start, start + 1, "a", 1.0) for start in true]}
    predicted = {"v": [Segment(start, start + 1, "a", 1.0) for start in guessed]}
    found = event_recall(truth, predicted, label="a", tolerance_s=tolerance)
    assert (found.found, found.events) == (most_pairs(true, guessed), len(true))
