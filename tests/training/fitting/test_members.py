"""Heads that go on from those of a model: labels that it knows are told as before."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor

from heads.example_specs import mixed_spec, pooled_spec, save_example, step_spec
from vidlabel.heads.fusion import pool_parts
from vidlabel.heads.recurrent import Head
from vidlabel.training.fitting.members import continued_members, new_background_members, new_members
from vidlabel.training.fitting.plans import TaskShape
from vidlabel.training.options import TrainOptions

PROBLEM = TaskShape(inputs=4, classes=3, whole=True, updates=10)


def rows(head: Head, inputs: Tensor, parts: int | None) -> Tensor:
    """(B, C), or (B, T, C) without parts."""
    with torch.inference_mode():
        outputs = head.eval()(inputs)[0]
    return outputs if parts is None else pool_parts(outputs, parts)


def test_new_heads_differ_in_their_start() -> None:
    members = new_members(TrainOptions(hidden=3, members=2), PROBLEM)
    assert [member.plan.form for member in members] == ["recurrent", "recurrent", "linear"]
    torch.manual_seed(0)
    first, second = (member.build() for member in members[:2])
    assert not torch.equal(first.output.weight, second.output.weight)
    torch.manual_seed(0)
    assert torch.equal(members[0].build().output.weight, first.output.weight)
    known = new_background_members(TrainOptions(hidden=3), PROBLEM)
    assert [member.build().output.out_features for member in known] == [12, 12, 12]


def test_known_labels_keep_their_outputs_in_every_form_of_head(tmp_path: Path) -> None:
    start = save_example(mixed_spec(), tmp_path / "start.safetensors")  # hug, push and background
    labels = ("fall", "push", "hug")
    members = continued_members(start, labels, TrainOptions(), PROBLEM)
    assert [(member.plan.name, member.plan.form) for member in members] == [
        ("recurrent-0", "recurrent"),
        ("recurrent-1", "linear"),
        ("background-2", "background"),
        ("background-3", "background"),
    ]
    assert [member.plan.epochs for member in members] == [30, 40, 30, 30]
    inputs = torch.randn(2, 12, 4, generator=torch.Generator().manual_seed(1))
    for member, old, spec in zip(members, start.heads, start.spec.members, strict=True):
        torch.manual_seed(9)
        found = rows(member.build(), inputs, spec.pooled_parts)
        before = rows(old, inputs, spec.pooled_parts)
        torch.testing.assert_close(found[:, [2, 1]], before[:, [0, 1]])  # hug, push
        knows_background = spec.role == "background"
        assert found.shape == (2, 3 + knows_background)
        if knows_background:
            torch.testing.assert_close(found[:, 3], before[:, 2])
        assert (found[:, 0] == 0).all() == (spec.head.kind == "mean")  # a new label: a random start, or none


def test_labels_that_are_gone_are_left_out(tmp_path: Path) -> None:
    start = save_example(step_spec(), tmp_path / "start.safetensors")  # walk, fall, nothing
    problem = TaskShape(inputs=6, classes=2, whole=False, updates=10)
    (member,) = continued_members(start, ("nothing", "walk"), TrainOptions(epochs=4), problem)
    assert (member.plan.epochs, member.plan.pooled_parts) == (4, None)
    inputs = torch.randn(1, 5, 6, generator=torch.Generator().manual_seed(2))
    torch.testing.assert_close(rows(member.build(), inputs, None), rows(start.heads[0], inputs, None)[..., [2, 0]])


@pytest.mark.parametrize(("updates", "epochs"), [(10, 30), (3, 60)])
def test_epochs_follow_the_number_of_updates(tmp_path: Path, updates: int, epochs: int) -> None:
    start = save_example(pooled_spec(), tmp_path / "start.safetensors")
    (member,) = continued_members(start, ("fight",), TrainOptions(), TaskShape(3, 1, True, updates))
    assert member.plan.epochs == epochs
