"""Options of training: what cannot be meant is refused before any work, under the name that the command has."""

from __future__ import annotations

import math

import pytest

from vidlabel.errors import UsageError
from vidlabel.training.options import TrainOptions


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"activation": "relu"}, "--activation"),
        ({"activation": "relu", "head": "gru"}, "--activation"),
        ({"head": "mean", "layers": 2}, "--head mean"),
        ({"head": "mean", "bidirectional": True}, "--head mean"),
        ({"hidden": 0}, "--hidden"),
        ({"layers": 0}, "--layers"),
        ({"epochs": 0}, "--epochs"),
        ({"batch_size": 0}, "--batch-size"),
        ({"members": 33}, "--members"),
        ({"folds": -1}, "--inner-folds"),
        ({"folds": 1}, "--inner-folds"),
        ({"seed": -1}, "--seed"),
        ({"streams": ("pose", "text", "pose")}, "--streams"),
        ({"tune_encoder": 17}, "--tune-encoder"),
        ({"dropout": 1.0}, "--dropout"),
        ({"dropout": math.nan}, "--dropout"),
        ({"learning_rate": 0.0}, "--learning-rate"),
        ({"learning_rate": math.inf}, "--learning-rate"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainOptions(**wrong)  # type: ignore[arg-type]
    assert str(caught.value).startswith(f"{named}:")


@pytest.mark.parametrize(
    ("chosen", "members", "looks_ahead"),
    [
        ({}, 3, True),
        ({"members": 5}, 5, True),
        ({"bidirectional": False}, 3, False),
        ({"head": "lstm"}, 1, False),
        ({"head": "lstm", "members": 2, "bidirectional": True}, 2, True),
        ({"head": "mean", "members": 4}, 1, False),
    ],
)
def test_a_named_head_is_taken_by_its_word(chosen: dict[str, object], members: int, looks_ahead: bool) -> None:
    options = TrainOptions(**chosen)  # type: ignore[arg-type]
    assert options.recurrent_members == members
    assert options.looks_ahead is looks_ahead
