"""The form of a head: what cannot be is refused in words."""

from __future__ import annotations

from typing import Any

import pytest

from vidlabel.heads.config import HeadConfig, MemberSpec

GRU: dict[str, Any] = {"kind": "gru", "input_size": 4, "hidden_size": 3, "outputs": 6}
SCALED: dict[str, Any] = {
    "kind": "rnn", "activation": "relu", "input_size": 4, "hidden_size": 4, "outputs": 2, "scaled_identity": 1.0
}  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({**GRU, "hidden_size": 0}, "hidden_size must lie between 1"),
        ({**GRU, "outputs": (1 << 20) + 1}, "outputs must lie between 1 and 1048576"),
        ({**GRU, "layers": 17}, "layers must lie between 1 and 16"),
        ({**GRU, "dropout": 1.0}, "dropout must lie between 0 and 1"),
        ({**GRU, "dropout": float("nan")}, "dropout must lie between 0 and 1"),
        ({**GRU, "activation": "relu"}, "a gru head has no choice of activation"),
        ({**GRU, "kind": "mean"}, "as many hidden numbers as inputs"),
        ({**GRU, "kind": "mean", "hidden_size": 4, "layers": 2}, "one layer and one direction"),
        ({**GRU, "kind": "mean", "hidden_size": 4, "bidirectional": True}, "one layer and one direction"),
        ({**SCALED, "scaled_identity": 0.0}, "above 0 and at most at 1"),
        ({**SCALED, "scaled_identity": 1.01}, "above 0 and at most at 1"),
        ({**SCALED, "activation": "tanh"}, "needs a relu rnn"),
        ({**SCALED, "layers": 2}, "needs a relu rnn of one layer"),
        ({**SCALED, "hidden_size": 5}, "as many hidden numbers as inputs"),
        ({**SCALED, "scaled_identity": None, "initial_state": "first-input"}, "only a scaled identity"),
        ({**GRU, "gated_sizes": (GRU["input_size"],)}, "those of several streams"),
        ({**GRU, "gated_sizes": (GRU["input_size"], 1)}, "those of several streams"),
        ({**GRU, "gated_sizes": (GRU["input_size"] + 1, -1)}, "those of several streams"),
        ({**SCALED, "gated_sizes": (1, SCALED["input_size"] - 1)}, "has no gate"),
    ],
)
def test_heads_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        HeadConfig(**fields)


def test_the_outermost_values_are_allowed() -> None:
    assert HeadConfig(**{**GRU, "layers": 16, "dropout": 0.99, "outputs": 1 << 20}).readout_size == 3
    assert HeadConfig(**{**GRU, "bidirectional": True}).readout_size == 6
    assert HeadConfig(**{**SCALED, "initial_state": "first-input"}).scaled_identity == 1.0


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"temperature": 0.0}, "temperature must lie above 0"),
        ({"temperature": float("inf")}, "temperature must lie above 0"),
        ({"weight": float("nan")}, "weight must lie above 0"),
        ({"pooled_parts": 0}, "pooled_parts must lie between 1 and 64"),
        ({"pooled_parts": 4}, "equal for all parts"),
        ({"resampled_steps": 5}, "needs pooled_parts"),
        ({"pooled_parts": 2, "resampled_steps": 20_001}, "between 1 and 20000"),
    ],
)
def test_members_that_cannot_be(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        MemberSpec(head=HeadConfig(**GRU), **fields)


def test_pooling_sums_the_blocks_and_needs_a_window() -> None:
    pooled = MemberSpec(head=HeadConfig(**GRU), pooled_parts=3, resampled_steps=20_000)
    assert (pooled.window_outputs, pooled.needs_window) == (2, True)
    carried = MemberSpec(head=HeadConfig(**GRU))
    assert (carried.window_outputs, carried.needs_window) == (6, False)
    assert MemberSpec(head=HeadConfig(**{**GRU, "bidirectional": True})).needs_window
