"""The table of all answers."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from labels.metrics.evaluations import best, clips, evaluation_of, timed
from vidlabel.labels.metrics.evaluation import Evaluation, Predictions
from vidlabel.labels.result import Segment
from vidlabel.report.predictions import prediction_lines


def rows(evaluation: Evaluation) -> list[dict[str, str]]:
    return list(csv.DictReader("".join(prediction_lines(evaluation)).splitlines()))


def test_clips_have_a_row_each() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)
    found = rows(evaluation_of(clips([0, 1, 1], ("a", "b")), best(scores)))
    assert [(row["video"], row["truth"], row["predicted"], row["score"]) for row in found] == [
        ("0.mp4", "a", "a", "0.9000"),
        ("1.mp4", "b", "b", "0.6000"),
        ("2.mp4", "b", "a", "0.7000"),
    ]


def test_several_labels_of_a_clip_stand_in_one_row() -> None:
    tested = replace(clips([0], ("a", "b")), single=False, targets=np.array([[True, True]]))
    answers = Predictions(np.array([[0.9, 0.2]], np.float32), np.array([[True, False]]), ())
    row = rows(evaluation_of(tested, answers))[0]
    assert (row["truth"], row["predicted"], row["score"]) == ("a|b", "a", "0.9000")


def test_segments_stand_beside_what_was_true() -> None:
    truth = [Segment(0, 4, "a", 1), Segment(6, 8, "b", 1)]
    told = [Segment(2, 5, "b", 0.8), Segment(6, 7, "b", 0.9), Segment(8, 9, "a", 0.7)]
    found = rows(evaluation_of(*timed(truth, told, 10)))
    assert [(row["start"], row["truth"], row["predicted"]) for row in found] == [
        ("0.000", "a", ""),
        ("2.000", "a", "b"),
        ("6.000", "b", "b"),
        ("8.000", "", "a"),
    ]


def test_a_clip_of_which_nothing_is_told_has_the_highest_score() -> None:
    tested = replace(clips([0], ("a", "b")), single=False, targets=np.array([[False, False]]))
    answers = Predictions(np.array([[0.3, 0.2]], np.float32), np.array([[False, False]]), ())
    row = rows(evaluation_of(tested, answers))[0]
    assert (row["truth"], row["predicted"], row["score"], row["start"]) == ("", "", "0.3000", "")


SEGMENTS = st.lists(st.tuples(st.integers(0, 8), st.integers(1, 4), st.sampled_from("ab")), max_size=5)


@given(SEGMENTS, SEGMENTS)
def test_every_segment_stands_there_once(true: list[tuple[int, int, str]], told: list[tuple[int, int, str]]) -> None:
    truth, answers = (
        [Segment(start, start + length, label, 1.0) for start, length, label in segments] for segments in (true, told)
    )
    found = rows(evaluation_of(*timed(truth, answers, 12)))
    predicted = [(float(row["start"]), float(row["end"]), row["predicted"]) for row in found if row["predicted"]]
    assert sorted(predicted) == sorted((one.start, one.end, one.label) for one in answers)
    seconds = [{(n, one.label) for n in range(int(one.start), int(one.end))} for one in truth]
    said = {(n, one.label) for one in answers for n in range(int(one.start), int(one.end))}
    missed = sorted((one.start, one.label) for one, own in zip(truth, seconds, strict=True) if not own & said)
    assert sorted((float(row["start"]), row["truth"]) for row in found if not row["predicted"]) == missed
