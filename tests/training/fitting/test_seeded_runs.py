"""Heads trained one after the other: chance belongs to a job by its name, and an interruption keeps what is done."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from training.interrupting import StopsAfter
from training.learnable import coloured_clips, feature_dataset
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.head_trainer import HeadTask, HeadTrainer, make_head_task, train_head
from vidlabel.training.fitting.plans import MemberPlan, TaskShape, label_plans
from vidlabel.training.fitting.seeded_runs import SilentListener, TrainingRuns
from vidlabel.training.fitting.tensors import learn_whitening, make_training_tensors
from vidlabel.training.fitting.windows import WindowLength
from vidlabel.training.options import TrainOptions

OPTIONS = TrainOptions(hidden=3, members=1, epochs=3, batch_size=4)


def head_task() -> tuple[MemberPlan, HeadTask]:
    """A small recurrent head, and eight clips in two updates."""
    clips = feature_dataset(coloured_clips(8), ("blue", "red"))
    tensors = make_training_tensors(clips, learn_whitening(clips))
    plan = label_plans(OPTIONS, TaskShape(tensors.inputs, 2, True, 2))[0]
    return plan, make_head_task(plan, tensors, OPTIONS, WindowLength(8, 4.0))


def weights(trainer: HeadTrainer) -> torch.Tensor:
    return torch.cat([parameter.flatten() for parameter in trainer.finished_head().parameters()]).detach()


def test_a_job_is_the_same_whatever_was_trained_before() -> None:
    plan, what = head_task()
    runs = TrainingRuns(7, SilentListener(), None)
    first, second = (weights(train_head(runs, name, what, plan.build)) for name in ("one", "two"))
    assert not torch.equal(first, second)
    torch.rand(5)
    other_order = TrainingRuns(7, SilentListener(), None)
    assert torch.equal(weights(train_head(other_order, "two", what, plan.build)), second)
    assert torch.equal(weights(train_head(other_order, "one", what, plan.build)), first)
    assert not torch.equal(weights(train_head(TrainingRuns(8, SilentListener(), None), "one", what, plan.build)), first)


def test_every_epoch_is_reported() -> None:
    plan, what = head_task()
    listener = StopsAfter()
    trainer = train_head(TrainingRuns(0, listener, None), "job", what, plan.build)
    assert listener.runs == ["job"] * 3
    assert len(trainer.progress.history) == 3


def test_an_interruption_keeps_the_epochs_that_are_done(tmp_path: Path) -> None:
    plan, what = head_task()
    whole = weights(train_head(TrainingRuns(0, SilentListener(), None), "job", what, plan.build))
    states = Checkpoints(tmp_path, "this", every_s=1e9)  # so that only the interruption writes
    interrupted = TrainingRuns(0, StopsAfter(2), states)
    with pytest.raises(KeyboardInterrupt):
        train_head(interrupted, "job", what, plan.build)
    assert interrupted.running is not None
    assert interrupted.running.progress.epochs == 2
    found = states.find("job")
    assert found is not None
    assert found.epochs == 2
    listener = StopsAfter()
    assert torch.equal(weights(train_head(TrainingRuns(0, listener, states), "job", what, plan.build)), whole)
    assert listener.runs == ["job"]


def test_a_finished_head_is_not_trained_again(tmp_path: Path) -> None:
    plan, what = head_task()
    states = Checkpoints(tmp_path, "this", every_s=1e9)
    whole = weights(train_head(TrainingRuns(0, SilentListener(), states), "job", what, plan.build))
    listener = StopsAfter()
    assert torch.equal(weights(train_head(TrainingRuns(0, listener, states), "job", what, plan.build)), whole)
    assert listener.runs == []
