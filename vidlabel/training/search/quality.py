"""How good predictions for clips that were held out are, and how sure that is.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vidlabel.heads.spec import Task
from vidlabel.labels.metrics.segments import segment_metrics
from vidlabel.labels.result import Segment
from vidlabel.labels.segmentation import MultiLabelBuilder, SingleLabelBuilder
from vidlabel.training.dataset.examples import BACKGROUND, Example, TrainingSet
from vidlabel.training.dataset.feature_dataset import FeatureDataset, is_whole
from vidlabel.training.dataset.label_scheme import LEAST_BACKGROUND, unlabelled_share
from vidlabel.training.fitting.calibration import HeldOutLogits, Validation
from vidlabel.training.fitting.mixture import Mixture, mixture_scores
from vidlabel.training.fitting.thresholds import HeldOutClip, Scores, best_minimum_durations, best_thresholds

QualityMetric = Literal["accuracy", "f1@25", "step_accuracy"]
"""As `evaluate` calls them."""
OVERLAP = 25


@dataclass(frozen=True, slots=True)
class Quality:
    """A figure with its standard error, where whole groups are what varies."""

    value: float
    standard_error: float


@dataclass(frozen=True, slots=True)
class ClipScore:
    """What one clip adds to a figure, which is the ratio of two sums over clips."""

    group: str
    gained: float
    possible: float


def quality_metric(training_set: TrainingSet) -> QualityMetric:
    """What is tuned for: accuracy of whole clips, F1@25 of segments.

    Where nobody knows what unlabelled time holds, segments cannot be counted: the accuracy of samples stands for them.
    """
    if training_set.unlabelled is None:
        return "accuracy"
    known = training_set.unlabelled == "background" or unlabelled_share(training_set.examples) < LEAST_BACKGROUND
    return "f1@25" if known else "step_accuracy"


def quality_of(scores: Sequence[ClipScore]) -> Quality:
    """The ratio of the sums, and its standard error over groups (Cochran, Sampling Techniques, 1977, 6.3).

    Args:
        scores: of clips; of a single group the error is 0, since nothing is known of it.
    """
    possible = sum(score.possible for score in scores)
    value = sum(score.gained for score in scores) / possible if possible else 0.0
    groups = sorted({score.group for score in scores})
    residuals = [sum(s.gained - value * s.possible for s in scores if s.group == group) for group in groups]
    count = len(groups)
    if count < 2 or not possible:
        return Quality(value, 0.0)
    return Quality(value, float(np.sqrt(count / (count - 1) * np.square(residuals).sum()) / possible))


def mean_difference(first: Sequence[ClipScore], second: Sequence[ClipScore]) -> Quality:
    """By how much the first is better than the second on the same clips, with the error of that difference."""
    pairs = zip(first, second, strict=True)
    return quality_of([ClipScore(one.group, one.gained - other.gained, one.possible) for one, other in pairs])


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutScores:
    """Scores of clips that were not learnt from."""

    clips: tuple[int, ...]
    """Indices into the dataset, in the order of the rows."""
    rows_of_clip: tuple[int, ...]
    scores: Scores
    """(R, C)."""
    targets: Scores
    """(R, C)."""
    mask: Scores
    """(R,) 1 where the target is known."""

    @staticmethod
    def of_validation(found: Validation) -> HeldOutScores:
        """Scores of the inner cross-validation of `fit`."""
        return HeldOutScores(found.clips, found.rows_of_clip, found.scores, found.targets, found.mask)

    @staticmethod
    def of_logits(found: HeldOutLogits, mixture: Mixture, task: Task) -> HeldOutScores:
        """Scores of heads that are mixed."""
        scores = mixture_scores(found, mixture, task)
        arrays = (tensor.float().numpy() for tensor in (scores, found.targets, found.mask))
        return HeldOutScores(found.clips, found.rows_of_clip, *arrays)

    def first(self, clips: int) -> HeldOutScores:
        """The same of the first clips alone."""
        rows = sum(self.rows_of_clip[:clips])
        arrays = (values[:rows] for values in (self.scores, self.targets, self.mask))
        return HeldOutScores(self.clips[:clips], self.rows_of_clip[:clips], *arrays)


def clip_scores(dataset: FeatureDataset, held_out: HeldOutScores) -> list[ClipScore]:
    """What each clip adds to the figure of `quality_metric`, decided as the trained model would decide."""
    training_set, metric = dataset.training_set, quality_metric(dataset.training_set)
    task = training_set.task
    thresholds = (0.0,) * len(training_set.labels)
    if task != "single":
        thresholds = best_thresholds(held_out.scores, held_out.targets, held_out.mask)
    if metric == "f1@25":
        return _segment_scores(dataset, held_out, thresholds)
    right = _right_rows(held_out, thresholds, task) & (held_out.mask > 0)
    ends = np.cumsum(held_out.rows_of_clip)[:-1]
    whole = is_whole(dataset)
    return [
        ClipScore(training_set.examples[clip].group, float(own.sum()), 1.0 if whole else float(known.sum()))
        for clip, own, known in zip(held_out.clips, np.split(right, ends), np.split(held_out.mask, ends), strict=True)
    ]


def _right_rows(held_out: HeldOutScores, thresholds: tuple[float, ...], task: Task) -> npt.NDArray[np.bool_]:
    if task == "single":
        right: npt.NDArray[np.bool_] = held_out.scores.argmax(axis=1) == held_out.targets.argmax(axis=1)
        return right
    decided = held_out.scores >= np.array(thresholds)
    return np.asarray((decided == (held_out.targets > 0.5)).all(axis=1))


def _segment_scores(dataset: FeatureDataset, held_out: HeldOutScores, thresholds: tuple[float, ...]) -> list[ClipScore]:
    training_set = dataset.training_set
    labels, background, task = training_set.labels, training_set.background, training_set.task
    parts = np.split(held_out.scores, np.cumsum(held_out.rows_of_clip)[:-1])
    tested = [
        HeldOutClip(training_set.examples[clip], dataset.features[clip].times, own)
        for clip, own in zip(held_out.clips, parts, strict=True)
    ]
    durations = best_minimum_durations(tested, labels, thresholds, task, background)
    builder = SingleLabelBuilder if task == "single" else MultiLabelBuilder
    found = []
    for clip, own in zip(held_out.clips, tested, strict=True):
        building = builder(labels, thresholds, durations, background=background)
        building.push(own.times, own.scores)
        segments = building.finish(dataset.features[clip].end_s, dataset.features[clip].holes)
        found.append(segment_score(own.example, segments))
    return found


def segment_score(example: Example, predicted: Sequence[Segment]) -> ClipScore:
    """F1@25 of the segments of one video, without background."""
    truth = [Segment(span.start, span.end, span.label, 1.0) for span in example.spans if span.label != BACKGROUND]
    truth += [Segment(0.0, example.duration_s, label, 1.0) for label in example.clip_labels if label != BACKGROUND]
    metrics = segment_metrics({"": truth}, {"": list(predicted)}, background=None, averaging="per video")
    return ClipScore(example.group, metrics.f1[OVERLAP] / 100, 1.0)
