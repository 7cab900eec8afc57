"""Scores of labels by hand, from few classes."""

from __future__ import annotations

import numpy as np
import pytest

from vidlabel.vocabulary.class_scores import ClassWeights, ExclusiveClasses, OverlappingClasses


def weights(**of: float) -> ClassWeights:
    """`_2=0.5`: class 2 counts half."""
    return np.array([int(place[1:]) for place in of], np.intp), np.array(list(of.values()), np.float32)


LABELS = [weights(_0=1.0, _2=0.5), weights(_1=1.0), weights()]


def test_probabilities_of_exclusive_classes_add_up() -> None:
    # At temperature 2 the outputs become the logarithms of 0.5, 0.3 and 0.2.
    outputs = 2 * np.log(np.array([[0.5, 0.3, 0.2]], np.float32))
    scores = ExclusiveClasses(LABELS, 3, temperature=2).of(outputs)
    assert scores[0].tolist() == pytest.approx([0.5 + 0.5 * 0.2, 0.3, 0.0], abs=1e-6)


def test_of_overlapping_classes_the_best_counts() -> None:
    probabilities = np.array([[0.3, 0.9, 0.8], [0.6, 0.1, 0.8]], np.float32)
    scores = OverlappingClasses(LABELS).of(np.log(probabilities / (1 - probabilities)))
    assert scores.tolist() == [pytest.approx([0.4, 0.9, 0.0], abs=1e-6), pytest.approx([0.6, 0.1, 0.0], abs=1e-6)]
