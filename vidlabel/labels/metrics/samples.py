"""Metrics of scores and decisions per item (a clip or a sample).

Letters in shapes: N items, C classes. Figures lie between 0 and 1. No item, or no item of the class that a figure is
about, gives NaN: there is no figure, and it must not pass for a bad one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BINS = 15
"""Bins of the calibration error, as in Guo et al., On Calibration of Modern Neural Networks, ICML 2017."""

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]
Booleans = npt.NDArray[np.bool_]


def confusion_matrix(truth: Integers, predicted: Integers, classes: int) -> npt.NDArray[np.int64]:
    """How often each class was taken for which.

    Args:
        truth: (N,) class indices.
        predicted: (N,) class indices.
        classes: C.

    Returns:
        (C, C) counts, a row for each true class, a column for each predicted one.
    """
    pairs = truth.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes).astype(np.int64)


def label_f1(truth: Booleans, predicted: Booleans) -> npt.NDArray[np.float64]:
    """F1 of each label of a multi-label task.

    Args:
        truth: (N, C), True where a label holds.
        predicted: (N, C).

    Returns:
        (C,), NaN for a label that is neither true nor predicted anywhere.
    """
    right, total = (truth & predicted).sum(axis=0), truth.sum(axis=0) + predicted.sum(axis=0)
    figures = np.full(len(total), np.nan)
    np.divide(2 * right, total, out=figures, where=total > 0)
    return figures


def calibration_bins(confidence: npt.NDArray[np.float64], bins: int = BINS) -> npt.NDArray[np.int64]:
    """The bin of each probability; bins have equal widths and include their upper bound."""
    return np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)


def expected_calibration_error(truth: Integers, probabilities: Floats, bins: int = BINS) -> float:
    """How far the probability of the top class is from being right that often.

    Guo et al., On Calibration of Modern Neural Networks, ICML 2017: bins of equal width over the top probability, upper
    bound included; mean over the items of |share right - mean probability| of their bin.

    Args:
        truth: (N,) class indices.
        probabilities: (N, C), 0 to 1.
        bins: how many; 15 in the paper.
    """
    if not len(truth):
        return float("nan")
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == truth
    # |share right - mean probability| times the share of the bin is |sum of differences| over N.
    gaps = np.bincount(calibration_bins(confidence, bins), weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))
