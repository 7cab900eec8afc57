"""From predictions to an evaluation: counts by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heads.example_specs import step_spec
from labels.metrics.evaluations import best, clips, timed
from vidlabel.evaluation.summary import learning_curves, summarise_evaluation
from vidlabel.labels.metrics.evaluation import EvaluatedModel, Evaluation, GroundTruth, Predictions
from vidlabel.labels.result import Segment


def evaluated(tested: GroundTruth, predictions: Predictions, mean: Predictions | None) -> Evaluation:
    return summarise_evaluation(
        tested,
        predictions,
        {"mean": mean, "majority": predictions},
        tolerance_s=1.0,
        model=EvaluatedModel("m", "gru", ("frames",), "e", None, None, None),
        split="by group",
        warnings=("odd",),
        curves=(),
    )


def test_videos_groups_and_labels_are_counted() -> None:
    tested = clips([0, 1, 1, 0], ("a", "b", "c"), groups=["x", "x", "y", "z"])
    tested = replace(tested, known=np.array([True, True, True, False]))
    found = evaluated(tested, best(np.eye(3, dtype=np.float32)[[0, 1, 0, 0]]), None)
    assert (found.data.videos, found.data.groups, found.data.seconds, found.data.items) == (4, 3, 4.0, 3)
    assert found.data.per_label == {"a": 1, "b": 2}
    accuracy = found.metrics["accuracy"]
    assert accuracy is not None
    assert accuracy.value == pytest.approx(2 / 3)
    assert found.baselines["mean"] is None
    assert "among these videos themselves" in found.rules["majority"]
    assert (found.split, found.warnings) == ("by group", ("odd",))


def test_groups_with_several_labels_are_measured_alone() -> None:
    tested = clips([0, 1, 1, 0], ("a", "b"), groups=["x", "x", "y", "y"])
    predictions = best(np.eye(2, dtype=np.float32)[[0, 0, 1, 0]])
    assert evaluated(tested, predictions, predictions).matched is None  # none of the groups is
    some = replace(tested, videos=tuple(replace(one, matched=one.group == "x") for one in tested.videos))
    matched = evaluated(some, predictions, predictions).matched
    assert matched is not None
    assert (matched.videos, matched.groups) == (2, 1)
    accuracy = matched.metrics["accuracy"]
    assert accuracy is not None
    assert accuracy.value == 0.5
    everywhere = replace(tested, videos=tuple(replace(one, matched=True) for one in tested.videos))
    assert evaluated(everywhere, predictions, predictions).matched is None


def test_a_video_holds_a_label_once_however_many_samples_do() -> None:
    found = evaluated(*timed([Segment(0, 4, "a", 1), Segment(5, 6, "a", 1)], [Segment(0, 4, "a", 0.8)], 10), None)
    assert (found.data.per_label, found.data.items, found.data.unit) == ({"a": 1, "background": 1}, 10, "sample")


def test_curves_are_those_that_models_tell() -> None:
    history = {
        "validation recurrent": {"loss": [2.0, 1.0], "validation_loss": [2.5, 1.5]},
        "validation linear": {"loss": [3.0], "validation_loss": [3.5]},
        "recurrent-0": {"loss": [9.0], "validation_loss": [9.0]},
    }
    specs = [replace(step_spec(), training={"history": history}), step_spec()]
    found = learning_curves(specs, 4)
    assert [(one.fold, one.form, one.loss, one.validation_loss) for one in found] == [
        (4, "linear", (3.0,), (3.5,)),
        (4, "recurrent", (2.0, 1.0), (2.5, 1.5)),
    ]
