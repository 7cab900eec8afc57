"""The mixture of the kinds of member that distinguish the labels, chosen by the likelihood of held-out clips.

K kinds, R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from vidlabel.heads.spec import Task
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting.calibration import HeldOutLogits, fit_temperature, row_losses
from vidlabel.training.fitting.plans import MemberKind

SHARES = torch.linspace(0.25, 0.75, 11, dtype=torch.float64)
"""Of the first of two kinds, that are tried: recurrence helps on some data, and only learns noise on other. Each keeps
a quarter at least: one recurrent head is validated, and the model has several, which together err less."""
LEAST_SHARE = 0.1
"""Kinds with less are left out: they cost time in every video, and change hardly a score."""
CHANCE = 2.0
"""Log-likelihood that the share and the temperature of one more kind gain by fitting chance (Akaike, 1974: 1 each)."""
STEPS = 30
"""Of the search for the shares of more than two kinds; the likelihood settles to four digits before."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How the kinds of head that distinguish the labels are mixed."""

    shares: Mapping[MemberKind, float]
    """Weight of each kind in the mixture; they sum to 1."""
    temperatures: Mapping[MemberKind, float]


def even_mixture(kinds: Collection[MemberKind]) -> Mixture:
    """Every kind counts the same, with a temperature of 1."""
    return Mixture({kind: 1 / len(kinds) for kind in kinds}, dict.fromkeys(kinds, 1.0))


def choose_kinds(
    outcome: HeldOutLogits,
    bases: Sequence[Sequence[MemberKind]],
    others: Sequence[MemberKind],
    groups: Sequence[str],
    task: Task,
) -> tuple[MemberKind, ...]:
    """The kinds of member that a mixture needs.

    One of the bases, the first one unless another is better, and after it one more kind after the other as long as the
    mixture gets better: by more than one standard error of the likelihood, and more than chance, each time. Few clips
    are held out, and what looks a little better among many choices is chance.

    Args:
        outcome: logits for clips that the heads were not trained on.
        bases: kinds of the joined streams first, then those of each stream alone, and some of them.
        others: kinds that may be added.
        groups: (R,) of each row; clips of one resemble each other, so that whole groups are what varies.
        task: softmax for `single`, sigmoid otherwise.
    """

    def likelihoods(kinds: Sequence[MemberKind]) -> Tensor:
        scores = mixture_scores(outcome, fit_mixture(outcome, kinds, task), task).double()
        return log_likelihoods(scores, outcome, task)

    first = likelihoods(bases[0])
    gains = [0.0, *(sure_gain(likelihoods(base) - first, groups) for base in bases[1:])]
    chosen = list(bases[gains.index(max(gains))])
    while left := [kind for kind in [*others, *(kind for base in bases for kind in base)] if kind not in chosen]:
        before = likelihoods(chosen)
        gains = [sure_gain(likelihoods([*chosen, kind]) - before, groups) for kind in left]
        if max(gains) <= CHANCE:
            break
        chosen.append(left[gains.index(max(gains))])
    shares = fit_mixture(outcome, chosen, task).shares
    return tuple(kind for kind in chosen if shares[kind] >= LEAST_SHARE)


def groups_of_rows(dataset: FeatureDataset, outcome: HeldOutLogits) -> list[str]:
    """(R,) the group of the clip of each row."""
    pairs = zip(outcome.clips, outcome.rows_of_clip, strict=True)
    return [dataset.training_set.examples[clip].group for clip, rows in pairs for _ in range(rows)]


def sure_gain(gains: Tensor, groups: Sequence[str]) -> float:
    """Sum of (R,) gains less its standard error, where whole groups are what varies."""
    of_row = np.array(groups)
    sums = np.array([gains.numpy()[of_row == group].sum() for group in sorted(set(groups))])
    return float(sums.sum() - np.sqrt((sums**2).sum()))


def log_likelihoods(scores: Tensor, outcome: HeldOutLogits, task: Task) -> Tensor:
    """(R,) of the targets by scores (R, C); 0 where they are not known."""
    logits = scores.clamp(min=1e-12).log() if task == "single" else torch.logit(scores, eps=1e-12)
    return -row_losses(logits, outcome.targets.double(), task) * outcome.mask


def fit_mixture(outcome: HeldOutLogits, kinds: Sequence[MemberKind], task: Task) -> Mixture:
    """A temperature for each kind, the shares of the kinds, and a temperature for the whole, by likelihood.

    Args:
        outcome: logits for clips that the heads were not trained on.
        kinds: at least one.
        task: softmax for `single`, sigmoid otherwise.
    """
    if len(kinds) == 1:
        return Mixture({kinds[0]: 1.0}, {kinds[0]: _own_temperature(outcome, kinds[0], task)})
    return _of_two(outcome, kinds, task) if len(kinds) == 2 else _likeliest(outcome, kinds, task)


def _own_temperature(outcome: HeldOutLogits, kind: MemberKind, task: Task) -> float:
    return fit_temperature(outcome.logits[kind], outcome.targets, outcome.mask * outcome.speaks(kind), task)


def _of_two(outcome: HeldOutLogits, kinds: Sequence[MemberKind], task: Task) -> Mixture:
    """Shares on a grid."""
    targets, mask = outcome.targets, outcome.mask
    own = [_own_temperature(outcome, kind, task) for kind in kinds]
    logits = [outcome.logits[kind].double() / found for kind, found in zip(kinds, own, strict=True)]
    speaks = [outcome.speaks(kind) for kind in kinds]
    mixed = [mixed_logits(logits, torch.stack([share, 1 - share]), speaks) for share in SHARES]
    together = [fit_temperature(rows, targets, mask, task) for rows in mixed]
    known = mask > 0
    losses = [
        float(row_losses(rows[known] / temperature, targets[known].double(), task).mean())
        for rows, temperature in zip(mixed, together, strict=True)
    ]
    best = min(range(len(losses)), key=lambda place: losses[place])
    share = float(SHARES[best])
    temperatures = {kind: found * together[best] for kind, found in zip(kinds, own, strict=True)}
    return Mixture({kinds[0]: share, kinds[1]: 1 - share}, temperatures)


def _likeliest(outcome: HeldOutLogits, kinds: Sequence[MemberKind], task: Task) -> Mixture:
    """Shares anywhere on the simplex, by gradient."""
    known = outcome.mask > 0
    targets = outcome.targets[known].double()
    own = [_own_temperature(outcome, kind, task) for kind in kinds]
    logits = [outcome.logits[kind][known].double() / found for kind, found in zip(kinds, own, strict=True)]
    speaks = [outcome.speaks(kind)[known] for kind in kinds]
    # The last number is the logarithm of how much surer the whole is than its kinds.
    found = torch.zeros(len(kinds) + 1, dtype=torch.float64, requires_grad=True)
    search = torch.optim.LBFGS([found], max_iter=STEPS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        mixed = mixed_logits(logits, torch.softmax(found[:-1], dim=0), speaks) * found[-1].exp()
        value = row_losses(mixed, targets, task).mean()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    search.step(loss)  # type: ignore[no-untyped-call]
    shares = torch.softmax(found.detach()[:-1], dim=0).tolist()
    sharpness = float(found.detach()[-1].exp())
    temperatures = {kind: temperature / sharpness for kind, temperature in zip(kinds, own, strict=True)}
    return Mixture(dict(zip(kinds, shares, strict=True)), temperatures)


def member_weights(kinds: Sequence[MemberKind], shares: Mapping[MemberKind, float]) -> list[float]:
    """The share of each member: those of one kind have the same, and that of their kind together."""
    return [shares[kind] / kinds.count(kind) for kind in kinds]


def mixture_scores(outcome: HeldOutLogits, mixture: Mixture, task: Task) -> Tensor:
    """Probabilities (R, C) of held-out clips, of one head for all of a kind."""
    kinds = list(mixture.shares)
    logits = [outcome.logits[kind] / mixture.temperatures[kind] for kind in kinds]
    shares = torch.tensor([mixture.shares[kind] for kind in kinds])
    mixed = mixed_logits(logits, shares, [outcome.speaks(kind) for kind in kinds])
    return torch.softmax(mixed, dim=1) if task == "single" else torch.sigmoid(mixed)


def mixed_logits(logits: Sequence[Tensor], weights: Tensor, speaks: Sequence[Tensor]) -> Tensor:
    """The weighted sum (R, C) of the outputs of members, as `vidlabel.heads.fusion` makes it.

    Args:
        logits: (R, C) of each of K members, calibrated.
        weights: (K,).
        speaks: (R,) for each, True where it has a say. The weights of those that have are scaled to the same sum; where
            none has, the outputs are 0.
    """
    rows = torch.stack([own.to(weights) for own in speaks]) * weights[:, None]  # (K, R)
    scale = weights.sum() / rows.sum(dim=0).clamp(min=1e-12)
    return torch.einsum("kr,krc->rc", rows * scale, torch.stack([own.to(weights) for own in logits]))
