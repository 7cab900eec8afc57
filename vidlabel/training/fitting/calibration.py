"""Calibration on held-out clips: temperatures, and the validation metrics.

Temperatures: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from vidlabel.heads.spec import Task
from vidlabel.labels.metrics.samples import expected_calibration_error
from vidlabel.training.fitting.losses import right_rows
from vidlabel.training.fitting.plans import MemberKind

TEMPERATURES = torch.linspace(-2, 2, 161, dtype=torch.float64).exp()
"""Temperatures that are tried."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutLogits:
    """Logits for clips that the heads were not trained on."""

    clips: tuple[int, ...]
    """Indices into the dataset, in the order of the rows."""
    rows_of_clip: tuple[int, ...]
    """How many rows each has: 1 where clips are labelled as a whole."""
    logits: Mapping[MemberKind, Tensor]
    """(R, C) by the kind of member; of one head of each kind."""
    targets: Tensor
    """(R, C)."""
    mask: Tensor
    """(R,) 1 where the target is known."""
    silent: Mapping[MemberKind, Tensor] = field(default_factory=dict)
    """(R,) True where a kind of member has no say, since the clip lacks its streams; without an entry: nowhere."""

    def speaks(self, kind: MemberKind) -> Tensor:
        """(R,) True where a kind of member has a say."""
        everywhere = torch.ones(len(self.targets), dtype=torch.bool)
        return ~self.silent[kind] if kind in self.silent else everywhere


def fit_temperature(logits: Tensor, targets: Tensor, mask: Tensor, task: Task) -> float:
    """The temperature that makes outputs most likely, of those in `TEMPERATURES`, with targets of `doubted_targets`.

    Args:
        logits: (R, C).
        targets: (R, C), 0 and 1.
        mask: (R,) 1 where they are known.
        task: softmax for `single`, sigmoid otherwise.
    """
    known = mask > 0
    rows, truth = logits[known].double(), doubted_targets(targets[known], task)
    losses = torch.stack([row_losses(rows / temperature, truth, task).mean() for temperature in TEMPERATURES])
    return float(TEMPERATURES[losses.argmin()])


def doubted_targets(targets: Tensor, task: Task) -> Tensor:
    """Targets of which 1 in R + 2 is another answer, (R, C): the rule of succession, as in Platt scaling (1999).

    N of N clips right is no proof of certainty: without a doubt the likeliest temperature would be 0.

    Args:
        targets: (R, C) that are known, 0 and 1.
        task: of the targets; where one label holds at a time, the doubt is shared by all others.
    """
    doubt = 1 / (len(targets) + 2)
    others = targets.shape[1] - 1 if task == "single" else 1
    truth = targets.double()
    return truth * (1 - doubt) + (1 - truth) * doubt / others


def row_losses(logits: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Negative log-likelihood of rows: (R, C) to (R,)."""
    if task == "single":
        return -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1)
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=1)


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Scores for clips that were not learnt from, and what they are worth.

    The temperatures were fitted to the same clips; there is one for each kind of member, so that hardly anything can be
    fitted by it. Where training goes on from a model that knew the clips, the figures are too good.
    """

    folds: int
    clips: tuple[int, ...]
    """Indices into the dataset, in the order of the rows."""
    rows_of_clip: tuple[int, ...]
    scores: npt.NDArray[np.float32]
    """(R, C) calibrated probabilities."""
    targets: npt.NDArray[np.float32]
    """(R, C)."""
    mask: npt.NDArray[np.float32]
    """(R,) 1 where the target is known."""
    accuracy: float
    """Share of correct rows, 0 to 1: the best class, or all labels."""
    baseline_accuracy: float
    """Accuracy of a linear layer on the mean of a clip, or on each sample."""
    majority_accuracy: float
    """Accuracy of always predicting the most frequent target."""
    calibration_error: float
    """Expected calibration error, 0 to 1."""
    stream_accuracies: Mapping[str, float] = field(default_factory=dict)
    """Of the heads of each stream alone, on the rows of clips that have it; empty where there is one stream."""


def right_share(outcome: HeldOutLogits, scores: Tensor, rows: Tensor, task: Task) -> float:
    """Share of correct rows, 0 to 1, among those of some rows (R,) whose target is known; 0 where there are none."""
    known = (outcome.mask > 0) & rows
    if not known.any():
        return 0.0
    decided = scores[known] if task == "single" else torch.logit(scores[known].double(), eps=1e-12)
    return float(right_rows(decided, outcome.targets[known], task).mean())


def summarise(outcome: HeldOutLogits, scores: Tensor, baseline: Tensor, folds: int, task: Task) -> Validation:
    """Compute the metrics of held-out logits.

    Args:
        outcome: logits of held-out clips.
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
    # Each label is a binary decision of its own.
    yes = scores.ravel()
    return expected_calibration_error(targets.ravel().astype(np.int64), np.stack([1 - yes, yes], axis=1))
