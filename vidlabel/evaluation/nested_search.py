"""What a search is worth: in each outer fold it runs anew without the clips that it is then measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from vidlabel.evaluation.predictions import Classes, VideoPredictions, build_ground_truth, score_video
from vidlabel.heads.model import Network
from vidlabel.labels.metrics.evaluation import GroundTruth
from vidlabel.training.dataset.feature_dataset import FeatureDataset, select_streams, subset
from vidlabel.training.search.journal import OuterFoldScores
from vidlabel.training.search.quality import (
    ClipScore,
    Quality,
    mean_difference,
    quality_metric,
    quality_of,
    segment_score,
)

Verdict = Literal["better", "equal", "lower", "worse"]
"""Of the tuned models, compared with the defaults: `better` and `worse` by more than one standard error of the
difference; `lower`: by less."""


@dataclass(frozen=True, slots=True)
class NestedFigures:
    """Figures of clips that neither the search nor the training has seen, over all outer folds."""

    folds: int
    tuned: Quality
    defaults: Quality
    difference: Quality
    """Of the tuned models to the defaults, on the same clips."""

    @staticmethod
    def of(folds: Sequence[OuterFoldScores]) -> NestedFigures:
        """Join the outer folds."""
        tuned = [score for fold in folds for score in fold.tuned]
        defaults = [score for fold in folds for score in fold.defaults]
        return NestedFigures(len(folds), quality_of(tuned), quality_of(defaults), mean_difference(tuned, defaults))

    @property
    def verdict(self) -> Verdict:
        """Whether tuning was worth it."""
        value, error = self.difference.value, self.difference.standard_error
        if abs(value) < 1e-12:
            return "equal"
        if value > 0:
            return "better" if value > error else "equal"
        return "worse" if -value > error else "lower"


def held_out_scores(
    network: Network, dataset: FeatureDataset, clips: Sequence[int], classes: Classes
) -> tuple[ClipScore, ...]:
    """How right a model is about clips that it has not seen: the figures that `evaluate` gives.

    Args:
        network: the model.
        dataset: all clips, at the rate and with the encoder of the model.
        clips: those to label.
        classes: of the evaluation.
    """
    tested = select_streams(subset(dataset, clips), network.spec.stream_names)
    truth = build_ground_truth(tested, classes, [0] * len(clips))
    found = [score_video(network, features, classes) for features in tested.features]
    if quality_metric(dataset.training_set) == "f1@25":
        pairs = zip(tested.training_set.examples, found, strict=True)
        return tuple(segment_score(example, own.segments) for example, own in pairs)
    return tuple(_right_rows(truth, place, own) for place, own in enumerate(found))


def _right_rows(truth: GroundTruth, place: int, found: VideoPredictions) -> ClipScore:
    rows = truth.video_of_row == place
    known = truth.known[rows]
    right = (found.decided == truth.targets[rows]).all(axis=1) & known
    return ClipScore(truth.videos[place].group, float(np.sum(right)), float(np.sum(known)))
