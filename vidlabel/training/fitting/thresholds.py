"""Thresholds and minimum durations of the labels, chosen on held-out clips.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
import numpy.typing as npt

from vidlabel.heads.spec import Task
from vidlabel.labels.metrics.samples import label_f1
from vidlabel.labels.metrics.segments import segment_metrics
from vidlabel.labels.result import Segment
from vidlabel.labels.segmentation import MultiLabelBuilder, SingleLabelBuilder
from vidlabel.training.dataset.examples import BACKGROUND, Example
from vidlabel.training.dataset.feature_dataset import FeatureDataset

UNKNOWN_FOOTAGE = 0.4
"""Threshold of models of whole clips that learnt background without examples of it: what they have never seen gets low
scores for all labels. It won on long videos made of ut-interaction."""
GRID = np.arange(1, 20) / 20
FRACTIONS = (0.0, 0.1, 0.25, 0.5)
"""Fractions of the usual length of a label that are tried as its minimum duration."""
LONGEST_MINIMUM_S = 1.0
"""For models of whole clips, which say little about how long a label holds."""

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """When labels hold."""

    thresholds: tuple[float, ...]
    """C."""
    minimum_durations_s: tuple[float, ...]
    """C."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutClip:
    """Scores of a clip that was not trained on."""

    example: Example
    times: npt.NDArray[np.float64]
    """(T,)."""
    scores: Scores
    """(T, C)."""


def best_thresholds(scores: Scores, targets: Scores, mask: Scores) -> tuple[float, ...]:
    """The threshold of each label, on its own, with the highest F1; the middle one of equals.

    Args:
        scores: (R, C).
        targets: (R, C), 0 and 1.
        mask: (R,) 1 where they are known.
    """
    known = mask > 0
    truth = targets[known] > 0.5
    f1 = np.stack([np.nan_to_num(label_f1(truth, scores[known] >= threshold)) for threshold in GRID])
    best = [np.flatnonzero(column >= column.max() - 1e-9) for column in f1.T]
    return tuple(float(GRID[places[len(places) // 2]]) for places in best)


def clip_minimum_durations(dataset: FeatureDataset, labels: Sequence[str]) -> tuple[float, ...]:
    """Half the usual length of the clips of each label, 1 s at most."""
    examples = dataset.training_set.examples
    durations = {label: [e.duration_s for e in examples if label in e.clip_labels] for label in labels}
    return tuple(
        round(min(LONGEST_MINIMUM_S, median(durations[label]) / 2), 3) if durations[label] else 0.0 for label in labels
    )


def best_minimum_durations(
    tested: Sequence[HeldOutClip],
    labels: tuple[str, ...],
    thresholds: tuple[float, ...],
    task: Task,
    background: int | None,
) -> tuple[float, ...]:
    """The minimum duration of each label with the highest segmental F1@25; the shortest of equals.

    Args:
        tested: videos with labels at times.
        labels: C.
        thresholds: C.
        task: of the labels.
        background: the class for it, in single-label tasks.
    """

    def segments(clip: HeldOutClip, durations: tuple[float, ...]) -> list[Segment]:
        """Labels that the model would give a clip with these minimum durations, in seconds."""
        builder = SingleLabelBuilder if task == "single" else MultiLabelBuilder
        building = builder(labels, thresholds, durations, background=background)
        building.push(clip.times, clip.scores)
        return list(building.finish(clip.example.duration_s))

    usual = [_usual_duration(tested, label) for label in labels]
    truth = [_true_segments(clip.example) for clip in tested]
    best = [(-1.0, 0.0)] * len(labels)
    for fraction in FRACTIONS:
        durations = tuple(fraction * duration for duration in usual)
        found = [segments(clip, durations) for clip in tested]
        for place, label in enumerate(labels):
            f1 = _label_f1(truth, found, label)
            if f1 > best[place][0] + 1e-9:
                best[place] = (f1, durations[place])
    return tuple(0.0 if place == background else round(duration, 3) for place, (_, duration) in enumerate(best))


def _usual_duration(tested: Sequence[HeldOutClip], label: str) -> float:
    durations = [span.end - span.start for clip in tested for span in clip.example.spans if span.label == label]
    return median(durations) if durations else 0.0


def _true_segments(example: Example) -> list[Segment]:
    return [Segment(span.start, span.end, span.label, 1.0) for span in example.spans if span.label != BACKGROUND]


def _label_f1(truth: Sequence[list[Segment]], found: Sequence[list[Segment]], label: str) -> float:
    own_truth = {str(i): [s for s in segments if s.label == label] for i, segments in enumerate(truth)}
    own_found = {str(i): [s for s in segments if s.label == label] for i, segments in enumerate(found)}
    return segment_metrics(own_truth, own_found, background=None, averaging="pooled").f1[25]
