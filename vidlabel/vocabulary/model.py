"""A model whose labels are words: it is made when it is used, of heads and encoders that are there.

What it is to the rest of vidlabel is a `Model`, described by a `ModelSpec` as others are. Its heads have outputs of
their own, which `LabelScores` turn into the scores of the labels; the score of a label is that of its best stream.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import Model
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.scoring import CarriedScorer
from vidlabel.labels.result import LabelClasses, ModelInfo
from vidlabel.vocabulary.class_scores import LabelScores

NAME = "labels"
"""Of the model in results."""


@dataclass(frozen=True, slots=True, eq=False)
class VocabularyModel(Model):
    """Heads, one a stream, and what makes scores of labels of their outputs."""

    label_scores: tuple[LabelScores, ...]
    """Of each head."""
    label_streams: tuple[frozenset[str], ...]
    """The streams that each label is found in; none for a label that will not be found."""
    label_classes: tuple[LabelClasses, ...] = ()
    """The classes that stand for each label; none where labels are compared with pictures themselves."""

    @property
    def info(self) -> ModelInfo:
        """The part of a result that describes the model."""
        spec = self.spec
        described = ModelInfo(
            spec.name, spec.labels, spec.head_name, spec.stream_names, spec.encoder_titles, self.sha256
        )
        return replace(described, classes=self.label_classes)

    def lost_labels(self, available: Collection[str]) -> tuple[str, ...]:
        """The labels that cannot be found in a video that has these streams alone."""
        return tuple(
            label
            for label, streams in zip(self.spec.labels, self.label_streams, strict=True)
            if streams and not streams.intersection(available)
        )


class VocabularyScorer(CarriedScorer):
    """Scores of the labels of a vocabulary.

    Args:
        model: whose heads run.
        available: the streams that the video has.

    Raises:
        ValueError: no head of the model runs with these streams.
    """

    def __init__(self, model: VocabularyModel, available: Collection[str]) -> None:
        super().__init__(StreamInputs(model, available))
        self._label_scores_of_heads = model.label_scores

    def _label_scores(self, logits: list[FloatArray | None]) -> FloatArray:
        running = [
            scores.of(outputs)
            for scores, outputs in zip(self._label_scores_of_heads, logits, strict=True)
            if outputs is not None
        ]
        best: FloatArray = np.maximum.reduce(running)
        return best
