"""Metrics have names and are explained, those that are missing too."""

from __future__ import annotations

from dataclasses import replace

import pytest

from labels.metrics.evaluations import clips, timed
from vidlabel.labels.metrics.calculator import MetricCalculator
from vidlabel.labels.metrics.evaluation import METRIC_NAMES, METRICS, GroundTruth, metric_rules
from vidlabel.labels.result import Segment

CLIPS = clips([0, 1, 1], ("a", "b"))
TIMED, TOLD = timed([Segment(0, 4, "a", 1)], [Segment(1, 4, "a", 0.8)], 10)


def test_clips_say_why_figures_of_segments_are_missing() -> None:
    said = metric_rules(CLIPS, 1.0, with_mean=True)
    assert said["accuracy"] == "share of clips"
    assert said["missing"] == "step_accuracy, edit, f1@k and event_recall need labels with times"
    assert "step_accuracy" not in said
    assert "training part of each fold" in said["majority"]
    assert "trained the same way" in said["mean"]


def test_a_model_file_has_no_mean_beside_it() -> None:
    said = metric_rules(CLIPS, 1.0, with_mean=False)
    assert said["mean"].startswith("missing")
    assert "among these videos themselves" in said["majority"]


def test_labels_of_their_own_are_right_together() -> None:
    said = metric_rules(replace(CLIPS, single=False), 1.0, with_mean=True)
    assert said["accuracy"] == "share of clips where all labels are right"
    assert "answers no and yes" in said["ece"]


@pytest.mark.parametrize(("tolerance", "words"), [(1.0, "within 1 s"), (0.25, "within 0.25 s")])
def test_times_say_what_they_need(tolerance: float, words: str) -> None:
    said = metric_rules(TIMED, tolerance, with_mean=True)
    assert words in said["event_recall"]
    assert said["accuracy"] == "share of samples, by the segments"
    assert said["averaging"] == "edit and f1@k: per video"
    assert "missing" not in said
    ignored = metric_rules(replace(TIMED, segments_known=False), tolerance, with_mean=True)
    assert ignored["missing"] == "edit and f1@k need to know what unlabelled time holds"
    assert "averaging" not in ignored


@pytest.mark.parametrize("tested", [TIMED, replace(TIMED, segments_known=False)])
def test_what_is_said_to_be_missing_is_missing(tested: GroundTruth) -> None:
    figures = MetricCalculator(tested, 1.0).metrics(TOLD)
    missing = {name for name in METRICS if figures[name] is None}
    assert ({"edit", "f1@10", "f1@25", "f1@50"} <= missing) == ("missing" in metric_rules(tested, 1.0, with_mean=True))


def test_every_figure_has_a_name_for_people() -> None:
    assert tuple(METRIC_NAMES) == METRICS
    assert len(set(METRIC_NAMES.values())) == len(METRICS)
