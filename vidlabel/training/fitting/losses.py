"""Training losses and class weights.

N rows (clips or samples), C classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from vidlabel.heads.spec import Task

SMOOTHING = 0.1
"""Share of each target that is spread over all classes (label smoothing, Szegedy et al. 2016)."""
MAX_CLASS_WEIGHT = 10.0


def smoothed(targets: Tensor, task: Task) -> Tensor:
    """Targets (N, C) that are never quite sure."""
    evenly = 1 / targets.shape[-1] if task == "single" else 0.5
    return targets * (1 - SMOOTHING) + SMOOTHING * evenly


def class_weights(targets: Tensor, mask: Tensor, task: Task, *, power: float) -> Tensor:
    """How much each class counts, so that rare ones are learnt, too.

    Args:
        targets: (N, C) of all that is learnt from.
        mask: (N,) 1 where they count.
        task: with labels of their own there is a second row for where a label does not hold.
        power: 1: every class counts the same in all; 0: every row does.

    Returns:
        (C,) for a single-label task, else (2, C): for where it does not hold, and where it does.
    """
    rows = mask.sum()
    held = (targets * mask[:, None]).sum(dim=0)
    if task == "single":
        return (rows / (targets.shape[1] * held.clamp(min=1))).pow(power).clamp(max=MAX_CLASS_WEIGHT)
    both = torch.stack([rows - held, held])
    return (rows / (2 * both.clamp(min=1))).pow(power).clamp(max=MAX_CLASS_WEIGHT)


def weighted_loss(logits: Tensor, targets: Tensor, mask: Tensor, weights: Tensor, task: Task) -> Tensor:
    """Cross-entropy of the rows that count.

    Args:
        logits: (N, C).
        targets: (N, C), smoothed.
        mask: (N,) 1 where a row counts, 0 where not.
        weights: as `class_weights` gives them.
        task: softmax for `single`, sigmoid otherwise.

    Returns:
        The mean, 0 where no row counts.
    """
    if task == "single":
        rows = -(targets * weights).sum(dim=1) * (targets * functional.log_softmax(logits, dim=1)).sum(dim=1)
    else:
        each = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
        rows = (each * (targets * weights[1] + (1 - targets) * weights[0])).mean(dim=1)
    return (torch.where(mask > 0, rows, 0.0) * mask).sum() / mask.sum().clamp(min=1)


def right_rows(logits: Tensor, targets: Tensor, task: Task) -> Tensor:
    """(N,) 1 where a row is correct: the best class holds, or all labels are right."""
    if task == "single":
        return (logits.argmax(dim=1) == targets.argmax(dim=1)).float()
    return ((logits > 0) == (targets > 0.5)).all(dim=1).float()
