"""Calibration on held-out clips: temperatures, the mixture of member kinds, and the validation metrics.

Temperatures: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

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
SHARES = torch.linspace(0.25, 0.75, 11, dtype=torch.float64)
"""Of the first of two kinds, that are tried: recurrence helps on some data, and only learns noise on other. Each keeps
a quarter at least: one recurrent head is validated, and the model has several, which together err less."""


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


def fit_temperature(logits: Tensor, targets: Tensor, mask: Tensor, task: Task) -> float:
    """The temperature that makes outputs most likely, of those in `TEMPERATURES`.

    Args:
        logits: (R, C).
        targets: (R, C), 0 and 1.
        mask: (R,) 1 where they are known.
        task: softmax for `single`, sigmoid otherwise.
    """
    known = mask > 0
    rows, truth = logits[known].double(), targets[known].double()
    losses = torch.stack([row_losses(rows / temperature, truth, task).mean() for temperature in TEMPERATURES])
    return float(TEMPERATURES[losses.argmin()])


def row_losses(logits: Tensor, targets: Tensor, task: Task) -> Tensor:
    """Negative log-likelihood of rows: (R, C) to (R,)."""
    if task == "single":
        return -(targets * functional.log_softmax(logits, dim=1)).sum(dim=1)
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(dim=1)


@dataclass(frozen=True, slots=True)
class Mixture:
    """How the kinds of head that distinguish the labels are mixed."""

    shares: Mapping[MemberKind, float]
    """Weight of each kind in the mixture; they sum to 1."""
    temperatures: Mapping[MemberKind, float]


def even_mixture(kinds: Collection[MemberKind]) -> Mixture:
    """Every kind counts the same, with a temperature of 1."""
    return Mixture({kind: 1 / len(kinds) for kind in kinds}, dict.fromkeys(kinds, 1.0))


def fit_mixture(outcome: HeldOutLogits, kinds: Sequence[MemberKind], task: Task) -> Mixture:
    """A temperature for each kind, the shares of two kinds, and a temperature for the whole, by likelihood.

    Args:
        outcome: logits for clips that the heads were not trained on.
        kinds: at most two.
        task: softmax for `single`, sigmoid otherwise.
    """
    targets, mask = outcome.targets, outcome.mask
    own = [fit_temperature(outcome.logits[kind], targets, mask, task) for kind in kinds]
    if len(kinds) == 1:
        return Mixture({kinds[0]: 1.0}, {kinds[0]: own[0]})
    first, second = (outcome.logits[kind].double() / found for kind, found in zip(kinds, own, strict=True))
    mixed = [share * first + (1 - share) * second for share in SHARES.tolist()]
    together = [fit_temperature(logits, targets, mask, task) for logits in mixed]
    known = mask > 0
    losses = [
        float(row_losses(logits[known] / temperature, targets[known].double(), task).mean())
        for logits, temperature in zip(mixed, together, strict=True)
    ]
    best = min(range(len(losses)), key=lambda place: losses[place])
    share = float(SHARES[best])
    temperatures = {kind: found * together[best] for kind, found in zip(kinds, own, strict=True)}
    return Mixture({kinds[0]: share, kinds[1]: 1 - share}, temperatures)


def member_weights(kinds: Sequence[MemberKind], shares: Mapping[MemberKind, float]) -> list[float]:
    """The share of each member: those of one kind have the same, and that of their kind together."""
    return [shares[kind] / kinds.count(kind) for kind in kinds]


def mixed_scores(logits: Sequence[Tensor], factors: Sequence[float], task: Task) -> Tensor:
    """Probabilities (R, C) of a mixture of members, as `vidlabel.heads.fusion` makes them.

    Args:
        logits: (R, C) of each member.
        factors: weight over temperature of each.
        task: softmax for `single`, sigmoid otherwise.
    """
    mixed = torch.stack([outputs * factor for outputs, factor in zip(logits, factors, strict=True)]).sum(dim=0)
    return torch.softmax(mixed, dim=1) if task == "single" else torch.sigmoid(mixed)


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
