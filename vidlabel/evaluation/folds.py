"""The outer cross-validation: train on the training part of each fold, predict the rest.

Whatever is chosen (streams, temperatures, thresholds, minimum durations) is chosen by `fit` inside the training part.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from vidlabel.errors import AnnotationError
from vidlabel.evaluation.predictions import Classes, VideoPredictions, score_video
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.formats.delimited import shown
from vidlabel.training.dataset.examples import Example
from vidlabel.training.dataset.feature_dataset import FeatureDataset, FeatureFacts, select_streams, subset
from vidlabel.training.dataset.splits import USUAL_FOLDS, Fold, FoldCount, grouped_folds, leave_one_group_out
from vidlabel.training.finetune.train import EncoderTuning, TuningListener
from vidlabel.training.fitting.checkpoint import Checkpoints, training_identity
from vidlabel.training.fitting.fit import FittedModel, fit
from vidlabel.training.fitting.seeded_runs import FitListener
from vidlabel.training.fitting.whitening import WhiteningMemory
from vidlabel.training.options import TrainOptions


@dataclass(frozen=True, slots=True)
class EvaluationCheckpoints:
    """Keeps the heads of each fold, so that the same evaluation goes on where it was ended."""

    folder: Path | None
    """None: nothing is kept."""
    identity: str
    """Identity of the evaluation; checkpoints of another one are ignored."""

    @staticmethod
    def of(folder: Path | None, dataset: FeatureDataset, options: str) -> EvaluationCheckpoints:
        """The states of an evaluation.

        Args:
            folder: made when it is first needed.
            dataset: all videos.
            options: everything else that training depends on.
        """
        if folder is None:
            return EvaluationCheckpoints(None, "")
        training_set = dataset.training_set
        facts: dict[str, object] = {
            "options": options,
            "labels": repr((training_set.labels, training_set.task, training_set.examples)),
        }
        arrays = [view for clip in dataset.features for view in clip.views]
        return EvaluationCheckpoints(folder, training_identity(facts, arrays))

    def of_fold(self, number: int, name: str) -> Checkpoints | None:
        """Where a model of a fold keeps its heads."""
        if self.folder is None:
            return None
        return Checkpoints(self.folder / f"fold-{number}-{name}", f"{self.identity}/{number}/{name}")

    def remove(self) -> None:
        """Delete all states: the figures are there."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


class FoldListener(TuningListener, Protocol):
    """Receives the progress of cross-validation."""

    def fold_begun(self, number: int, folds: int) -> None:
        """Fold `number`, from 1, begins."""


@dataclass(frozen=True, slots=True, eq=False)
class FoldModels:
    """What was trained for one fold: its predictions for the videos that it was not trained on."""

    spec: ModelSpec
    predictions: tuple[VideoPredictions, ...]
    """One for each video of the test part."""
    baseline: tuple[VideoPredictions, ...]
    """The same of the head without recurrence."""


@dataclass(frozen=True, slots=True)
class FoldCheckpoints:
    """Where the heads of a fold are kept; None: nowhere."""

    model: Checkpoints | None
    mean: Checkpoints | None
    """Checkpoints of the head without recurrence."""
    encoder: Checkpoints | None = None
    """Checkpoints of the encoder, where it is tuned."""


def outer_folds(examples: Sequence[Example], folds: FoldCount, seed: int) -> list[Fold]:
    """Folds of whole groups that leave every label in training.

    Raises:
        UsageError: more folds than groups.
        AnnotationError: there is one group, or all examples of a label are in one, or in one fold.
    """
    groups = [example.group for example in examples]
    labels = [example.split_labels for example in examples]
    found = len(set(groups))
    if folds == "groups" or found < 2:
        split = leave_one_group_out(groups, labels)
    else:
        split = grouped_folds(groups, labels, min(USUAL_FOLDS, found) if folds == "auto" else folds, seed)
    for number, fold in enumerate(split, 1):
        left = frozenset[str]().union(*(labels[place] for place in fold.train_indices))
        for label in sorted(frozenset[str]().union(*(labels[place] for place in fold.test_indices)) - left):
            problem = f"is in fold {number} alone, so that no other fold can train on it"
            remedy = "give another number of --folds, or --leave-one-group-out"
            raise AnnotationError(f"label {shown(label)}", problem, remedy)
    return split


def train_fold(
    dataset: FeatureDataset,
    fold: Fold,
    facts: FeatureFacts,
    options: TrainOptions,
    classes: Classes,
    listener: FitListener,
    keeping: FoldCheckpoints,
    encoder: EncoderTuning | None = None,
) -> FoldModels:
    """Train on the training part of a fold, the head without recurrence too, and ask both about the rest.

    Args:
        dataset: all videos.
        fold: which of them are tested.
        facts: how the features were made.
        options: of training.
        classes: of the evaluation.
        listener: receives the end of each epoch.
        keeping: of what was trained.
        encoder: is tuned on the training part, and makes the features of all videos anew; None: it is as published.

    Raises:
        KeyboardInterrupt: it was ended; what was trained is kept.
        VidlabelError: as `fit`.
    """
    tuning = None
    if encoder is not None:
        tuned = encoder.tuned_on(fold.train_indices, keeping.encoder)
        dataset, facts, tuning = tuned.dataset, tuned.facts, tuned.tuning
    train, memory = subset(dataset, fold.train_indices), WhiteningMemory()
    fitted = _finished(fit(train, facts, options, listener, checkpoints=keeping.model, tuning=tuning, memory=memory))
    spec = fitted.network.spec
    predictions = _fold_predictions(fitted, dataset, fold, classes)
    if options.head == "mean":
        return FoldModels(spec, predictions, predictions)
    plain = replace(options, head="mean", activation="tanh", layers=1, bidirectional=None, streams=spec.stream_names)
    baseline = _finished(fit(train, facts, plain, listener, checkpoints=keeping.mean, tuning=tuning, memory=memory))
    return FoldModels(spec, predictions, _fold_predictions(baseline, dataset, fold, classes))


def _finished(fitted: FittedModel) -> FittedModel:
    if fitted.interrupted:  # `fit` gives what it has; figures of half a training would be wrong.
        raise KeyboardInterrupt
    return fitted


def _fold_predictions(
    fitted: FittedModel, dataset: FeatureDataset, fold: Fold, classes: Classes
) -> tuple[VideoPredictions, ...]:
    tested = select_streams(subset(dataset, fold.test_indices), fitted.network.spec.stream_names)
    return tuple(score_video(fitted.network, features, classes) for features in tested.features)
