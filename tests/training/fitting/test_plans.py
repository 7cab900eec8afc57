"""Which heads a model has, new or continued from another model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from heads.example_specs import mixed_spec, pooled_spec, save_example, step_spec
from vidlabel.heads.fusion import pool_parts
from vidlabel.heads.recurrent import Head, as_trainable, build_head
from vidlabel.training.fitting.plans import (
    StreamShape,
    TaskShape,
    background_plans,
    baseline_plan,
    candidate_plans,
    continued_members,
    default_epochs,
    label_plans,
    linear_plan,
    new_background_members,
    new_members,
)
from vidlabel.training.options import TrainOptions

CLIPS = TaskShape(inputs=8, classes=4, whole=True, updates=6)
SAMPLES = TaskShape(inputs=8, classes=4, whole=False, updates=6)


def test_clips_have_recurrent_heads_and_a_linear_one_over_three_parts() -> None:
    plans = label_plans(TrainOptions(hidden=5), CLIPS)
    assert [plan.name for plan in plans] == ["recurrent-0", "recurrent-1", "recurrent-2", "linear-0"]
    assert [plan.config.outputs for plan in plans] == [12] * 4
    assert {plan.resampled_steps for plan in plans} == {24}
    assert [plan.is_linear for plan in plans] == [False, False, False, True]
    assert (plans[0].config.kind, plans[0].config.bidirectional, plans[0].config.readout_size) == ("gru", True, 10)
    known = background_plans(TrainOptions(hidden=5), CLIPS)
    assert [(plan.name, plan.kind, plan.config.outputs) for plan in known] == [
        ("background-0", "background", 15),
        ("background-1", "background", 15),
        ("background-2", "background", 15),
    ]


def test_several_streams_are_joined_gated_and_alone() -> None:
    streams = (StreamShape("frames", 5, "pictures"), StreamShape("audio", 3, "audio"))
    plans = candidate_plans(TrainOptions(members=1), replace(CLIPS, streams=streams))
    assert [(plan.name, plan.kind, plan.config.input_size) for plan in plans] == [
        ("recurrent-0", "recurrent", 8),
        ("linear-0", "linear", 8),
        ("gated-0", "gated", 8),
        ("recurrent-frames-0", "recurrent frames", 5),
        ("linear-frames-0", "linear frames", 5),
        ("recurrent-audio-0", "recurrent audio", 3),
        ("linear-audio-0", "linear audio", 3),
    ]
    assert [plan.config.gated_sizes for plan in plans] == [None, None, (5, 3), *[None] * 4]
    assert [plan.modality_dropout > 0 for plan in plans] == [True] * 3 + [False] * 4
    assert plans[3].member(0.5, 1.0).streams == ("frames",)
    assert candidate_plans(TrainOptions(), CLIPS) == label_plans(TrainOptions(), CLIPS)


def test_samples_have_a_row_each() -> None:
    plans = label_plans(TrainOptions(members=2), SAMPLES)
    assert [(plan.name, plan.config.outputs, plan.pooled_parts) for plan in plans] == [
        ("recurrent-0", 4, None),
        ("recurrent-1", 4, None),
    ]
    assert plans[0].resampled_steps is None
    assert linear_plan(TrainOptions(), SAMPLES).config.outputs == 4


def test_a_head_that_is_asked_for_by_name_is_alone() -> None:
    (plan,) = label_plans(TrainOptions(head="lstm", layers=2, epochs=7), CLIPS)
    assert (plan.config.kind, plan.config.layers, plan.config.bidirectional, plan.epochs) == ("lstm", 2, False, 7)
    assert len(background_plans(TrainOptions(head="lstm"), CLIPS)) == 1
    (mean,) = label_plans(TrainOptions(head="mean"), CLIPS)
    assert (mean.name, mean.is_linear, mean.pooled_parts, mean.config.outputs) == ("recurrent-0", True, 1, 4)
    (known,) = background_plans(TrainOptions(head="mean"), CLIPS)
    assert (known.pooled_parts, known.config.outputs) == (3, 15)


def test_the_baseline_knows_no_order() -> None:
    plan = baseline_plan(TrainOptions(), CLIPS)
    assert (plan.kind, plan.is_linear, plan.pooled_parts, plan.config.outputs) == ("baseline", True, 1, 4)


@pytest.mark.parametrize(
    ("updates", "recurrent", "epochs"), [(6, True, 30), (100, True, 30), (5, True, 36), (7, False, 40), (1, False, 240)]
)
def test_few_clips_are_gone_through_more_often(updates: int, recurrent: bool, epochs: int) -> None:
    assert default_epochs(TaskShape(8, 4, True, updates), recurrent=recurrent) == epochs


def test_heads_start_as_one_layer_over_all_parts_would() -> None:
    plans = label_plans(TrainOptions(hidden=5), CLIPS)
    torch.manual_seed(3)
    plain = build_head(plans[0].config)
    torch.manual_seed(3)
    head = plans[0].build()
    torch.testing.assert_close(head.output.weight * 3**0.5, plain.output.weight)
    assert not head.output.bias.any()
    linear = plans[-1].build()
    assert not linear.output.weight.any()
    alone = label_plans(TrainOptions(hidden=5), SAMPLES)[0]
    torch.manual_seed(4)
    plain = build_head(alone.config)
    torch.manual_seed(4)
    torch.testing.assert_close(alone.build().output.weight, plain.output.weight)


def test_what_the_model_file_says() -> None:
    member = label_plans(TrainOptions(hidden=5), CLIPS)[0].member(0.25, 1.5)
    assert (member.role, member.weight, member.temperature) == ("labels", 0.25, 1.5)
    assert (member.resampled_steps, member.pooled_parts, member.window_outputs) == (24, 3, 4)
    assert background_plans(TrainOptions(), CLIPS)[0].member(1, 1).role == "background"


PROBLEM = TaskShape(inputs=4, classes=3, whole=True, updates=10)


def rows(head: Head, inputs: Tensor, parts: int | None) -> Tensor:
    """(B, C), or (B, T, C) without parts."""
    with torch.inference_mode():
        outputs = head.eval()(inputs)[0]
    return outputs if parts is None else torch.from_numpy(pool_parts(outputs.numpy(), parts))


def test_new_heads_differ_in_their_start() -> None:
    members = new_members(TrainOptions(hidden=3, members=2), PROBLEM)
    assert [member.plan.kind for member in members] == ["recurrent", "recurrent", "linear"]
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
    assert [(member.plan.name, member.plan.kind) for member in members] == [
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
        before = rows(as_trainable(old), inputs, spec.pooled_parts)
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
    before = rows(as_trainable(start.heads[0]), inputs, None)
    torch.testing.assert_close(rows(member.build(), inputs, None), before[..., [2, 0]])


@pytest.mark.parametrize(("updates", "epochs"), [(10, 30), (3, 60)])
def test_epochs_follow_the_number_of_updates(tmp_path: Path, updates: int, epochs: int) -> None:
    start = save_example(pooled_spec(), tmp_path / "start.safetensors")
    (member,) = continued_members(start, ("fight",), TrainOptions(), TaskShape(3, 1, True, updates))
    assert member.plan.epochs == epochs
