"""Rows against the length of their video and each other: by hand, and overlaps against a search of all pairs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.labels.annotations import Annotation
from vidlabel.training.dataset.row_checks import (
    end_problems,
    label_overlaps,
    label_problem,
    label_problems,
    repeated_label_problems,
)


def row(start: float | None, end: float | None, label: str = "a", line: int = 2) -> Annotation:
    return Annotation("v.mp4", start, end, label, line=line)


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("red first", None),
        ("x" * 200, None),
        ("x" * 201, "is longer than 200"),
        ("red\x07", "cannot be printed"),
        ("\u202ered", "cannot be printed"),
    ],
)
def test_labels_that_no_model_can_have(label: str, problem: str | None) -> None:
    found = label_problem(label)
    assert (found is None) == (problem is None)
    assert problem is None or (found is not None and problem in found)


def test_each_wrong_label_is_told_once_at_its_first_line() -> None:
    rows = [row(0, 1, "good"), row(1, 2, "b\x07", 3), row(2, 3, "y" * 300, 4), row(4, 5, "b\x07", 5)]
    assert [problem.line for problem in label_problems(rows)] == [3, 4]


def test_rows_may_end_a_second_after_their_video() -> None:
    rows = [row(8, 11, line=2), row(8, 11.01, line=3), row(9.999, 10.5, line=4), row(10, 10.5, line=5), row(None, None)]
    problems = end_problems(rows, 10.0)
    assert [problem.line for problem in problems] == [3, 5]
    assert problems[0].problem == "end 11.01 lies beyond the end of 'v.mp4', which lasts 10.000 s"
    assert problems[1].problem.startswith("start 10 lies beyond the end")


def test_a_label_twice_at_one_time_is_a_mistake() -> None:
    rows = [row(0, 5, line=2), row(4.8, 9, line=3), row(8.95, 12, line=4), row(3, 4, "b", 5)]
    (problem,) = repeated_label_problems(rows)
    assert (problem.line, problem.problem) == (3, "overlaps line 2, which has 'a' for 0 to 5 s already")
    (problem,) = repeated_label_problems([row(None, None, line=2), row(3, 4, line=3)])
    assert problem.problem == "overlaps line 2, which has 'a' for the whole video already"


def test_a_label_of_the_whole_video_overlaps_all_others() -> None:
    rows = [row(3, 4, "b", 2), row(None, None, "a", 3), row(None, None, "c", 4)]
    pairs = {(found.first.label, found.second.label) for found in label_overlaps(rows)}
    assert pairs == {("a", "c"), ("a", "b"), ("c", "b")}


TIMES = st.tuples(st.integers(0, 300), st.integers(1, 60)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(TIMES, max_size=9))
def test_overlaps_are_all_pairs_that_share_more_than_a_tenth(times: list[tuple[int, int]]) -> None:
    # Whole hundredths of a second, so that sums are exact: 0.10 s is no overlap, 0.11 s is one.
    rows = [row(start / 100, end / 100, str(n), n) for n, (start, end) in enumerate(times)]
    expected = set()
    for n, (start, end) in enumerate(times):
        for m in range(n):
            common = min(end, times[m][1]) - max(start, times[m][0])
            shorter = min(end - start, times[m][1] - times[m][0])
            if common > 10 or (common > 0 and common == shorter):
                expected.add(frozenset((n, m)))
    found = label_overlaps(rows)
    borderline = {
        frozenset((n, m))
        for n, (start, end) in enumerate(times)
        for m in range(n)
        if min(end, times[m][1]) - max(start, times[m][0]) == 10
    }
    assert {frozenset((one.first.line, one.second.line)) for one in found} - borderline == expected - borderline
    assert all((one.first.start or 0) <= (one.second.start or 0) for one in found)
