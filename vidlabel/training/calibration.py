"""Temperatures: how sure a head may be (Guo et al., On Calibration of Modern Neural Networks, ICML 2017).

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from vidlabel.heads.spec import Task
from vidlabel.training.plans import Form

TEMPERATURES = torch.linspace(-2, 2, 161, dtype=torch.float64).exp()
"""That are tried."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What heads said about clips that they had not learnt from."""

    clips: tuple[int, ...]
    """Of the gathered ones, in the order of the rows."""
    rows_of_clip: tuple[int, ...]
    """How many rows each has: 1 where clips are labelled as a whole."""
    logits: Mapping[Form, Tensor]
    """(R, C) by the form of head; one head of each form is asked."""
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


def member_weights(forms: Sequence[str]) -> list[float]:
    """The share of each member: every form counts the same in all, and members of one form the same among them."""
    return [1 / len(set(forms)) / forms.count(form) for form in forms]


def mixed_scores(logits: Sequence[Tensor], factors: Sequence[float], task: Task) -> Tensor:
    """Probabilities (R, C) of a mixture of members, as `vidlabel.heads.probabilities` makes them.

    Args:
        logits: (R, C) of each member.
        factors: weight over temperature of each.
        task: softmax for `single`, sigmoid otherwise.
    """
    mixed = torch.stack([outputs * factor for outputs, factor in zip(logits, factors, strict=True)]).sum(dim=0)
    return torch.softmax(mixed, dim=1) if task == "single" else torch.sigmoid(mixed)
