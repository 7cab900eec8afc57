"""Figures and their errors, against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.learnable import coloured_clips, feature_dataset, timed_videos
from vidlabel.labels.result import Segment
from vidlabel.training.dataset.label_scheme import LEAST_BACKGROUND
from vidlabel.training.search.quality import (
    ClipScore,
    HeldOutScores,
    clip_scores,
    mean_difference,
    quality_metric,
    quality_of,
    segment_score,
)


def scores(*gained: float) -> list[ClipScore]:
    """Two clips in a group."""
    return [ClipScore(f"g{number // 2}", value, 1.0) for number, value in enumerate(gained)]


def test_the_error_is_that_of_the_mean_of_groups() -> None:
    found = quality_of(scores(1, 1, 1, 0, 0, 0))  # means of groups: 1, 0.5, 0
    assert found.value == pytest.approx(0.5)
    assert found.standard_error == pytest.approx(0.5 / np.sqrt(3))  # their deviation is 0.5


def test_nothing_is_known_of_the_error_with_one_group() -> None:
    assert quality_of(scores(1, 0)).standard_error == 0
    assert quality_of([]).value == 0


def test_the_error_of_a_difference_knows_that_clips_are_the_same() -> None:
    first, second = scores(1, 1, 1, 0, 0, 0), scores(1, 0, 1, 0, 0, 0)
    found = mean_difference(first, second)
    assert found.value == pytest.approx(1 / 6)
    assert found.standard_error == pytest.approx(np.std([0.5, 0, 0], ddof=1) / np.sqrt(3))
    assert found.standard_error < quality_of(first).standard_error


def test_clips_count_by_their_best_label() -> None:
    dataset = feature_dataset(coloured_clips(4), ("blue", "red"))
    assert quality_metric(dataset.training_set) == "accuracy"
    truth = np.eye(2, dtype=np.float32)[[0, 1, 0, 1]]
    predicted = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.1, 0.9]], np.float32)
    held_out = HeldOutScores((0, 1, 2, 3), (1, 1, 1, 1), predicted, truth, np.ones(4, np.float32))
    assert [one.gained for one in clip_scores(dataset, held_out)] == [1, 0, 1, 1]
    assert [one.gained for one in clip_scores(dataset, held_out.first(2))] == [1, 0]


def test_segments_count_by_f1() -> None:
    dataset = feature_dataset(timed_videos(2), ("red",), "multi", unlabelled="background")
    assert quality_metric(dataset.training_set) == "f1@25"
    lengths = tuple(len(features.times) for features in dataset.features)
    truth = np.zeros((sum(lengths), 1), np.float32)
    for place, example in enumerate(dataset.training_set.examples):
        for span in example.spans:
            truth[sum(lengths[:place]) + round(span.start * 4) : sum(lengths[:place]) + round(span.end * 4)] = 1
    predicted = truth.copy()
    predicted[lengths[0] :] = 0  # nothing is found in the second video
    held_out = HeldOutScores((0, 1), lengths, predicted, truth, np.ones(len(truth), np.float32))
    assert [one.gained for one in clip_scores(dataset, held_out)] == [1, 0]


def test_a_false_segment_halves_the_precision() -> None:
    example = feature_dataset(timed_videos(1), ("red",)).training_set.examples[0]
    found = [Segment(span.start, span.end, "red", 1.0) for span in example.spans]
    false = [Segment(0.0, 0.5, "red", 1.0), Segment(1.0, 1.5, "red", 1.0)]
    assert segment_score(example, [*found, *false]).gained == pytest.approx(2 / 3)  # precision 1/2, recall 1


def test_without_knowing_the_rest_samples_are_counted() -> None:
    dataset = feature_dataset(timed_videos(2), ("red",), "multi", unlabelled="ignore")
    assert LEAST_BACKGROUND < 0.5
    assert quality_metric(dataset.training_set) == "step_accuracy"
    assert quality_metric(replace(dataset.training_set, unlabelled=None)) == "accuracy"
