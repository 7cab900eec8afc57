"""An evaluation as JSON: by its own schema, rounded, without the answers to single videos."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest

from labels.metrics.evaluations import best, clips, evaluation_of, timed
from vidlabel.labels.metrics.evaluation import METRICS, Evaluation, Figure, MultiLabelGroups
from vidlabel.labels.metrics.evaluation_json import evaluation_object, evaluation_schema, evaluation_text
from vidlabel.labels.result import Segment

SCORES = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)


def of_clips() -> Evaluation:
    """Three clips, the last one predicted wrong."""
    return evaluation_of(clips([0, 1, 1], ("ä", "b")), best(SCORES))


def of_segments() -> Evaluation:
    return evaluation_of(*timed([Segment(0, 4, "a", 1)], [Segment(1, 4, "a", 0.8)], 10))


@pytest.mark.parametrize("evaluation", [of_clips(), of_segments()], ids=["clips", "segments"])
def test_the_schema_holds(evaluation: Evaluation) -> None:
    schema = evaluation_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    content = json.loads(evaluation_text(evaluation))
    jsonschema.Draft202012Validator(schema).validate(content)
    for name in content:
        without = {key: value for key, value in content.items() if key != name}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(without)


def test_figures_are_those_of_the_answers() -> None:
    content = evaluation_object(of_clips())
    assert content["schema"] == "vidlabel.evaluation/1"
    assert list(content["metrics"]) == list(METRICS)
    assert content["metrics"]["accuracy"]["value"] == 0.6667
    assert content["metrics"]["edit"] is None
    assert content["per_label"]["b"]["recall"]["value"] == 0.5
    assert (content["confusion_labels"], content["confusion"]) == (["ä", "b"], [[1, 0], [1, 1]])
    assert content["baselines"]["mean"] is None
    assert content["matched_groups"] is None
    assert "ä" in evaluation_text(of_clips())


def test_everything_is_rounded_and_nothing_left_out() -> None:
    figure = Figure(0.123456, None, 1.0)
    matched = MultiLabelGroups(2, 1, {"accuracy": figure, "ece": None}, {"mean": None, "majority": {"map": figure}})
    evaluation = of_clips()
    data = replace(evaluation.data, seconds=1.23456, per_label={"b": 2, "a": 1})
    content: dict[str, Any] = evaluation_object(
        replace(evaluation, matched=matched, data=data, confusion=None, warnings=("odd",), rules={"x": "y"})
    )
    rounded = {"value": 0.1235, "low": None, "high": 1.0}
    assert content["matched_groups"] == {
        "videos": 2,
        "groups": 1,
        "metrics": {"accuracy": rounded, "ece": None},
        "baselines": {"mean": None, "majority": {"map": rounded}},
    }
    assert (content["data"]["seconds"], list(content["data"]["per_label"])) == (1.235, ["b", "a"])
    assert (content["confusion"], content["confusion_labels"]) == (None, None)
    assert (content["warnings"], content["rules"]) == (["odd"], {"x": "y"})


def test_a_figure_that_is_no_number_is_refused() -> None:
    evaluation = of_clips()
    broken = replace(evaluation, metrics={**evaluation.metrics, "map": Figure(float("nan"), None, None)})
    with pytest.raises(ValueError, match="JSON compliant"):
        evaluation_text(broken)


def test_the_schema_is_fresh_each_time() -> None:
    evaluation_schema().clear()
    assert evaluation_schema()
