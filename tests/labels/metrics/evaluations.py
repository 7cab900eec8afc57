"""Answers that evaluations are made of, in a few lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidlabel.labels.metrics.calculator import MetricCalculator, confusion
from vidlabel.labels.metrics.evaluation import (
    Curve,
    EvaluatedData,
    EvaluatedModel,
    Evaluation,
    GroundTruth,
    Predictions,
    VideoGroundTruth,
)
from vidlabel.labels.result import Segment


def clips(truth: Sequence[int], labels: tuple[str, ...], groups: Sequence[str] | None = None) -> GroundTruth:
    """Clips that each hold one label, each in a group of its own or these."""
    names = groups or [f"g{place}" for place in range(len(truth))]
    none = np.zeros(0)
    videos = [VideoGroundTruth(f"{n}.mp4", group, 0, 1.0, False, (), none) for n, group in enumerate(names)]
    return GroundTruth(
        videos=tuple(videos),
        labels=labels,
        background=None,
        single=True,
        unit="clip",
        segments_known=False,
        video_of_row=np.arange(len(truth)),
        targets=np.arange(len(labels)) == np.array(truth)[:, None],
        known=np.ones(len(truth), np.bool_),
    )


def best(scores: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Predictions:
    """The best label of each clip."""
    decided = np.arange(scores.shape[1]) == scores.argmax(axis=1)[:, None]
    return Predictions(scores, decided, ())


def timed(truth: Sequence[Segment], predicted: Sequence[Segment], seconds: int) -> tuple[GroundTruth, Predictions]:
    """One video with one sample a second and the labels `a`, `b` and background."""
    labels = ("a", "b", "background")
    times = np.arange(seconds, dtype=np.float64)

    def rows(segments: Sequence[Segment]) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        held = np.zeros((seconds, 3), np.bool_)
        for segment in segments:
            held[int(segment.start) : int(segment.end), labels.index(segment.label)] = True
        held[:, 2] = ~held.any(axis=1)
        return held

    tested = GroundTruth(
        videos=(VideoGroundTruth("v.mp4", "g", 0, float(seconds), False, tuple(truth), times),),
        labels=labels,
        background=2,
        single=True,
        unit="sample",
        segments_known=True,
        video_of_row=np.zeros(seconds, np.intp),
        targets=rows(truth),
        known=np.ones(seconds, np.bool_),
    )
    decided = rows(predicted)
    return tested, Predictions(decided.astype(np.float32), decided, (tuple(predicted),))


def evaluation_of(tested: GroundTruth, predictions: Predictions) -> Evaluation:
    """An evaluation that says so; the mean has no figures."""
    maker = MetricCalculator(tested, 1.0)
    metrics = maker.metrics(predictions)
    return Evaluation(
        model=EvaluatedModel("m", "gru", ("frames",), "e", None, None, None),
        data=EvaluatedData(len(tested.videos), 1, 1.0, tested.unit, len(tested.known), {}),
        split="none",
        metrics=metrics,
        per_label=maker.per_label(predictions),
        baselines={"mean": None, "majority": metrics},
        matched=None,
        confusion=confusion(tested, predictions),
        rules={},
        warnings=(),
        tested=tested,
        predictions=predictions,
        curves=(Curve(1, "recurrent", (2.0, 1.0), (2.1, 1.5)),),
    )
