"""Segments by the rules that a model brings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heads.example_specs import step_spec
from vidlabel.heads.segments import segment_builder
from vidlabel.heads.spec import ModelSpec

SCORES = [0.1, 0.6, 0.3, 0.3, 0.1, 0.1, 0.7, 0.1, 0.3, 0.1]


def spec() -> ModelSpec:
    """Only its first label ever holds."""
    return replace(
        step_spec(),
        task="multi",
        background=None,
        thresholds=(0.5, 1.0, 1.0),
        staying_thresholds=(0.25, 1.0, 1.0),
        closed_gaps_s=(2.0, 0.0, 0.0),
        minimum_durations_s=(1.5, 0.0, 0.0),
    )


def times(
    model: ModelSpec, threshold: float | None = None, minimum_s: float | None = None
) -> list[tuple[float, float]]:
    builder = segment_builder(model, threshold, minimum_s)
    builder.push(np.arange(10.0), np.array([[score, 0, 0] for score in SCORES]))
    return [(segment.start, segment.end) for segment in builder.finish(10.0)]


def test_a_label_begins_goes_on_and_begins_again_as_the_model_says() -> None:
    assert times(spec()) == [(1.0, 7.0)]
    assert times(replace(spec(), closed_gaps_s=None)) == [(1.0, 4.0)]  # the second is too short
    assert times(replace(spec(), staying_thresholds=None, minimum_durations_s=(0.0, 0.0, 0.0))) == [
        (1.0, 2.0),
        (6.0, 7.0),
    ]


def test_a_threshold_of_the_user_is_the_only_one() -> None:
    assert times(spec(), threshold=0.3, minimum_s=0.0) == [(1.0, 9.0)]
    assert times(spec(), threshold=0.65, minimum_s=0.0) == [(6.0, 7.0)]


def test_a_minimum_duration_of_the_user_is_the_only_one() -> None:
    assert times(spec(), minimum_s=6.5) == []
    assert times(replace(spec(), closed_gaps_s=None), minimum_s=0.5) == [(1.0, 4.0), (6.0, 7.0)]


def test_single_labels_follow_their_thresholds() -> None:
    model = replace(step_spec(), minimum_durations_s=(0.0, 0.0, 0.0))
    assert times(model) == [(1.0, 2.0), (6.0, 7.0)]
