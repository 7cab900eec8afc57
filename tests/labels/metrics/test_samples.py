from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from vidlabel.labels.metrics.samples import confusion_matrix, expected_calibration_error, label_f1

CLASSES = 4


@st.composite
def class_pairs(draw: st.DrawFn) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    pairs = draw(st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=40))
    return np.array([true for true, _ in pairs]), np.array([guess for _, guess in pairs])


@given(class_pairs())
def test_the_confusion_matrix_is_that_of_scikit_learn(
    pair: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> None:
    truth, predicted = pair
    confusion = confusion_matrix(truth, predicted, CLASSES)
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(truth, predicted, labels=list(range(CLASSES))))


@given(st.integers(0, 2**32 - 1), st.integers(1, 30))
def test_f1_of_labels_is_that_of_scikit_learn(seed: int, items: int) -> None:
    generator = np.random.default_rng(seed)
    truth, predicted = (generator.random((items, CLASSES)) < share for share in (0.3, 0.5))
    f1 = reference.f1_score(truth, predicted, average=None, zero_division=np.nan)
    np.testing.assert_allclose(label_f1(truth, predicted), f1)


def test_what_has_no_figure_is_not_a_number() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert math.isnan(expected_calibration_error(nothing, np.zeros((0, 2))))


def test_calibration_error_by_hand() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [0.35, 0.65], [0.55, 0.45]])
    truth = np.array([0, 1, 0, 0])
    # Two bins, all in the upper: 3 of 4 right, mean probability 0.725.
    assert expected_calibration_error(truth, probabilities, bins=2) == pytest.approx(0.025)
    # Ten bins: (0.8, 0.9] holds the first, (0.7, 0.8] the second, (0.6, 0.7] the third, (0.5, 0.6] the last.
    wanted = (0.1 + 0.2 + 0.65 + 0.45) / 4
    assert expected_calibration_error(truth, probabilities, bins=10) == pytest.approx(wanted)


@given(st.integers(0, 2**32 - 1), st.integers(1, 50), st.integers(1, 20))
def test_calibration_error_is_the_loop_over_the_bins(seed: int, items: int, bins: int) -> None:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet([1.0, 1.0, 1.0], items)
    truth = generator.integers(0, 3, items)
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    wanted = 0.0
    for number in range(bins):
        inside = (confidence > number / bins) & (confidence <= (number + 1) / bins)
        if inside.any():
            wanted += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(truth, probabilities, bins) == pytest.approx(wanted)


def test_certain_and_right_is_perfectly_calibrated() -> None:
    assert expected_calibration_error(np.array([0, 1]), np.eye(2)) == 0.0
