"""Temperatures and metrics of held-out logits, against hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss

from vidlabel.training.fitting.calibration import HeldOutLogits, fit_temperature, row_losses, summarise


def test_losses_of_rows_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    logits, answers = generator.normal(size=(8, 4)), generator.integers(4, size=8)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    found = row_losses(torch.tensor(logits), torch.tensor(np.eye(4)[answers]), "single")
    assert found.shape == (8,)
    assert float(found.mean()) == pytest.approx(log_loss(answers, shares, labels=range(4)))
    holds = generator.integers(2, size=(8, 4))
    own = row_losses(torch.tensor(logits), torch.tensor(holds.astype(float)), "multi")
    assert float(own.mean()) == pytest.approx(log_loss(holds.ravel(), 1 / (1 + np.exp(-logits.ravel()))))


def test_the_temperature_is_the_most_likely_of_the_grid() -> None:
    generator = np.random.default_rng(1)
    logits, answers = generator.normal(size=(60, 3)) * 2, generator.integers(3, size=60)
    logits[np.arange(60), answers] += 2

    tried = np.linspace(0.1, 7, 7000)
    scaled = logits / tried[:, None, None]
    likelihoods = scaled - np.log(np.exp(scaled).sum(axis=2, keepdims=True))
    doubted = np.full((60, 3), 1 / 62 / 2)
    doubted[np.arange(60), answers] = 61 / 62
    best = tried[(likelihoods * doubted).sum(axis=2).mean(axis=1).argmax()]
    found = fit_temperature(torch.tensor(logits), torch.tensor(np.eye(3)[answers]), torch.ones(60), "single")
    assert found == pytest.approx(best, rel=0.0126)  # half a step of the grid, e^(4 / 160)
    hopeless = fit_temperature(torch.tensor(-logits), torch.tensor(np.eye(3)[answers]), torch.ones(60), "single")
    assert hopeless == pytest.approx(np.exp(2))  # the last of the grid


def test_the_temperature_makes_a_head_as_sure_as_it_is_right() -> None:
    generator = np.random.default_rng(4)
    logits = generator.normal(size=(4000, 3)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = np.array([generator.choice(3, p=row) for row in shares])
    targets, mask = torch.tensor(np.eye(3)[answers]), torch.ones(4000)
    too_sure = torch.tensor(logits * 3)
    assert fit_temperature(too_sure, targets, mask, "single") == pytest.approx(3, rel=0.1)
    mask[2000:] = 0
    too_sure[2000:, 0] = 1e6
    assert fit_temperature(too_sure, targets, mask, "single") == pytest.approx(3, rel=0.15)
    holds = torch.tensor((generator.random((4000, 1)) < 1 / (1 + np.exp(-logits[:, :1]))).astype(float))
    timid = torch.tensor(logits[:, :1] / 4)
    assert fit_temperature(timid, holds, torch.ones(4000), "binary") == pytest.approx(0.25, rel=0.15)


def test_many_clips_right_are_no_proof_of_certainty() -> None:
    """Laplace's rule of succession: after N of N right, the next one is with (N + 1) / (N + 2)."""
    clips = np.arange(19)
    targets = torch.tensor(np.eye(2)[clips % 2])
    found = fit_temperature(targets * 3, targets, torch.ones(19), "single")
    assert 1 / (1 + np.exp(-3 / found)) == pytest.approx(20 / 21, abs=0.002)
    holds, sure = torch.tensor(clips[:, None] % 2.0), torch.tensor(3 * (-1.0) ** (clips[:, None] + 1))
    assert fit_temperature(sure, holds, torch.ones(19), "binary") == found


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
