"""Figures of the inner cross-validation, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vidlabel.training.fitting.calibration import HeldOutLogits
from vidlabel.training.fitting.validation import summarise


def test_figures_of_one_label_at_a_time() -> None:
    targets = torch.tensor([[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1]])
    mask = torch.tensor([1.0, 1, 1, 1, 0])  # the last row would change every figure
    scores = torch.tensor([[0.95, 0.05], [0.85, 0.15], [0.25, 0.75], [0.15, 0.85], [1, 0]])
    baseline = torch.tensor([[1.0, 0], [0, 1], [0, 1], [0, 1], [1, 0]])
    found = summarise(HeldOutLogits((4, 2), (3, 2), {}, targets, mask), scores, baseline, 3, "single")
    assert (found.folds, found.clips, found.rows_of_clip) == (3, (4, 2), (3, 2))
    assert (found.accuracy, found.baseline_accuracy, found.majority_accuracy) == (0.75, 0.5, 0.75)
    # Three bins of a fifteenth: (0.95 right), (0.85 and 0.85 right), (0.75 wrong).
    assert found.calibration_error == pytest.approx((0.05 + 2 * 0.15 + 0.75) / 4)
    np.testing.assert_array_equal(found.scores, scores)
    np.testing.assert_array_equal(found.mask, [1, 1, 1, 1, 0])


def test_figures_of_labels_of_their_own() -> None:
    targets = torch.tensor([[1.0, 1], [1, 1], [0, 1], [0, 0], [0, 0]])
    mask = torch.tensor([1.0, 1, 1, 1, 0])
    scores = torch.tensor([[0.9, 0.9], [0.9, 0.3], [0.1, 0.9], [0.1, 0.1], [1, 1]])
    baseline = torch.tensor([[1.0, 1], [1, 1], [1, 1], [1, 1], [-1, -1]])
    found = summarise(HeldOutLogits((0,), (5,), {}, targets, mask), scores, baseline, 2, "multi")
    assert (found.accuracy, found.baseline_accuracy, found.majority_accuracy) == (0.75, 0.5, 0.5)
    # Eight questions: seven are answered right with 0.9, one wrong with 0.7.
    assert found.calibration_error == pytest.approx((7 * 0.1 + 0.7) / 8)
