"""Metrics of scores and decisions per item (a clip or a sample).

Letters in shapes: N items, C classes. Figures lie between 0 and 1. No item, or no item of the class that a figure is
about, gives NaN: there is no figure, and it must not pass for a bad one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Integers = npt.NDArray[np.integer]
Booleans = npt.NDArray[np.bool_]


def accuracy(truth: Integers, predicted: Integers) -> float:
    """Share of items with the right class.

    Args:
        truth: (N,) class indices.
        predicted: (N,) class indices.
    """
    return float(np.mean(truth == predicted)) if len(truth) else float("nan")


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


def class_f1(confusion: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """F1 of each class of a single-label task.

    Args:
        confusion: (C, C), as `confusion_matrix` gives it.

    Returns:
        (C,), NaN for a class that is neither true nor predicted anywhere.
    """
    return _f1(np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0))


def label_f1(truth: Booleans, predicted: Booleans) -> npt.NDArray[np.float64]:
    """F1 of each label of a multi-label task.

    Args:
        truth: (N, C), True where a label holds.
        predicted: (N, C).

    Returns:
        (C,), NaN for a label that is neither true nor predicted anywhere.
    """
    return _f1((truth & predicted).sum(axis=0), truth.sum(axis=0), predicted.sum(axis=0))


def mean_of_defined(values: npt.NDArray[np.float64]) -> float:
    """Mean over the classes that have a figure: macro F1 of `class_f1` or `label_f1`, mAP of `average_precisions`."""
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else float("nan")


def average_precision(truth: Booleans, scores: Floats) -> float:
    """Area under the steps of the precision-recall curve: the sum of (R_n - R_{n-1}) * P_n over falling thresholds.

    Equal scores are one threshold. No interpolation, as in scikit-learn.

    Args:
        truth: (N,), True where the label holds.
        scores: (N,), higher for more likely.

    Returns:
        NaN if the label holds nowhere.
    """
    if not truth.any():
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    found = np.cumsum(truth[order])[last_of_equals]
    taken = np.flatnonzero(last_of_equals) + 1
    recall_steps = np.diff(found, prepend=0) / truth.sum()
    return float(np.sum(recall_steps * found / taken))


def average_precisions(truth: Booleans, scores: Floats) -> npt.NDArray[np.float64]:
    """Average precision of each label; the mean of the defined ones is mAP.

    Args:
        truth: (N, C), True where a label holds.
        scores: (N, C).

    Returns:
        (C,), NaN for a label that holds nowhere.
    """
    return np.array([average_precision(truth[:, label], scores[:, label]) for label in range(truth.shape[1])])


def expected_calibration_error(truth: Integers, probabilities: Floats, bins: int = 15) -> float:
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
    in_bin = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    # |share right - mean probability| times the share of the bin is |sum of differences| over N.
    gaps = np.bincount(in_bin, weights=right - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(truth))


def _f1(
    right: npt.NDArray[np.int64], true: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    total = (true + predicted).astype(np.float64)
    figures = np.full(total.shape, np.nan)
    np.divide(2 * right, total, out=figures, where=total > 0)
    return figures
