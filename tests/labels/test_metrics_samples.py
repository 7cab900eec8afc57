from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from vidlabel.labels.metrics_samples import (
    accuracy,
    average_precision,
    average_precisions,
    class_f1,
    confusion_matrix,
    expected_calibration_error,
    label_f1,
    mean_of_defined,
)

CLASSES = 4


@st.composite
def class_pairs(draw: st.DrawFn) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    pairs = draw(st.lists(st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)), min_size=1, max_size=40))
    return np.array([true for true, _ in pairs]), np.array([guess for _, guess in pairs])


@given(class_pairs())
def test_accuracy_confusion_and_macro_f1_are_those_of_scikit_learn(
    pair: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
) -> None:
    truth, predicted = pair
    confusion = confusion_matrix(truth, predicted, CLASSES)
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(truth, predicted, labels=list(range(CLASSES))))
    assert accuracy(truth, predicted) == pytest.approx(reference.accuracy_score(truth, predicted))
    present = sorted({*truth.tolist(), *predicted.tolist()})
    f1 = class_f1(confusion)
    np.testing.assert_allclose(f1[present], reference.f1_score(truth, predicted, labels=present, average=None))
    assert np.isnan(np.delete(f1, present)).all()
    assert mean_of_defined(f1) == pytest.approx(reference.f1_score(truth, predicted, average="macro"))


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.sampled_from([3, 1000]))
def test_multi_label_figures_are_those_of_scikit_learn(seed: int, items: int, levels: int) -> None:
    """Few levels of score make many ties."""
    generator = np.random.default_rng(seed)
    truth = generator.random((items, CLASSES)) < 0.3
    scores = generator.integers(0, levels, (items, CLASSES)) / levels
    predicted = scores >= 0.5
    f1 = reference.f1_score(truth, predicted, average=None, zero_division=np.nan)
    np.testing.assert_allclose(label_f1(truth, predicted), f1)
    present = truth.any(axis=0)
    found = average_precisions(truth, scores)
    assert np.isnan(found[~present]).all()
    wanted = [reference.average_precision_score(truth[:, c], scores[:, c]) for c in np.flatnonzero(present)]
    np.testing.assert_allclose(found[present], wanted)
    if present.any():
        macro = reference.average_precision_score(truth[:, present], scores[:, present], average="macro")
        assert mean_of_defined(found) == pytest.approx(macro)


def test_average_precision_by_hand() -> None:
    truth = np.array([True, False, True, False])
    # Precision 1/1 at recall 1/2, then 2/3 at recall 1.
    assert average_precision(truth, np.array([0.9, 0.8, 0.7, 0.6])) == pytest.approx(0.5 + 0.5 * 2 / 3)
    assert average_precision(truth, np.full(4, 0.5)) == 0.5


def test_what_has_no_figure_is_not_a_number() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert math.isnan(accuracy(nothing, nothing))
    assert math.isnan(expected_calibration_error(nothing, np.zeros((0, 2))))
    assert math.isnan(average_precision(np.zeros(3, dtype=np.bool_), np.ones(3)))
    assert math.isnan(mean_of_defined(np.array([math.nan])))


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
