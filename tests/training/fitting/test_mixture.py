"""Which kinds of member are mixed, and how: against hand-computed values and odds that are known."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss
from torch import Tensor

from vidlabel.training.fitting.calibration import HeldOutLogits, fit_temperature
from vidlabel.training.fitting.mixture import (
    Mixture,
    average_mixture,
    even_mixture,
    evidence_weights,
    fit_mixture,
    member_weights,
    mixture_scores,
)
from vidlabel.training.fitting.plans import MemberKind


def test_one_form_alone_counts_for_all() -> None:
    logits = torch.tensor([[3.0, 0.0], [3.0, 0.0], [0.0, 3.0], [0.0, 3.0], [0.0, 3.0]])
    targets = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1], [1, 0]])
    found = fit_mixture(HeldOutLogits((), (), {"linear": logits}, targets, torch.ones(5)), ["linear"], "single")
    assert found.shares == {"linear": 1}
    # Four of five are right, so that the next one is with 5/7, by the rule of succession: log (5/2) = 3 / temperature.
    assert found.temperatures["linear"] == pytest.approx(3 / np.log(5 / 2), rel=0.0126)
    assert even_mixture(("recurrent", "linear")) == Mixture(
        {"recurrent": 0.5, "linear": 0.5}, {"recurrent": 1.0, "linear": 1.0}
    )


def test_members_of_a_form_share_what_their_form_has() -> None:
    of_forms: dict[MemberKind, float] = {"recurrent": 0.6, "linear": 0.4}
    weights = member_weights(["recurrent", "recurrent", "recurrent", "linear"], of_forms)
    assert weights == pytest.approx([0.2, 0.2, 0.2, 0.4])
    logits_of_one = np.random.default_rng(3).normal(size=(6, 3))
    logits = [torch.tensor(logits_of_one), torch.tensor(logits_of_one[::-1].copy())]
    shares = [np.exp(one.numpy()) / np.exp(one.numpy()).sum(axis=1, keepdims=True) for one in logits]
    product = np.sqrt(shares[0] * shares[1])
    expected = product / product.sum(axis=1, keepdims=True)
    outcome = HeldOutLogits((), (), dict(zip(("recurrent", "linear"), logits, strict=True)), logits[0], torch.ones(6))
    np.testing.assert_allclose(mixture_scores(outcome, even_mixture(["recurrent", "linear"]), "single"), expected, 1e-6)


def test_a_form_counts_as_much_as_it_knows() -> None:
    generator = np.random.default_rng(6)
    logits = generator.normal(size=(1200, 3)) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    targets = torch.tensor(np.eye(3)[[generator.choice(3, p=row) for row in shares]])
    own, other = (logits / 2 + generator.normal(size=logits.shape) for _ in range(2))
    noise = torch.tensor(generator.normal(size=logits.shape))

    def fitted(recurrent: torch.Tensor, linear: torch.Tensor) -> Mixture:
        outcome = HeldOutLogits((), (), {"recurrent": recurrent, "linear": linear}, targets, torch.ones(1200))
        return fit_mixture(outcome, ("recurrent", "linear"), "single")

    assert fitted(torch.tensor(own), noise).shares == pytest.approx({"recurrent": 0.75, "linear": 0.25})
    assert fitted(noise, torch.tensor(own)).shares == pytest.approx({"recurrent": 0.25, "linear": 0.75})
    alike = fitted(torch.tensor(own), torch.tensor(other * 2))
    assert alike.shares["recurrent"] == pytest.approx(0.5, abs=0.11)
    assert alike.temperatures["linear"] == pytest.approx(2 * alike.temperatures["recurrent"], rel=0.2)
    logits_of_kinds = {"recurrent": torch.tensor(own), "linear": torch.tensor(other * 2)}
    outcome = HeldOutLogits((), (), logits_of_kinds, targets, torch.ones(1200))
    mixed = mixture_scores(outcome, alike, "single").log()
    assert fit_temperature(mixed, targets, torch.ones(1200), "single") == pytest.approx(1, abs=0.02)


def test_where_a_stream_is_missing_the_others_count_for_all() -> None:
    logits = {"recurrent": torch.tensor([[4.0, 0.0], [0.0, 0.0]]), "linear": torch.tensor([[0.0, 2.0], [0.0, 2.0]])}
    silent = {"recurrent": torch.tensor([False, True])}
    outcome = HeldOutLogits((), (), logits, torch.eye(2), torch.ones(2), silent)
    found = mixture_scores(outcome, Mixture({"recurrent": 0.75, "linear": 0.25}, dict.fromkeys(logits, 1.0)), "single")
    odds = np.exp([3.0 - 0.5, -2.0])
    np.testing.assert_allclose(found[:, 0], odds / (1 + odds), rtol=1e-5)


def knowing(answers: np.ndarray[tuple[int], np.dtype[np.int64]], sureness: float, seed: int) -> Tensor:
    """Logits that are right by `sureness`, with noise of their own."""
    noise = np.random.default_rng(seed).normal(size=(len(answers), 2))
    return torch.tensor(noise + sureness * np.eye(2)[answers])


GROUPS = [f"g{number // 8}" for number in range(160)]
ANSWERS = np.random.default_rng(0).integers(2, size=160)


def averaged(**logits: Tensor) -> dict[MemberKind, float]:
    """Shares of these kinds."""
    outcome = HeldOutLogits((), (), logits, torch.tensor(np.eye(2)[ANSWERS]), torch.ones(160))
    found = average_mixture(outcome, list(logits), GROUPS, "single")
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.temperatures.keys() == found.shares.keys()
    return dict(found.shares)


def test_what_is_noise_is_left_out() -> None:
    nothing, known = knowing(ANSWERS, 0, 1), knowing(ANSWERS, 3, 2)
    assert averaged(recurrent=nothing, recurrent_a=known, recurrent_b=knowing(ANSWERS, 0, 3)) == {"recurrent_a": 1}
    assert averaged(recurrent=known, recurrent_a=nothing, recurrent_b=knowing(ANSWERS, 0, 3)) == {"recurrent": 1}
    # A head that both streams confuse, one of which knows all.
    found = averaged(recurrent=known + 2 * nothing, recurrent_a=known, recurrent_b=nothing)
    assert found == {"recurrent_a": 1}


def test_streams_that_know_other_things_are_mixed() -> None:
    halves = [knowing(ANSWERS, 1.5, seed) for seed in (5, 6)]
    found = averaged(recurrent=knowing(ANSWERS, 0, 7), recurrent_a=halves[0], recurrent_b=halves[1])
    assert found == pytest.approx({"recurrent_a": 0.5, "recurrent_b": 0.5}, abs=0.15)
    of_even = torch.arange(160)[:, None] % 2 == 0
    parts = [torch.where(of_even == even, knowing(ANSWERS, 4, 8), knowing(ANSWERS, 0, 9)) for even in (True, False)]
    found = averaged(recurrent=knowing(ANSWERS, 0, 7), recurrent_a=parts[0], recurrent_b=parts[1])
    assert found == pytest.approx({"recurrent_a": 0.5, "recurrent_b": 0.5}, abs=0.15)


def test_only_both_streams_together_are_taken_where_each_alone_knows_nothing() -> None:
    both, nothing = knowing(ANSWERS, 3, 2), [knowing(ANSWERS, 0, seed) for seed in (1, 3)]
    assert averaged(recurrent=both, recurrent_a=nothing[0], recurrent_b=nothing[1]) == {"recurrent": 1}


def test_evidence_is_as_unsure_as_there_are_few_groups() -> None:
    odds = np.log([[3.0], [1.0]])
    np.testing.assert_allclose(evidence_weights(odds, ["one"], [0, 0]), [0.75, 0.25])
    np.testing.assert_allclose(evidence_weights(odds, ["one"], [np.log(3), 0]), [0.5, 0.5])
    # The first wins where its group weighs more than half of the other one: in two of three draws, not in all.
    told = np.array([[20.0, 0, 0], [0, 6, 4]]) * 50
    np.testing.assert_allclose(evidence_weights(told, ["one", "two", "two"], [0, 0]), [2 / 3, 1 / 3], atol=0.04)


def test_the_shares_of_three_are_the_likeliest() -> None:
    logits = {
        kind: knowing(ANSWERS, sureness, seed) for kind, sureness, seed in (("a", 2, 5), ("b", 1, 6), ("c", 1, 8))
    }
    outcome = HeldOutLogits((), (), logits, torch.tensor(np.eye(2)[ANSWERS]), torch.ones(160))
    fitted = fit_mixture(outcome, list(logits), "single")
    assert sum(fitted.shares.values()) == pytest.approx(1)

    def loss(factors: list[float]) -> float:
        mixed = sum(factor * own.numpy() for factor, own in zip(factors, logits.values(), strict=True))
        shares = np.exp(mixed) / np.exp(mixed).sum(axis=1, keepdims=True)
        return float(161 * log_loss(ANSWERS, shares) + log_loss(1 - ANSWERS, shares)) / 162  # one clip of doubt

    found = [fitted.shares[kind] / fitted.temperatures[kind] for kind in logits]
    near = [
        [factor * own for factor, own in zip(found, steps, strict=True)] for steps in product((0.9, 1, 1.1), repeat=3)
    ]
    assert loss(found) == pytest.approx(min(map(loss, near)), abs=1e-4)
