"""What one model makes of a video: its features become scores, and these become segments.

T samples in time, C labels.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vidlabel.heads.scoring import Scorer, make_scorer
from vidlabel.heads.segments import segment_builder
from vidlabel.heads.stream_shares import StreamShares, have_shares
from vidlabel.labels.result import Scores, Segment
from vidlabel.labels.segmentation import keep_top
from vidlabel.vocabulary.model import VocabularyModel, VocabularyScorer

if TYPE_CHECKING:
    import numpy.typing as npt

    from vidlabel.heads.model import Model
    from vidlabel.prediction.options import PredictOptions

ROUNDING_S = 0.0005
"""Times of segments are rounded to 1 ms."""


@dataclass(frozen=True, slots=True, eq=False)
class ModelOutput:
    """What one model found in a video."""

    segments: tuple[Segment, ...]
    """Outside the holes; of the labels that are kept."""
    scores: Scores | None
    """Only when they were asked for."""


class FeatureSink(Protocol):
    """Takes what models label by, sample by sample."""

    def take(
        self,
        model: Model,
        available: Collection[str],
        times: npt.NDArray[np.float64],
        features: npt.NDArray[np.float32],
    ) -> None:
        """The next samples of a model: (T,) seconds and (T, D) of the streams among `available` that it looks at."""


class ModelLabels:
    """The labels of one model in one video, fed with its features; times wait here for scores, which may come later.

    Args:
        model: loaded.
        options: of the prediction; whether scores are kept, which need memory for each sample.
        available: the streams that the video has.
        features: takes the features, too; None: they are forgotten.

    Raises:
        ValueError: no head of the model runs with these streams; see `ModelSpec.can_score`.
    """

    def __init__(
        self,
        model: Model,
        options: PredictOptions,
        available: Collection[str],
        features: FeatureSink | None = None,
    ) -> None:
        self._model = model
        self._spec = model.spec
        self._available = available
        self._features = features
        self._options = options
        self._scorer = _start_scorer(model, options.rate, available)
        explained = options.scores and have_shares(model.spec, available)
        self._shares = StreamShares(model, available, options.rate) if explained else None
        self._builder = segment_builder(model.spec, options.threshold, options.min_duration)
        self._kept: list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]] = []
        self._waiting: npt.NDArray[np.float64] = np.empty(0)

    def push(self, times: npt.NDArray[np.float64], features: npt.NDArray[np.float32]) -> None:
        """Take the next samples: (T,) seconds and (T, D)."""
        self._waiting = np.concatenate([self._waiting, times])
        if self._features is not None:
            self._features.take(self._model, self._available, times, features)
        if self._shares is not None:
            self._shares.push(features)
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
        if not self._options.scores:
            return ModelOutput(segments, None)
        labels = self._spec.labels
        times = np.concatenate([times for times, _ in self._kept] or [np.empty(0)])
        values = np.concatenate([scores for _, scores in self._kept] or [np.empty((0, len(labels)), np.float32)])
        return ModelOutput(self._explained(segments, times, values), self._scores(times, values))

    def _add_scores(self, scores: npt.NDArray[np.float32]) -> None:
        """(T, C) scores of the earliest samples that have none yet."""
        times, self._waiting = np.split(self._waiting, [len(scores)])
        self._builder.push(times, scores)
        if self._options.scores and len(scores):
            self._kept.append((times, scores))

    def _explained(
        self, segments: tuple[Segment, ...], times: npt.NDArray[np.float64], values: npt.NDArray[np.float32]
    ) -> tuple[Segment, ...]:
        """The segments with the share of each stream, where there are several."""
        if self._shares is None:
            return segments
        self._shares.finish()
        found = []
        for own in segments:
            samples = (times >= own.start - ROUNDING_S) & (times < own.end - ROUNDING_S)
            label = self._spec.labels.index(own.label)
            shares = self._shares.of(values, label, samples) if samples.any() else {}
            found.append(replace(own, stream_shares=tuple(shares.items())))
        return tuple(found)

    def _scores(self, times: npt.NDArray[np.float64], values: npt.NDArray[np.float32]) -> Scores:
        """All scores, or those of the labels with the highest mean where not all are kept."""
        labels, top = self._spec.labels, self._options.top
        columns = np.arange(len(labels))
        if top is not None and len(values):
            columns = np.sort(np.argsort(-values.mean(axis=0), kind="stable")[:top])
        return Scores(self._spec.name, times, tuple(labels[column] for column in columns), values[:, columns])


def _start_scorer(model: Model, rate: float | None, available: Collection[str]) -> Scorer:
    if isinstance(model, VocabularyModel):
        return VocabularyScorer(model, available)
    return make_scorer(model, rate, available)


def joined_segments(names: Sequence[str], outputs: Sequence[ModelOutput]) -> tuple[Segment, ...]:
    """The segments of all models in the order of their starts, each with the name of its model if there are several."""
    if len(names) == 1:
        return outputs[0].segments
    named = (
        replace(segment, model=name) for name, output in zip(names, outputs, strict=True) for segment in output.segments
    )
    return tuple(sorted(named, key=lambda segment: (segment.start, segment.end)))
