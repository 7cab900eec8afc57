from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
import torch

from vidlabel.heads.spec import Task
from vidlabel.training.fitting.losses import class_weights, right_rows, smoothed, weighted_loss

GENERATOR = np.random.default_rng(3)
LOGITS = GENERATOR.normal(size=(6, 3))
ONE_HOT = np.eye(3)[[0, 1, 1, 2, 1, 0]]


Array = npt.NDArray[np.float64]


def _loss(logits: Array, targets: Array, mask: Array, weights: Array, task: Task) -> float:
    tensors = (torch.tensor(logits), torch.tensor(targets), torch.tensor(mask), torch.tensor(weights))
    return float(weighted_loss(*tensors, task))


def test_single_label_loss_is_weighted_smoothed_cross_entropy() -> None:
    targets = ONE_HOT * 0.9 + 0.1 / 3
    np.testing.assert_allclose(smoothed(torch.tensor(ONE_HOT), "single"), targets)
    weights = np.array([1.0, 2 / 3, 2.0])  # 6 rows over 3 classes with 2, 3 and 1 of them
    mask = np.ones(6)
    np.testing.assert_allclose(class_weights(torch.tensor(ONE_HOT), torch.tensor(mask), "single", power=1), weights)
    log_shares = LOGITS - np.log(np.exp(LOGITS).sum(axis=1, keepdims=True))
    expected = np.mean([-(t * weights).sum() * (t * row).sum() for t, row in zip(targets, log_shares, strict=True)])
    assert _loss(LOGITS, targets, mask, weights, "single") == pytest.approx(expected)


def test_loss_of_labels_of_their_own_is_weighted_binary_cross_entropy() -> None:
    truth = (GENERATOR.random((6, 3)) < 0.4).astype(float)
    targets = truth * 0.9 + 0.05
    np.testing.assert_allclose(smoothed(torch.tensor(truth), "multi"), targets)
    held = truth.sum(axis=0)
    weights = np.sqrt(np.stack([6 / (2 * np.maximum(6 - held, 1)), 6 / (2 * np.maximum(held, 1))]))
    found = class_weights(torch.tensor(truth), torch.ones(6), "multi", power=0.5)
    np.testing.assert_allclose(found, weights, rtol=1e-6)
    shares = 1 / (1 + np.exp(-LOGITS))
    each = -(targets * np.log(shares) + (1 - targets) * np.log(1 - shares))
    expected = (each * (targets * weights[1] + (1 - targets) * weights[0])).mean()
    assert _loss(LOGITS, targets, np.ones(6), weights, "multi") == pytest.approx(expected)


@pytest.mark.parametrize("task", ["single", "multi"])
def test_what_is_masked_changes_nothing(task: Task) -> None:
    mask = np.array([1.0, 0, 1, 0, 1, 1])
    kept = mask > 0
    weights = np.ones(3) if task == "single" else np.ones((2, 3))
    changed = np.where(kept[:, None], LOGITS, np.array([1e30, np.inf, 5.0]))
    alone = _loss(LOGITS[kept], ONE_HOT[kept], mask[kept], weights, task)
    assert _loss(changed, ONE_HOT, mask, weights, task) == pytest.approx(alone)
    logits = torch.tensor(LOGITS, requires_grad=True)
    loss = weighted_loss(logits, torch.tensor(ONE_HOT), torch.tensor(mask), torch.tensor(weights), task)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert not gradient[~kept].any()
    assert bool((gradient[kept] != 0).any(dim=1).all())
    held = class_weights(torch.tensor(ONE_HOT), torch.tensor(mask), task, power=1)
    np.testing.assert_allclose(held, class_weights(torch.tensor(ONE_HOT[kept]), torch.ones(4), task, power=1))
    assert _loss(LOGITS, ONE_HOT, np.zeros(6), weights, task) == 0


def test_rows_that_are_right() -> None:
    logits = torch.tensor([[2.0, 1.0], [2.0, -1.0], [-1.0, -2.0]])
    assert right_rows(logits, torch.tensor([[1.0, 0], [0, 1], [1, 0]]), "single").tolist() == [1, 0, 1]
    assert right_rows(logits, torch.tensor([[1.0, 1], [1, 0], [1, 0]]), "multi").tolist() == [1, 1, 0]
