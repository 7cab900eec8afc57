"""Classes and truths of an evaluation, laid out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heads.example_specs import mixed_spec, step_spec
from labels.metrics.evaluations import clips as clip_truth
from training.learnable import clip, feature_dataset
from training.sets import example
from vidlabel.evaluation.predictions import (
    build_ground_truth,
    evaluation_classes,
    majority_predictions,
    matched_groups,
)
from vidlabel.training.dataset.examples import Span, Unlabelled

VALUES = np.zeros((8, 6), np.float32)  # two seconds


def test_labels_that_only_the_model_knows_come_after_those_of_the_table() -> None:
    clips = feature_dataset([clip(VALUES, "wave"), clip(VALUES, "push")], ("push", "wave"))
    assert evaluation_classes(clips, None).labels == ("push", "wave")
    known = evaluation_classes(clips, mixed_spec())  # it learnt background without examples
    assert (known.labels, known.background) == (("push", "wave", "hug"), None)
    assert known.columns(("hug", "push", "background"), 2) == [2, 0, None]
    by_examples = evaluation_classes(clips, step_spec())
    assert by_examples.labels == ("push", "wave", "walk", "fall", "background")
    assert by_examples.background == 4
    assert by_examples.columns(("walk", "fall", "nothing"), 2) == [2, 3, 4]


def test_truth_in_time_is_laid_out_sample_by_sample() -> None:
    videos = [clip(VALUES, spans=(Span(0.5, 1.25, "red"),)), clip(VALUES, spans=(Span(0.0, 2.0, "red"),), number=4)]
    both = feature_dataset(videos, ("red", "background"), background=1, unlabelled="background")
    truth = build_ground_truth(both, evaluation_classes(both, None), [0, 1])
    assert (truth.unit, truth.labels, truth.background) == ("sample", ("red", "background"), 1)
    assert truth.video_of_row.tolist() == [0] * 8 + [1] * 8
    assert truth.targets[:, 0].tolist() == [False] * 2 + [True] * 3 + [False] * 3 + [True] * 8
    assert (truth.targets[:, 1] == ~truth.targets[:, 0]).all()
    assert [(video.fold, video.matched) for video in truth.videos] == [(0, True), (1, False)]


@pytest.mark.parametrize(
    ("unlabelled", "end", "known"),
    [("background", 1.0, True), ("ignore", 2.0, True), ("ignore", 1.99, True), ("ignore", 1.0, False)],
)
def test_segments_are_known_where_hardly_any_time_is_ignored(unlabelled: Unlabelled, end: float, known: bool) -> None:
    videos = [clip(VALUES, spans=(Span(0.0, end, "red"),)), clip(VALUES, spans=(Span(0.0, 2.0, "red"),), number=4)]
    both = feature_dataset(videos, ("red", "background"), background=1, unlabelled=unlabelled)
    assert build_ground_truth(both, evaluation_classes(both, None), [0, 1]).segments_known is known


def test_groups_that_hold_several_labels() -> None:
    examples = [
        example("a", clip=("hug",), group="two labels"),
        example("b", clip=("push",), group="two labels"),
        example("c", clip=("hug",), group="one"),
        example("d", Span(0, 4, "hug"), group="gap"),
    ]
    assert matched_groups(examples, unlabelled_counts=False) == {"two labels"}
    assert matched_groups(examples, unlabelled_counts=True) == {"two labels", "gap"}


def test_the_most_frequent_answer_is_that_of_the_rows_that_were_learnt() -> None:
    truth = clip_truth([0, 0, 1, 1, 1], ("a", "b"))
    said = majority_predictions(truth, np.array([True, True, True, False, False]), 3)
    assert said.scores[0] == pytest.approx([2 / 3, 1 / 3])
    assert said.decided.tolist() == [[True, False]]
    assert said.segments == ()
    own = majority_predictions(replace(truth, single=False), np.array([False, True, True, False, False]), 3)
    assert own.decided.tolist() == [[True, True]]
