from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.labels.result import Segment
from vidlabel.labels.segmentation import MultiLabelBuilder, SegmentBuilder, SingleLabelBuilder, cut_holes, keep_top

LABELS = ("a", "b", "c")


@dataclass(frozen=True)
class Case:
    """Samples on a grid of quarters of a second, so that all sums are exact."""

    times: list[float]
    scores: npt.NDArray[np.float64]
    thresholds: list[float]
    minimums: list[float]
    background: int | None
    end: float
    cuts: list[int]
    staying: list[float]
    gaps: list[float]

    def chunks(self) -> list[tuple[int, int]]:
        return list(pairwise([0, *self.cuts, len(self.times)]))

    def holds(self) -> list[tuple[float, float]]:
        """From when to when each sample holds."""
        return list(pairwise([*self.times, max(self.end, self.times[-1])]))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    quarters = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=24)))
    eighths = st.integers(0, 8).map(lambda n: n / 8)
    return Case(
        times=[n / 4 for n in quarters],
        scores=np.array(
            draw(st.lists(st.tuples(eighths, eighths, eighths), min_size=len(quarters), max_size=len(quarters)))
        ),
        thresholds=draw(st.lists(st.sampled_from([0.25, 0.5, 0.75]), min_size=3, max_size=3)),
        minimums=draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=3, max_size=3)),
        background=draw(st.sampled_from([None, 0, 2])),
        end=quarters[-1] / 4 + draw(st.integers(0, 8)) / 4,
        cuts=sorted(draw(st.lists(st.integers(0, len(quarters)), max_size=4))),
        staying=draw(st.lists(st.sampled_from([0.125, 0.25]), min_size=3, max_size=3)),
        gaps=draw(st.lists(st.sampled_from([0.0, 0.25, 0.75, 2.0]), min_size=3, max_size=3)),
    )


def built(kind: type[SegmentBuilder], case: Case) -> tuple[Segment, ...]:
    return finished(kind(LABELS, case.thresholds, case.minimums, background=case.background), case)


def finished(builder: SegmentBuilder, case: Case) -> tuple[Segment, ...]:
    for start, end in case.chunks():
        builder.push(case.times[start:end], case.scores[start:end].reshape(-1, 3))
    return builder.finish(case.end)


def stretches(holding: Sequence[object]) -> list[list[int]]:
    """Sample indices of each longest stretch with the same value, by hand."""
    found: list[list[int]] = []
    for index, value in enumerate(holding):
        if found and holding[found[-1][-1]] == value:
            found[-1].append(index)
        else:
            found.append([index])
    return found


def brute_force_multi(case: Case) -> list[Segment]:
    holds = case.holds()
    found = []
    for label in range(3):
        holding = [score >= case.thresholds[label] for score in case.scores[:, label]]
        for samples in stretches(holding):
            start, end = holds[samples[0]][0], holds[samples[-1]][1]
            if holding[samples[0]] and end > start and end - start >= case.minimums[label] and label != case.background:
                found.append(Segment(start, end, LABELS[label], float(np.mean(case.scores[samples, label]))))
    return sorted(found, key=lambda segment: (segment.start, segment.end, segment.label))


def brute_force_hysteresis(case: Case) -> list[Segment]:
    """Samples one by one, then stretches that are near each other as one."""
    times = case.holds()
    found = []
    for label in range(3):
        holding: list[bool] = []
        for score in case.scores[:, label]:
            needed = case.staying[label] if holding and holding[-1] else case.thresholds[label]
            holding.append(bool(score >= needed))
        joined: list[list[int]] = []
        for samples in stretches(holding):
            if not holding[samples[0]]:
                continue
            if joined and times[samples[0]][0] - times[joined[-1][-1]][1] <= case.gaps[label]:
                joined[-1] += samples
            else:
                joined.append(samples)
        for samples in joined:
            start, end = times[samples[0]][0], times[samples[-1]][1]
            if end > start and end - start >= case.minimums[label] and label != case.background:
                found.append(Segment(start, end, LABELS[label], float(np.mean(case.scores[samples, label]))))
    return sorted(found, key=lambda segment: (segment.start, segment.end, segment.label))


def brute_force_single(case: Case) -> list[Segment]:
    """Runs as lists of samples; flickers are taken out one by one, from the left."""
    holds = case.holds()
    best = [int(np.argmax(row)) for row in case.scores]
    holding = [
        label if row[label] >= case.thresholds[label] else None for label, row in zip(best, case.scores, strict=True)
    ]
    runs = [
        (holding[samples[0]], samples, holds[samples[0]][0], holds[samples[-1]][1]) for samples in stretches(holding)
    ]

    def is_long(run: tuple[int | None, list[int], float, float]) -> bool:
        return run[0] is None or run[3] - run[2] >= case.minimums[run[0]]

    position = 0
    while position + 2 < len(runs):
        before, flicker, after = runs[position : position + 3]
        touching = before[3] == flicker[2] and flicker[3] == after[2]
        if touching and before[0] == after[0] and is_long(before) and not is_long(flicker):
            runs[position : position + 3] = [(before[0], before[1] + after[1], before[2], after[3])]
        else:
            position += 1
    return [
        Segment(run[2], run[3], LABELS[run[0]], float(np.mean(case.scores[run[1], run[0]])))
        for run in runs
        if run[0] is not None and run[0] != case.background and is_long(run) and run[3] > run[2]
    ]


@given(cases())
def test_multi_label_segments_are_those_found_by_hand(case: Case) -> None:
    assert_same(built(MultiLabelBuilder, case), brute_force_multi(case))


@given(cases())
def test_labels_that_go_on_more_easily_than_they_begin_are_those_found_by_hand(case: Case) -> None:
    builder = MultiLabelBuilder(
        LABELS,
        case.thresholds,
        case.minimums,
        background=case.background,
        staying_thresholds=case.staying,
        closed_gaps_s=case.gaps,
    )
    assert_same(finished(builder, case), brute_force_hysteresis(case))


@pytest.mark.parametrize("rules", [{"staying_thresholds": [0.6]}, {"closed_gaps_s": [0.0, 0.0]}])
def test_rules_of_going_on_that_do_not_fit_are_refused(rules: dict[str, list[float]]) -> None:
    with pytest.raises(ValueError, match=r"staying threshold lies above|differ in number"):
        MultiLabelBuilder(["a"], [0.5], [0.0], **rules)  # type: ignore[arg-type]


@given(cases())
def test_single_label_segments_are_those_found_by_hand(case: Case) -> None:
    assert_same(built(SingleLabelBuilder, case), brute_force_single(case))


def assert_same(segments: Sequence[Segment], wanted: Sequence[Segment]) -> None:
    assert [(s.start, s.end, s.label) for s in segments] == [(s.start, s.end, s.label) for s in wanted]
    assert [s.score for s in segments] == pytest.approx([s.score for s in wanted], abs=1e-12)


@given(cases())
def test_single_label_segments_do_not_overlap(case: Case) -> None:
    assert all(first.end <= second.start for first, second in pairwise(built(SingleLabelBuilder, case)))


@pytest.mark.parametrize("kind", [SingleLabelBuilder, MultiLabelBuilder])
@given(
    scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=40), cuts=st.lists(st.integers(0, 40), max_size=5)
)
def test_chunks_make_no_difference_to_the_last_bit(
    kind: type[SegmentBuilder], scores: list[float], cuts: list[int]
) -> None:
    times = np.arange(len(scores)) / 3
    column = np.array(scores, dtype=np.float32)[:, None]
    whole = kind(["a"], [0.3], [0.5])
    whole.push(times, column)
    pieces = kind(["a"], [0.3], [0.5])
    for start, end in pairwise([0, *sorted(cuts), 40]):
        pieces.push(times[start:end], column[start:end])
    assert pieces.finish(14.0) == whole.finish(14.0)


def single(path: str, minimums: dict[str, float], background: int | None = None) -> list[tuple[float, float, str]]:
    """Segments of a label a second, `aab-` for two of a, one of b, one of nothing; `.` for a second without sample."""
    labels = tuple("abc")
    durations = [minimums.get(label, 0.0) for label in labels]
    builder = SingleLabelBuilder(labels, [0.5] * 3, durations, background=background)
    for time, letter in enumerate(path):
        if letter != ".":
            builder.push([time], [[0.9 if letter == label else 0.1 for label in labels]])
    return [(segment.start, segment.end, segment.label) for segment in builder.finish(len(path))]


def test_flicker_does_not_interrupt_a_label_that_has_held() -> None:
    assert single("aaabaa", {"a": 2, "b": 2}) == [(0, 6, "a")]


def test_without_a_minimum_every_sample_is_a_segment() -> None:
    assert single("aabaa", {}) == [(0, 2, "a"), (2, 3, "b"), (3, 5, "a")]


def test_flickers_before_a_label_has_held_are_left_out() -> None:
    assert single("ababaa", {"a": 2, "b": 2}) == [(4, 6, "a")]


def test_two_flickers_in_a_row_interrupt() -> None:
    assert single("aaabcaaa", {"b": 2, "c": 2}) == [(0, 3, "a"), (5, 8, "a")]


def test_time_below_the_threshold_interrupts() -> None:
    assert single("aaa-aaa", {"a": 2}) == [(0, 3, "a"), (4, 7, "a")]


def test_background_is_never_shown_and_its_flickers_do_not_interrupt() -> None:
    assert single("bbaabaabb", {"b": 2}, background=1) == [(2, 7, "a")]


def test_a_sample_holds_until_the_next_one_and_the_last_to_the_end() -> None:
    assert single("aa...aa", {}) == [(0, 7, "a")]
    assert single("aa..", {}) == [(0, 4, "a")]


def test_score_is_the_mean_of_the_samples_where_the_label_holds() -> None:
    builder = MultiLabelBuilder(["a"], [0.5], [0.0])
    builder.push([0.0, 1.0, 2.0, 3.0], [[0.5], [0.75], [0.25], [1.0]])
    assert builder.finish(4.0) == (Segment(0.0, 2.0, "a", 0.625), Segment(3.0, 4.0, "a", 1.0))


def test_minimum_duration_is_met_although_seconds_are_not_exact_in_binary() -> None:
    assert 2.3 - 1.3 < 1.0
    builder = MultiLabelBuilder(["a"], [0.5], [1.0])
    builder.push([1.3, 2.3], [[1.0], [0.0]])
    assert builder.finish(3.0) == (Segment(1.3, 2.3, "a", 1.0),)


def test_times_are_given_to_the_millisecond_and_what_vanishes_is_left_out() -> None:
    builder = MultiLabelBuilder(["a"], [0.5], [0.0])
    builder.push([1 / 3, 2 / 3, 1.0], [[1.0], [0.0], [1.0]])
    assert builder.finish(1.0004) == (Segment(0.333, 0.667, "a", 1.0),)


def test_score_a_hair_above_one_is_one() -> None:
    builder = SingleLabelBuilder(["a"], [0.5], [0.0])
    builder.push([0.0], np.array([[1.0000001]], dtype=np.float32))
    assert builder.finish(1.0)[0].score == 1.0


def test_no_samples_give_no_segments() -> None:
    assert SingleLabelBuilder(["a"], [0.5], [0.0]).finish(0.0) == ()


def test_first_of_equal_scores_is_the_best() -> None:
    builder = SingleLabelBuilder(["b", "a"], [0.5, 0.5], [0.0, 0.0])
    builder.push([0.0], [[0.5, 0.5]])
    assert builder.finish(1.0) == (Segment(0.0, 1.0, "b", 0.5),)


@pytest.mark.parametrize(
    ("times", "scores", "message"),
    [
        ([0.0, 0.0], [[0.5], [0.5]], "increase"),
        ([0.0], [[0.5, 0.5]], "fit"),
        ([0.0, 1.0], [[0.5]], "fit"),
        ([0.0], [[math.nan]], "finite"),
        ([math.inf], [[0.5]], "finite"),
    ],
)
def test_samples_that_cannot_be_are_refused(times: list[float], scores: list[list[float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MultiLabelBuilder(["a"], [0.5], [0.0]).push(times, scores)


def test_times_must_increase_across_chunks() -> None:
    builder = MultiLabelBuilder(["a"], [0.5], [0.0])
    builder.push([1.0], [[0.5]])
    with pytest.raises(ValueError, match="increase"):
        builder.push([1.0], [[0.5]])


def test_settings_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="2, 1, 1"):
        MultiLabelBuilder(["a", "b"], [0.5], [0.0])
    with pytest.raises(ValueError, match="no label 1"):
        MultiLabelBuilder(["a"], [0.5], [0.0], background=1)


SHOW = (Segment(0, 3, "walk", 0.5), Segment(3, 4, "fall", 0.9), Segment(4, 5, "sit", 0.9), Segment(5, 6, "eat", 0.9))


def test_keep_top_takes_the_labels_with_the_most_time_then_score_then_name() -> None:
    assert [segment.label for segment in keep_top(SHOW, 1)] == ["walk"]
    assert [segment.label for segment in keep_top(SHOW, 2)] == ["walk", "eat"]
    assert [segment.label for segment in keep_top(SHOW, 3)] == ["walk", "fall", "eat"]
    assert keep_top(SHOW, 9) == SHOW


def test_keep_top_adds_up_time_without_rounding_errors() -> None:
    pieces = [Segment(start, start + 0.1, "a", 0.5) for start in (0.0, 1.0, 2.0)]
    one = Segment(3.0, 3.3, "b", 0.6)
    assert keep_top([*pieces, one], 1) == (one,)


def test_keep_top_of_none_is_refused() -> None:
    with pytest.raises(ValueError, match="not 0"):
        keep_top(SHOW, 0)


def test_a_hole_in_the_middle_cuts_a_segment_in_two() -> None:
    assert cut_holes([Segment(1.0, 9.0, "dog", 0.5)], [(3.0, 4.0), (8.5, 20.0)]) == (
        Segment(1.0, 3.0, "dog", 0.5),
        Segment(4.0, 8.5, "dog", 0.5),
    )


def test_without_holes_nothing_changes() -> None:
    segments = (Segment(0.0, 1.0, "a", 1.0), Segment(0.5, 2.0, "b", 0.1))
    assert cut_holes(segments, []) == segments
    assert cut_holes(segments, [(2.0, 3.0)]) == segments


tenths = st.integers(0, 100)
spans = st.tuples(tenths, tenths).map(sorted).filter(lambda span: span[0] < span[1])


@given(spans, st.lists(tenths, max_size=8, unique=True).map(sorted))
def test_what_is_left_is_the_segment_without_the_holes(segment: list[int], edges: list[int]) -> None:
    holes = list(zip(edges[::2], edges[1::2], strict=False))
    pieces = cut_holes([Segment(segment[0] / 10, segment[1] / 10, "a", 0.5)], [(a / 10, b / 10) for a, b in holes])
    for tenth in range(101):
        seen = segment[0] <= tenth < segment[1] and not any(a <= tenth < b for a, b in holes)
        assert any(round(p.start * 10) <= tenth < round(p.end * 10) for p in pieces) == seen
