"""What an evaluation gives: metrics with intervals, the same for baselines, and the predictions behind them.

V videos, R rows (videos where they are labelled as a whole, else samples), C labels. Figures lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vidlabel.labels.result import Segment

SCHEMA = "vidlabel.evaluation/1"

METRIC_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro F1",
    "map": "mAP",
    "step_accuracy": "step accuracy",
    "edit": "edit score",
    "f1@10": "F1@10",
    "f1@25": "F1@25",
    "f1@50": "F1@50",
    "event_recall": "event recall",
    "ece": "calibration error",
}
"""Titles of the metrics, in the order in which they are shown."""

METRICS = tuple(METRIC_NAMES)
"""Names of the figures in Python and JSON."""

Unit = Literal["clip", "sample"]
"""What is right or wrong: a video as a whole, or a sample of it."""

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its 95 % bootstrap interval over groups."""

    value: float
    low: float | None
    """None, as `high`, where there are fewer than two groups."""
    high: float | None


Figures = Mapping[str, Figure | None]
"""By the names of `METRICS`; None where a figure does not apply."""


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """Metrics of one label."""

    label: str
    support: int
    """Clips or samples where it holds."""
    precision: Figure | None
    recall: Figure | None
    f1: Figure | None
    average_precision: Figure | None
    event_recall: Figure | None
    """Only where rows have times."""


@dataclass(frozen=True, slots=True)
class EvaluatedModel:
    """What was measured."""

    name: str
    """Name in the model file; `trained` where one was trained for each fold."""
    head: str
    streams: tuple[str, ...]
    """All that the models of the folds use."""
    encoder: str
    runtime: str | None
    """What computed the encoder: `torch`, `torch-half` or `openvino`; None for files of features."""
    sha256: str | None
    """SHA-256 of the model file."""
    options: Mapping[str, object] | None
    """Options of training, where a model was trained for each fold."""


@dataclass(frozen=True, slots=True)
class EvaluatedData:
    """What was measured on."""

    videos: int
    groups: int
    seconds: float
    unit: Unit
    items: int
    """Clips or samples with a known answer."""
    per_label: Mapping[str, int]
    """Videos in which each label holds."""


@dataclass(frozen=True, slots=True)
class MultiLabelGroups:
    """Figures of the groups alone that hold more than one label: recognising the group does not reveal the label."""

    videos: int
    groups: int
    metrics: Figures
    baselines: Mapping[str, Figures | None]


@dataclass(frozen=True, slots=True, eq=False)
class Confusion:
    """How often which label was taken for which."""

    labels: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    """(K, K): a row for each true label, a column for each predicted one."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoGroundTruth:
    """One video with the truth about it."""

    video: str
    group: str
    fold: int
    """In which it was tested; 0 where there was one model for all."""
    duration_s: float
    matched: bool
    """Whether its group holds more than one label."""
    truth: tuple[Segment, ...]
    """Without background; empty where it is labelled as a whole."""
    times: npt.NDArray[np.float64]
    """(T,) seconds of its samples."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundTruth:
    """All videos that were tested, with what holds in their rows."""

    videos: tuple[VideoGroundTruth, ...]
    """V."""
    labels: tuple[str, ...]
    """C."""
    background: int | None
    """The label for "no label holds"; only in single-label tasks."""
    single: bool
    """Whether exactly one label holds in each row."""
    unit: Unit
    segments_known: bool
    """Whether it is known of all time what holds, or that nothing does; figures of segments need that."""
    video_of_row: npt.NDArray[np.intp]
    """(R,)."""
    targets: Booleans
    """(R, C)."""
    known: Booleans
    """(R,) whether the target is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Predictions of a model or baseline for all rows."""

    scores: npt.NDArray[np.float32]
    """(R, C)."""
    decided: Booleans
    """(R, C) what holds by the scores alone."""
    segments: tuple[tuple[Segment, ...], ...]
    """Segments of each video; none where videos are labelled as a whole."""


@dataclass(frozen=True, slots=True)
class Curve:
    """How a form of head learnt, by epoch; the mean over the inner folds."""

    fold: int
    form: str
    loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    """On groups that it did not learn from."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Honest figures of a model: on videos that it has not learnt from, beside what needs no order in time."""

    model: EvaluatedModel
    data: EvaluatedData
    split: str
    metrics: Figures
    per_label: tuple[LabelFigures, ...]
    baselines: Mapping[str, Figures | None]
    """`mean`: no recurrence, trained the same way; None where a model file was measured. `majority`: always the most
    frequent answer."""
    matched: MultiLabelGroups | None
    """Where some groups hold one label and others several."""
    confusion: Confusion | None
    """None where several labels may hold at once."""
    rules: Mapping[str, str]
    """How the figures are meant, and why some are missing."""
    warnings: tuple[str, ...]
    tested: GroundTruth
    predictions: Predictions
    curves: tuple[Curve, ...]


def metric_rules(tested: GroundTruth, tolerance_s: float, *, with_mean: bool) -> dict[str, str]:
    """What each figure means for these videos, and why some are missing.

    Args:
        tested: the videos.
        tolerance_s: how far the start of an event may be off.
        with_mean: whether the head without recurrence was trained.
    """
    clips = tested.unit == "clip"
    found = {
        "interval": "95 % percentile bootstrap over groups, 1000 draws, seed 0",
        "accuracy": "share of clips" if clips else "share of samples, by the segments",
        "macro_f1": f"mean over labels without background, on {'clips' if clips else 'samples by their scores'}",
        "map": "mean average precision over labels without background",
        "ece": "expected calibration error in 15 bins, pooled"
        + ("" if tested.single else "; each label is a question with the answers no and yes"),
        "background": "excluded from macro_f1, map, edit, f1@k and event_recall",
        "majority": "the most frequent answer "
        + ("in the training part of each fold" if with_mean else "among these videos themselves"),
        "mean": "a head without recurrence, trained the same way in the same folds"
        if with_mean
        else "missing: it would have to be trained on what the model was trained on",
    }
    if not tested.single:
        found["accuracy"] += " where all labels are right"
    if clips:
        found["missing"] = "step_accuracy, edit, f1@k and event_recall need labels with times"
        return found
    found["step_accuracy"] = "share of samples, by the scores alone"
    found["event_recall"] = f"share of true segments with one that starts within {tolerance_s:g} s of it"
    if tested.segments_known:
        found["averaging"] = "edit and f1@k: per video"
    else:
        found["missing"] = "edit and f1@k need to know what unlabelled time holds"
    return found
