"""What the inner cross-validation says of a model: figures for clips that were not learnt from.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vidlabel.heads.spec import Task
from vidlabel.labels.metrics.samples import expected_calibration_error
from vidlabel.training.fitting.calibration import HeldOutLogits
from vidlabel.training.fitting.losses import right_rows


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Scores for clips that were not learnt from, and what they are worth.

    The temperatures were fitted to the same clips; there is one for each form of head, so that hardly anything can be
    fitted by it. Where training goes on from a model that knew the clips, the figures are too good.
    """

    folds: int
    clips: tuple[int, ...]
    """Of the gathered ones, in the order of the rows."""
    rows_of_clip: tuple[int, ...]
    scores: npt.NDArray[np.float32]
    """(R, C) calibrated probabilities."""
    targets: npt.NDArray[np.float32]
    """(R, C)."""
    mask: npt.NDArray[np.float32]
    """(R,) 1 where the target is known."""
    accuracy: float
    """Share of the rows that are told right, 0 to 1: the best class, or all labels."""
    baseline_accuracy: float
    """Of the mean over the clip, or of each sample on its own, under a linear layer."""
    majority_accuracy: float
    """Of always the most frequent answer."""
    calibration_error: float
    """Expected calibration error, 0 to 1."""


def summarise(outcome: HeldOutLogits, scores: Tensor, baseline: Tensor, folds: int, task: Task) -> Validation:
    """Put figures to what was said.

    Args:
        outcome: what heads said.
        scores: (R, C) of the mixture.
        baseline: (R, C) logits.
        folds: how many there were.
        task: of the targets.
    """
    known = outcome.mask > 0
    targets = outcome.targets[known]
    logits = torch.logit(scores[known].double(), eps=1e-12) if task != "single" else scores[known]
    _, counts = np.unique(targets.numpy(), axis=0, return_counts=True)
    return Validation(
        folds=folds,
        clips=outcome.clips,
        rows_of_clip=outcome.rows_of_clip,
        scores=scores.float().numpy(),
        targets=outcome.targets.numpy(),
        mask=outcome.mask.numpy(),
        accuracy=float(right_rows(logits, targets, task).mean()),
        baseline_accuracy=float(right_rows(baseline[known], targets, task).mean()),
        majority_accuracy=float(counts.max() / counts.sum()),
        calibration_error=_calibration_error(scores[known].double().numpy(), targets.numpy(), task),
    )


def _calibration_error(scores: npt.NDArray[np.float64], targets: npt.NDArray[np.float32], task: Task) -> float:
    if task == "single":
        return expected_calibration_error(targets.argmax(axis=1), scores)
    # Each label is a question of its own with the answers no and yes.
    yes = scores.ravel()
    return expected_calibration_error(targets.ravel().astype(np.int64), np.stack([1 - yes, yes], axis=1))
