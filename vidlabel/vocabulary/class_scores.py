"""From the scores of classes to those of the labels that they stand for.

N samples, K outputs of a classifier, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from vidlabel.heads.operations import FloatArray, linear, sigmoid, softmax

ClassWeights = tuple[npt.NDArray[np.intp], FloatArray]
"""The outputs that stand for a label, and the weight of each; none where no class does."""


class LabelScores(Protocol):
    """Turns the outputs of one head into scores of labels."""

    def of(self, outputs: FloatArray, /) -> FloatArray:
        """(N, K) to (N, C), 0 to 1."""
        ...


class ExclusiveClasses:
    """One class holds at a time: the score of a label is the sum of the probabilities of its classes.

    Args:
        weights: of each label.
        outputs: K.
        temperature: the outputs are divided by it.
    """

    def __init__(self, weights: Sequence[ClassWeights], outputs: int, temperature: float) -> None:
        self._temperature = np.float32(temperature)
        self._matrix = np.zeros((len(weights), outputs), np.float32)
        for row, (places, own) in zip(self._matrix, weights, strict=True):
            row[places] = own

    def of(self, outputs: FloatArray) -> FloatArray:
        """(N, K) to (N, C)."""
        scores: FloatArray = np.minimum(linear(softmax(outputs / self._temperature), self._matrix), 1)
        return scores


class OverlappingClasses:
    """Classes hold together, a dog and its bark: the score of a label is that of its best class.

    Args:
        weights: of each label.
    """

    def __init__(self, weights: Sequence[ClassWeights]) -> None:
        self._weights = weights

    def of(self, outputs: FloatArray) -> FloatArray:
        """(N, K) to (N, C)."""
        classes = sigmoid(outputs)
        scores = np.zeros((len(outputs), len(self._weights)), np.float32)
        for label, (places, own) in enumerate(self._weights):
            if len(places):
                scores[:, label] = (classes[:, places] * own).max(axis=1)
        return scores
