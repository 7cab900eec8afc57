"""One head that learns: what it is shown, and how that is counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from training.banks import counting_bank
from vidlabel.training.fitting.head_task import WindowLength, make_head_task
from vidlabel.training.fitting.head_trainer import HeadTask, LossMean, Trainer, disturbed, window_loss
from vidlabel.training.fitting.members import new_members
from vidlabel.training.fitting.plans import TaskShape
from vidlabel.training.fitting.tensors import TrainingTensors
from vidlabel.training.fitting.windows import Batch
from vidlabel.training.options import TrainOptions


def linear_lesson() -> HeadTask:
    """A head on samples without recurrence: its logits are one linear layer."""
    targets = torch.tensor([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    material = TrainingTensors(counting_bank(4), targets, torch.ones(4), "single", whole=False)
    options = TrainOptions(head="mean", epochs=2, learning_rate=0.1)
    plan = new_members(options, TaskShape(3, 2, False, 2))[0].plan
    return make_head_task(plan, material, options, WindowLength(4, 4.0))


def batch(steps: int = 5) -> Batch:
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(2, steps, 3, generator=generator)
    targets = functional.one_hot(torch.randint(0, 2, (2, steps), generator=generator), 2).float()
    mask = torch.ones(2, steps)
    mask[1, 2:] = 0
    return Batch(inputs, targets, mask)


def test_inputs_are_disturbed() -> None:
    lesson = linear_lesson()
    quiet = replace(lesson, plan=replace(lesson.plan, noise=0.0, input_dropout=0.0))
    torch.testing.assert_close(disturbed(batch(), quiet).inputs, batch().inputs)
    loud = replace(lesson, plan=replace(lesson.plan, noise=0.5, input_dropout=0.0))
    torch.manual_seed(1)
    difference = disturbed(batch(4000), loud).inputs - batch(4000).inputs
    assert float(difference.std()) == pytest.approx(0.5, rel=0.05)
    torch.manual_seed(1)
    left_out = replace(lesson, plan=replace(lesson.plan, noise=0.0, input_dropout=0.25))
    assert float((disturbed(batch(4000), left_out).inputs == 0).float().mean()) == pytest.approx(0.25, rel=0.05)


def test_the_loss_is_that_of_the_rows_that_count() -> None:
    lesson = replace(linear_lesson(), class_weights=torch.tensor([1.0, 3.0]))
    head = lesson.plan.build().eval()
    with torch.no_grad():
        head.output.weight.copy_(torch.tensor([[1.0, -1, 0.5], [0, 2, -1]]))
        head.output.bias.copy_(torch.tensor([0.25, -0.25]))
    shown, tally = batch(), LossMean()
    found = window_loss(lesson, head, shown, tally)
    known = shown.mask.flatten() > 0
    logits = (shown.inputs @ head.output.weight.T + head.output.bias).flatten(0, 1)[known]
    truth = shown.targets.flatten(0, 1)[known].argmax(dim=1)
    rows = functional.cross_entropy(logits, truth, weight=lesson.class_weights, reduction="none")
    torch.testing.assert_close(found, rows.mean())
    assert tally.rows == 7
    assert tally.share == pytest.approx(float((logits.argmax(dim=1) == truth).float().mean()))


def test_nothing_counted_is_nothing_right() -> None:
    assert LossMean().share == 0


def test_the_finished_head_has_what_was_learnt() -> None:
    lesson = linear_lesson()
    torch.manual_seed(2)
    trainer = Trainer(lesson, lesson.plan.build())
    trainer.run(lambda progress: None)
    learnt = trainer.finished_parameters()
    assert float(learnt["output.weight"].abs().max()) > 0.01
    finished = trainer.finished_head()
    expected = batch().inputs @ learnt["output.weight"].T + learnt["output.bias"]
    torch.testing.assert_close(finished(batch().inputs)[0], expected)
