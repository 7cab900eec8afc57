"""The mixture of the kinds of member that distinguish the labels, averaged by the likelihood of held-out clips.

K kinds, R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vidlabel.heads.spec import Task
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting.calibration import HeldOutLogits, doubted_targets, fit_temperature, row_losses
from vidlabel.training.fitting.plans import MemberKind

SHARES = torch.linspace(0.25, 0.75, 11, dtype=torch.float64)
"""Of the first of two kinds, that are tried: recurrence helps on some data, and only learns noise on other. Each keeps
a quarter at least: one recurrent head is validated, and the model has several, which together err less."""
LEAST_SHARE = 0.1
"""Kinds with less are left out: they cost time in every video, and change hardly a score."""
CHANCE = 2.0
"""Log-likelihood that the share and the temperature of a kind gain by fitting chance (Akaike, 1974: 1 each)."""
STEPS = 30
"""Of the search for shares anywhere; the likelihood settles to four digits before."""
DRAWS = 1000
"""Random weights of the groups; the mean over them settles to two digits."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """How the kinds of head that distinguish the labels are mixed."""

    shares: Mapping[MemberKind, float]
    """Weight of each kind in the mixture; they sum to 1."""
    temperatures: Mapping[MemberKind, float]


def even_mixture(kinds: Collection[MemberKind]) -> Mixture:
    """Every kind counts the same, with a temperature of 1."""
    return Mixture({kind: 1 / len(kinds) for kind in kinds}, dict.fromkeys(kinds, 1.0))


def average_mixture(outcome: HeldOutLogits, kinds: Sequence[MemberKind], groups: Sequence[str], task: Task) -> Mixture:
    """The mean of all mixtures of one kind or of two, each as much as the held-out clips speak for it.

    With few clips several mixtures are nearly as likely, and which one is the likeliest is chance: their mean errs
    less. The weight of each is how likely it is, less what it gains by fitting chance, averaged over random weights of
    the groups (pseudo-BMA+: Yao et al., Using Stacking to Average Bayesian Predictive Distributions, 2018).

    Args:
        outcome: logits for clips that the heads were not trained on.
        kinds: at least one.
        groups: (R,) of each row; clips of one resemble each other, so that whole groups are what varies.
        task: softmax for `single`, sigmoid otherwise.

    Returns:
        A mixture of some of the kinds: those whose mean share is `LEAST_SHARE` and more.
    """
    own = _own_temperatures(outcome, kinds, task)
    tried = [some for size in (1, 2) for some in combinations(kinds, size)]
    mixtures = [_likeliest(outcome, {kind: own[kind] for kind in some}, task) for some in tried]
    rows = torch.stack([log_likelihoods(mixture_scores(outcome, one, task), outcome, task) for one in mixtures])
    weights = evidence_weights(rows.numpy(), groups, [CHANCE * len(some) for some in tried])
    shares = dict.fromkeys(kinds, 0.0)
    for mixture, weight in zip(mixtures, weights.tolist(), strict=True):
        for kind, share in mixture.shares.items():
            shares[kind] += share * weight
    least = min(LEAST_SHARE, max(shares.values()))
    kept = {kind: share for kind, share in shares.items() if share >= least}
    return _mixed(outcome, {kind: share / sum(kept.values()) for kind, share in kept.items()}, own, task)


def evidence_weights(
    likelihoods: npt.NDArray[np.float64], groups: Sequence[str], penalties: Sequence[float]
) -> npt.NDArray[np.float64]:
    """How much each of M mixtures counts, (M,), 1 in all: the mean odds over random weights of the groups.

    Args:
        likelihoods: (M, R) logarithms.
        groups: (R,).
        penalties: (M,) what is taken from the sum of the logarithms.
    """
    of_row = np.array(groups)
    sums = np.stack([likelihoods[:, of_row == group].sum(axis=1) for group in sorted(set(groups))])  # (G, M)
    drawn = np.random.default_rng(0).dirichlet(np.ones(len(sums)), DRAWS) * len(sums)
    totals = drawn @ sums - np.array(penalties)
    odds = np.exp(totals - totals.max(axis=1, keepdims=True))
    found: npt.NDArray[np.float64] = (odds / odds.sum(axis=1, keepdims=True)).mean(axis=0)
    return found


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
    own = _own_temperatures(outcome, kinds, task)
    return _of_two(outcome, own, task) if len(kinds) == 2 else _likeliest(outcome, own, task)


def _own_temperatures(outcome: HeldOutLogits, kinds: Collection[MemberKind], task: Task) -> dict[MemberKind, float]:
    """Of each kind alone, on the rows where it has a say."""
    masks = {kind: outcome.mask * outcome.speaks(kind) for kind in kinds}
    return {kind: fit_temperature(outcome.logits[kind], outcome.targets, masks[kind], task) for kind in kinds}


def _of_two(outcome: HeldOutLogits, own: Mapping[MemberKind, float], task: Task) -> Mixture:
    """Shares on a grid, for two kinds with temperatures of their own."""
    targets, mask = outcome.targets, outcome.mask
    logits = [outcome.logits[kind].double() / found for kind, found in own.items()]
    speaks = [outcome.speaks(kind) for kind in own]
    mixed = [mixed_logits(logits, torch.stack([share, 1 - share]), speaks) for share in SHARES]
    together = [fit_temperature(rows, targets, mask, task) for rows in mixed]
    known = mask > 0
    truth = doubted_targets(targets[known], task)
    losses = [
        float(row_losses(rows[known] / temperature, truth, task).mean())
        for rows, temperature in zip(mixed, together, strict=True)
    ]
    best = min(range(len(losses)), key=lambda place: losses[place])
    share = float(SHARES[best])
    temperatures = {kind: found * together[best] for kind, found in own.items()}
    return Mixture(dict(zip(own, (share, 1 - share), strict=True)), temperatures)


def _likeliest(outcome: HeldOutLogits, own: Mapping[MemberKind, float], task: Task) -> Mixture:
    """Shares anywhere on the simplex, by gradient, for kinds with temperatures of their own."""
    if len(own) == 1:
        return Mixture(dict.fromkeys(own, 1.0), own)
    known = outcome.mask > 0
    targets = doubted_targets(outcome.targets[known], task)
    logits = [outcome.logits[kind][known].double() / found for kind, found in own.items()]
    speaks = [outcome.speaks(kind)[known] for kind in own]
    # The last number is the logarithm of how much surer the whole is than its kinds.
    found = torch.zeros(len(own) + 1, dtype=torch.float64, requires_grad=True)
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
    temperatures = {kind: temperature / sharpness for kind, temperature in own.items()}
    return Mixture(dict(zip(own, shares, strict=True)), temperatures)


def _mixed(
    outcome: HeldOutLogits, shares: Mapping[MemberKind, float], own: Mapping[MemberKind, float], task: Task
) -> Mixture:
    """With given shares, of kinds with temperatures of their own: these, and one for the whole."""
    logits = [outcome.logits[kind].double() / own[kind] for kind in shares]
    weights = torch.tensor(list(shares.values()), dtype=torch.float64)
    mixed = mixed_logits(logits, weights, [outcome.speaks(kind) for kind in shares])
    together = fit_temperature(mixed, outcome.targets, outcome.mask, task)
    return Mixture(shares, {kind: own[kind] * together for kind in shares})


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
