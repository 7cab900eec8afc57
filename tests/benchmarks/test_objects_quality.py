"""How the benchmark of the models `objects` counts verdicts."""

from __future__ import annotations

import csv
from collections import Counter

import pytest

from objects_quality import JUDGED, Shown, describe, tally, wilson_interval
from vidlabel import Segment
from vidlabel.heads.model import load_model


# Limits of the method "score" in R. Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I.
@pytest.mark.parametrize(
    ("right", "judged", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_literature(right: int, judged: int, low: float, high: float) -> None:
    assert wilson_interval(right, judged) == pytest.approx((low, high), abs=5e-5)
    mirrored = wilson_interval(judged - right, judged)
    assert mirrored == pytest.approx((1 - high, 1 - low), abs=5e-5)


def test_unclear_and_unjudged_segments_do_not_count_in_the_precision() -> None:
    labels = ["cup"] * 2 + ["cat", "bed", "pen"]
    shown = [Shown("objects", "a.mp4", Segment(2.0 * n, 2.0 * n + 2, label, 0.5)) for n, label in enumerate(labels)]
    verdicts = {
        ("objects", "a.mp4", "cup"): "right",
        ("objects", "a.mp4", "cat"): "wrong",
        ("objects", "a.mp4", "bed"): "unclear",
        ("objects", "b.mp4", "pen"): "right",
        ("objects-coarse", "a.mp4", "pen"): "right",
    }
    counts = tally(shown, verdicts)
    assert describe(counts) == "2 right, 1 wrong, 1 unclear, 1 unjudged; precision 67% (21% to 94%)"


def test_without_a_verdict_there_is_no_precision() -> None:
    assert describe(Counter(unclear=3)) == "0 right, 0 wrong, 3 unclear, 0 unjudged"


def test_each_label_of_a_video_was_judged_once_and_with_a_reason() -> None:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    keys = [(row["model"], row["video"], row["label"]) for row in rows]
    assert keys == sorted(set(keys))
    assert {row["verdict"] for row in rows} == {"right", "wrong", "unclear"}
    assert all(row["reason"] for row in rows)
    for name in ("objects", "objects-coarse"):
        assert {row["label"] for row in rows if row["model"] == name} <= set(load_model(name).spec.labels)
