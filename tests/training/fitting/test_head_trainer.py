"""Training one head: its task, its epochs, its logits for windows and whole clips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from training.banks import counting_bank
from vidlabel.heads.fusion import pool_parts
from vidlabel.training.fitting.head_trainer import (
    HeadTask,
    HeadTrainer,
    LossMean,
    clip_logits,
    disturbed,
    kept_modalities,
    make_head_task,
    pooled_logits,
    window_loss,
)
from vidlabel.training.fitting.plans import (
    MODALITY_DROPOUT,
    MemberPlan,
    StreamShape,
    TaskShape,
    label_plans,
    new_background_members,
    new_members,
)
from vidlabel.training.fitting.tensors import PackedClips, TrainingTensors
from vidlabel.training.fitting.windows import BackgroundWindows, Batch, ClipWindows, TimedWindows, WindowLength
from vidlabel.training.options import TrainOptions


def linear_lesson() -> HeadTask:
    """A head on samples without recurrence: its logits are one linear layer."""
    targets = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    tensors = TrainingTensors(counting_bank(4), targets, torch.ones(4), "single", whole=False)
    options = TrainOptions(head="mean", epochs=2, learning_rate=0.1)
    plan = new_members(options, TaskShape(3, 2, False, 2))[0].plan
    return make_head_task(plan, tensors, options, WindowLength(4, 4.0))


def batch(steps: int = 5) -> Batch:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(2, steps, 3, generator=generator)
    targets = functional.one_hot(torch.randint(0, 2, (2, steps), generator=generator), 2).float()
    mask = torch.ones(2, steps)
    mask[1, 2:] = 0
    return Batch(inputs, targets, mask)


def test_inputs_are_disturbed() -> None:
    head_task = linear_lesson()
    quiet = replace(head_task, plan=replace(head_task.plan, noise=0.0, input_dropout=0.0))
    torch.testing.assert_close(disturbed(batch(), quiet).inputs, batch().inputs)
    loud = replace(head_task, plan=replace(head_task.plan, noise=0.5, input_dropout=0.0))
    torch.manual_seed(1)
    difference = disturbed(batch(4000), loud).inputs - batch(4000).inputs
    assert float(difference.std()) == pytest.approx(0.5, rel=0.05)
    torch.manual_seed(1)
    left_out = replace(head_task, plan=replace(head_task.plan, noise=0.0, input_dropout=0.25))
    assert float((disturbed(batch(4000), left_out).inputs == 0).float().mean()) == pytest.approx(0.25, rel=0.05)


def test_modalities_are_left_out_but_never_all_that_a_clip_has() -> None:
    streams = (
        StreamShape("frames", 2, "pictures"),
        StreamShape("audio", 1, "audio"),
        StreamShape("motion", 1, "pictures"),
    )
    shape = TaskShape(4, 2, True, 5, streams)
    plan = new_members(TrainOptions(head="gru"), shape)[0].plan
    assert plan.modality_dropout == MODALITY_DROPOUT
    inputs = torch.ones(4000, 6, 4)
    inputs[3000:, :, 2] = 0  # the last thousand have no sound
    torch.manual_seed(2)
    kept = kept_modalities(inputs, plan)[:, 0]
    assert kept.shape == (4000, 4)
    assert torch.equal(kept[:, [0, 0]], kept[:, [1, 3]])  # all pictures together
    assert bool(kept.any(dim=1).all())
    assert float(kept[:3000, 0].mean()) == pytest.approx(1 - 0.3 + 0.3 * 0.3 / 2, abs=0.03)
    assert float(kept[:3000, 2].mean()) == pytest.approx(1 - 0.3 + 0.3 * 0.3 / 2, abs=0.03)
    assert bool((kept[3000:, 0] == 1).all())
    assert not kept[3000:, 2].any()
    loud = HeadTask(plan, linear_lesson().windows, torch.ones(2), "single", 0.1)
    shown = disturbed(Batch(inputs, torch.ones(4000, 2), torch.ones(4000)), loud).inputs
    assert not shown[3000:, :, 2].any()  # and there is no noise in its place
    pictures = TaskShape(3, 2, True, 5, (streams[0], streams[2]))
    assert new_members(TrainOptions(), pictures)[0].plan.modality_dropout == 0


def test_the_loss_is_that_of_the_rows_that_count() -> None:
    head_task = replace(linear_lesson(), class_weights=torch.tensor([1.0, 3.0]))
    head = head_task.plan.build().eval()
    with torch.no_grad():
        head.output.weight.copy_(torch.tensor([[1.0, -1, 0.5], [0, 2, -1]]))
        head.output.bias.copy_(torch.tensor([0.25, -0.25]))
    shown, tally = batch(), LossMean()
    found = window_loss(head_task, head, shown, tally)
    known = shown.mask.flatten() > 0
    logits = (shown.inputs @ head.output.weight.T + head.output.bias).flatten(0, 1)[known]
    truth = shown.targets.flatten(0, 1)[known].argmax(dim=1)
    rows = functional.cross_entropy(logits, truth, weight=head_task.class_weights, reduction="none")
    torch.testing.assert_close(found, rows.mean())
    assert tally.rows == 7
    assert tally.share == pytest.approx(float((logits.argmax(dim=1) == truth).float().mean()))


def test_nothing_counted_is_nothing_right() -> None:
    assert LossMean().share == 0


def test_the_finished_head_has_what_was_learnt() -> None:
    head_task = linear_lesson()
    torch.manual_seed(2)
    trainer = HeadTrainer(head_task, head_task.plan.build())
    trainer.run(lambda progress: None)
    learnt = trainer.finished_parameters()
    assert float(learnt["output.weight"].abs().max()) > 0.01
    finished = trainer.finished_head()
    expected = batch().inputs @ learnt["output.weight"].T + learnt["output.bias"]
    torch.testing.assert_close(finished(batch().inputs)[0], expected)


OPTIONS = TrainOptions(hidden=3, batch_size=2, learning_rate=0.01)
WINDOW = WindowLength(8, 4.0)
# Three of one class, one of the other.
TARGETS = torch.tensor([[1.0, 0], [1, 0], [1, 0], [0, 1]])


def whole_clips() -> TrainingTensors:
    return TrainingTensors(counting_bank(5, 6, 7, 8), TARGETS, torch.ones(4), "single", whole=True)


def test_a_window_in_seconds() -> None:
    assert WINDOW.seconds == 2.0


def test_labels_of_whole_clips_count_the_same() -> None:
    plan = new_members(OPTIONS, TaskShape(3, 2, True, 2))[0].plan
    head_task = make_head_task(plan, whole_clips(), OPTIONS, WINDOW)
    assert isinstance(head_task.windows, ClipWindows)
    torch.testing.assert_close(head_task.class_weights, torch.tensor([4 / 6, 4 / 2]))
    assert (head_task.task, head_task.learning_rate) == ("single", 0.01)


def test_rare_labels_of_samples_count_by_the_root() -> None:
    tensors = TrainingTensors(counting_bank(4), TARGETS, torch.ones(4), "single", whole=False)
    plan = new_members(OPTIONS, TaskShape(3, 2, False, 2))[0].plan
    head_task = make_head_task(plan, tensors, OPTIONS, WINDOW)
    assert isinstance(head_task.windows, TimedWindows)
    torch.testing.assert_close(head_task.class_weights, torch.tensor([(4 / 6) ** 0.5, (4 / 2) ** 0.5]))


def test_background_is_one_class_more() -> None:
    plan = new_background_members(OPTIONS, TaskShape(3, 2, True, 2))[0].plan
    head_task = make_head_task(plan, whole_clips(), OPTIONS, WINDOW)
    assert isinstance(head_task.windows, BackgroundWindows)
    assert head_task.class_weights.tolist() == [1, 1, 1]
    targets = next(iter(head_task.windows.batches())).targets
    assert targets.shape[1] == 3
    assert targets.sum(dim=1).tolist() == pytest.approx([1.0] * len(targets))


LENGTHS = (9, 24, 5)


def plan(*, whole: bool) -> MemberPlan:
    """A small recurrent head for two classes."""
    return label_plans(TrainOptions(hidden=4), TaskShape(inputs=3, classes=2, whole=whole, updates=9))[0]


def tensors() -> TrainingTensors:
    """Three clips of random inputs."""
    bank = counting_bank(*LENGTHS)
    values = torch.randn(2, sum(LENGTHS), 3, generator=torch.Generator().manual_seed(0))
    return TrainingTensors(
        PackedClips(values, bank.starts, bank.lengths), torch.eye(3, 2), torch.ones(3), "single", whole=True
    )


@pytest.mark.parametrize("steps", [24, 7, 2])
def test_pooling_before_the_output_layer_gives_the_same(steps: int) -> None:
    torch.manual_seed(1)
    head = plan(whole=True).build().eval()
    with torch.no_grad():
        head.output.bias.uniform_(-1, 1)
    inputs = torch.randn(5, steps, 3)
    with torch.inference_mode():
        outputs = head(inputs)[0].numpy()
        found = pooled_logits(head, inputs, 3).numpy()
    np.testing.assert_allclose(found, pool_parts(outputs, 3), rtol=1e-5, atol=1e-5)


def test_whole_clips_are_resampled_in_their_first_view() -> None:
    torch.manual_seed(2)
    chosen, clips = plan(whole=True), tensors()
    head = chosen.build().eval()
    found = clip_logits(chosen, head, clips)
    values = clips.bank.values[0].numpy()
    for number, (start, length) in enumerate(zip((0, 9, 33), LENGTHS, strict=True)):
        places = np.linspace(0, length - 1, 24)
        own = [np.interp(places, range(length), values[start : start + length, column]) for column in range(3)]
        inputs = torch.tensor(np.stack(own, axis=1), dtype=torch.float32)
        with torch.inference_mode():
            outputs = head(inputs[None])[0].numpy()
        np.testing.assert_allclose(found[number], pool_parts(outputs, 3)[0], atol=1e-5, rtol=1e-4)


def test_samples_are_asked_clip_by_clip() -> None:
    torch.manual_seed(3)
    chosen, clips = plan(whole=False), tensors()
    head = chosen.build().eval()
    found = clip_logits(chosen, head, clips)
    assert found.shape == (38, 2)
    alone = [head(clips.bank.values[0, start : start + length])[0] for start, length in ((0, 9), (9, 24), (33, 5))]
    torch.testing.assert_close(found, torch.cat(alone))
