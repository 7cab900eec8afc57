"""What one model makes of a video: its features become scores, and these become segments.

T samples in time, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.segments import segment_builder
from vidlabel.labels.result import Scores, Segment
from vidlabel.labels.segmentation import keep_top

if TYPE_CHECKING:
    import numpy.typing as npt

    from vidlabel.heads.model import Model
    from vidlabel.prediction.options import PredictOptions


@dataclass(frozen=True, slots=True, eq=False)
class ModelOutput:
    """What one model found in a video."""

    segments: tuple[Segment, ...]
    """Outside the holes; of the labels that are kept."""
    scores: Scores | None
    """Only when they were asked for."""


class ModelLabels:
    """The labels of one model in one video, fed with its features; times wait here for scores, which may come later.

    Args:
        model: loaded.
        options: of the prediction; whether scores are kept, which need memory for each sample.
    """

    def __init__(self, model: Model, options: PredictOptions) -> None:
        self._spec = model.spec
        self._options = options
        self._scorer = make_scorer(model, options.rate)
        self._builder = segment_builder(model.spec, options.threshold, options.min_duration)
        self._kept: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]] = []
        self._waiting: npt.NDArray[np.float64] = np.empty(0)

    def push(self, times: npt.NDArray[np.float64], features: npt.NDArray[np.float32]) -> None:
        """Take the next samples: (T,) seconds and (T, D)."""
        self._waiting = np.concatenate([self._waiting, times])
        self._add_scores(self._scorer.push(features))

    def finish(self, end_s: float, holes: Sequence[tuple[float, float]]) -> ModelOutput:
        """The segments and scores, when all samples are there.

        Args:
            end_s: seconds from the first presented frame at which labelling ends.
            holes: (start, end) in seconds of stretches that could not be decoded.
        """
        self._add_scores(self._scorer.finish())
        segments = self._builder.finish(end_s, holes)
        if self._options.top is not None:
            segments = keep_top(segments, self._options.top)
        return ModelOutput(segments, self._scores() if self._options.scores else None)

    def _add_scores(self, scores: npt.NDArray[np.float32]) -> None:
        """(T, C) scores of the earliest samples that have none yet."""
        times, self._waiting = np.split(self._waiting, [len(scores)])
        self._builder.push(times, scores)
        if self._options.scores and len(scores):
            self._kept.append((times, scores))

    def _scores(self) -> Scores:
        """All scores, or those of the labels with the highest mean where not all are kept."""
        labels, top = self._spec.labels, self._options.top
        times = np.concatenate([times for times, _ in self._kept] or [np.empty(0)])
        values = np.concatenate([scores for _, scores in self._kept] or [np.empty((0, len(labels)), np.float32)])
        columns = np.arange(len(labels))
        if top is not None and len(values):
            columns = np.sort(np.argsort(-values.mean(axis=0), kind="stable")[:top])
        return Scores(self._spec.name, times, tuple(labels[column] for column in columns), values[:, columns])


def joined_segments(names: Sequence[str], outputs: Sequence[ModelOutput]) -> tuple[Segment, ...]:
    """The segments of all models in the order of their starts, each with the name of its model if there are several."""
    if len(names) == 1:
        return outputs[0].segments
    named = (
        replace(segment, model=name) for name, output in zip(names, outputs, strict=True) for segment in output.segments
    )
    return tuple(sorted(named, key=lambda segment: (segment.start, segment.end)))
