"""Predictions of a model for videos with known labels, in the classes that an evaluation has.

V videos, T samples of one, R rows of all (videos labelled as a whole, else samples), C labels of the evaluation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidlabel.heads.model import Network
from vidlabel.heads.scoring import make_scorer, score_clip
from vidlabel.heads.segments import segment_builder
from vidlabel.heads.spec import ModelSpec, Task
from vidlabel.labels.metrics.evaluation import Booleans, GroundTruth, Predictions, VideoGroundTruth
from vidlabel.labels.result import Segment
from vidlabel.training.dataset.examples import BACKGROUND, Example, TrainingSet
from vidlabel.training.dataset.feature_dataset import AvailableFeatures, ExampleFeatures, FeatureDataset, is_whole
from vidlabel.training.dataset.label_scheme import LEAST_BACKGROUND, unlabelled_s, unlabelled_share
from vidlabel.training.dataset.targets import clip_targets, frame_targets

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Classes:
    """The labels of an evaluation."""

    labels: tuple[str, ...]
    """C."""
    background: int | None
    """The class for "no label holds"; only in single-label tasks."""
    task: Task
    whole: bool
    """Whether videos are labelled as a whole."""

    def columns(self, labels: Sequence[str], background: int | None) -> list[int | None]:
        """Where the labels of a model or table stand among these; None for one that has no place."""
        places = {label: place for place, label in enumerate(self.labels)}
        found = [places.get(label) for label in labels]
        if background is not None:
            found[background] = self.background
        return found


@dataclass(frozen=True, slots=True, eq=False)
class VideoPredictions:
    """Predictions for one video; a single row where it is labelled as a whole."""

    scores: Scores
    """(T, C)."""
    decided: Booleans
    """(T, C)."""
    segments: tuple[Segment, ...]


def evaluation_classes(dataset: FeatureDataset, spec: ModelSpec | None) -> Classes:
    """The labels of the table, then those that only the model knows, background last.

    Args:
        dataset: the labelled videos.
        spec: of a model that was trained elsewhere; None where the table's labels are all that there is.
    """
    training_set, whole = dataset.training_set, is_whole(dataset)
    names = [label for place, label in enumerate(training_set.labels) if place != training_set.background]
    if spec is not None:
        names += [label for place, label in enumerate(spec.labels) if place != spec.background and label not in names]
    # In a stretch of time a model may always predict that nothing holds; for a clip only if it learnt how that looks.
    knows_nothing = spec is not None and spec.background is not None and not spec.members_with("background")
    if training_set.task == "single" and (training_set.background is not None or not whole or knows_nothing):
        return Classes((*names, BACKGROUND), len(names), training_set.task, whole)
    return Classes(tuple(names), None, training_set.task, whole)


def build_ground_truth(dataset: FeatureDataset, classes: Classes, folds: Sequence[int]) -> GroundTruth:
    """The truth about all videos, row by row.

    Args:
        dataset: V videos.
        classes: of the evaluation.
        folds: V, in which each is tested.
    """
    training_set, examples = dataset.training_set, dataset.training_set.examples
    columns = classes.columns(training_set.labels, training_set.background)
    targets, known, video_of_row = [], [], []
    for place, (example, features) in enumerate(zip(examples, dataset.features, strict=True)):
        values, mask = _targets(training_set, example, features, classes)
        targets.append(_in_columns(values, columns, len(classes.labels)) > 0)
        known.append(mask > 0)
        video_of_row.append(np.full(len(mask), place))
    matched = matched_groups(examples, unlabelled_counts=training_set.unlabelled == "background")
    videos = [
        _tested_video(example, features.times, fold, matched=example.group in matched, whole=classes.whole)
        for example, features, fold in zip(examples, dataset.features, folds, strict=True)
    ]
    return GroundTruth(
        videos=tuple(videos),
        labels=classes.labels,
        background=classes.background,
        single=classes.task == "single",
        unit="clip" if classes.whole else "sample",
        segments_known=training_set.unlabelled == "background" or unlabelled_share(examples) < LEAST_BACKGROUND,
        video_of_row=np.concatenate(video_of_row),
        targets=np.concatenate(targets),
        known=np.concatenate(known),
    )


def matched_groups(examples: Sequence[Example], *, unlabelled_counts: bool) -> set[str]:
    """The groups that hold more than one label.

    Args:
        examples: all of them.
        unlabelled_counts: whether time without a row is background.
    """
    held: dict[str, set[str]] = {}
    for example in examples:
        own = held.setdefault(example.group, set())
        own.update(example.split_labels)
        if BACKGROUND in example.clip_labels or any(span.label == BACKGROUND for span in example.spans):
            own.add(BACKGROUND)
        if unlabelled_counts and unlabelled_s(example) > 0:
            own.add(BACKGROUND)
    return {group for group, labels in held.items() if len(labels) > 1}


def score_video(network: Network, features: ExampleFeatures, classes: Classes) -> VideoPredictions:
    """Predict one video as `predict` would; no label holds where the video lacks what the model needs.

    Args:
        network: the model.
        features: of the video; the first view counts.
        classes: of the evaluation.
    """
    spec = network.spec
    found = AvailableFeatures.of(features, spec.streams)
    columns = classes.columns(spec.labels, spec.background)
    width = len(classes.labels)
    none = np.zeros((len(features.times), len(spec.labels)), np.float32)
    thresholds = np.full(width, np.inf)
    for place, column in enumerate(columns):
        if column is not None:
            thresholds[column] = spec.thresholds[place]
    if classes.whole:
        rows = score_clip(network, found.values, found.streams)[None] if spec.can_score(found.streams) else none[:1]
        scores = _in_columns(rows, columns, width)
        return VideoPredictions(scores, _decide_clip(scores, thresholds, classes), ())
    if spec.can_score(found.streams):
        scorer = make_scorer(network, available=found.streams)
        raw = np.concatenate([scorer.push(found.values), scorer.finish()])
    else:
        raw = none
    building = segment_builder(spec)
    building.push(features.times, raw)
    scores = _in_columns(raw, columns, width)
    segments = building.finish(features.end_s, features.holes)
    return VideoPredictions(scores, _decide_samples(scores, thresholds, classes), segments)


def majority_predictions(tested: GroundTruth, learnt: Booleans, video: int) -> VideoPredictions:
    """Always the most frequent target, with its share as the score.

    Args:
        tested: all videos.
        learnt: (R,) rows that frequencies are taken from.
        video: index of the video to predict.
    """
    rows = int((tested.video_of_row == video).sum())
    frequencies = tested.targets[learnt & tested.known].mean(axis=0).astype(np.float32)
    holds = _one_hot(frequencies[None])[0] if tested.single else frequencies >= 0.5
    about = tested.videos[video]
    segments = tuple(
        Segment(0.0, round(about.duration_s, 3), tested.labels[label], min(1.0, float(frequencies[label])))
        for label in np.flatnonzero(holds).tolist()
        if label != tested.background and tested.unit == "sample"
    )
    return VideoPredictions(np.tile(frequencies, (rows, 1)), np.tile(holds, (rows, 1)), segments)


def join_predictions(videos: Sequence[VideoPredictions]) -> Predictions:
    """The predictions for all videos, in their order."""
    return Predictions(
        scores=np.concatenate([video.scores for video in videos]),
        decided=np.concatenate([video.decided for video in videos]),
        segments=tuple(video.segments for video in videos),
    )


def _targets(
    training_set: TrainingSet, example: Example, features: ExampleFeatures, classes: Classes
) -> tuple[Scores, Scores]:
    if classes.whole:
        return clip_targets(training_set, example)[None], np.ones(1, np.float32)
    found = frame_targets(training_set, example, features.times)
    return found.values, found.mask


def _tested_video(
    example: Example, times: npt.NDArray[np.float64], fold: int, *, matched: bool, whole: bool
) -> VideoGroundTruth:
    truth = [Segment(span.start, span.end, span.label, 1.0) for span in example.spans if span.label != BACKGROUND]
    truth += [Segment(0.0, example.duration_s, label, 1.0) for label in example.clip_labels if label != BACKGROUND]
    return VideoGroundTruth(
        example.video, example.group, fold, example.duration_s, matched, () if whole else tuple(truth), times
    )


def _in_columns(values: Scores, columns: Sequence[int | None], width: int) -> Scores:
    laid = np.zeros((len(values), width), np.float32)
    for place, column in enumerate(columns):
        if column is not None:
            laid[:, column] = values[:, place]
    return laid


def _decide_clip(scores: Scores, thresholds: npt.NDArray[np.float64], classes: Classes) -> Booleans:
    """Choose the best label of a clip that holds one, background among them where it is a label like others."""
    return _one_hot(scores) if classes.task == "single" else scores >= thresholds


def _decide_samples(scores: Scores, thresholds: npt.NDArray[np.float64], classes: Classes) -> Booleans:
    if classes.task != "single":
        return scores >= thresholds
    decided = _one_hot(scores)
    undecided = (decided & (scores < thresholds)).any(axis=1)
    decided[undecided] = False
    decided[undecided, classes.background] = True
    return decided


def _one_hot(scores: Scores) -> Booleans:
    best: Booleans = np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
    return best
