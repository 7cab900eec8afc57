"""Training one head.

B windows, W steps, P inputs, N clips, C classes.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from vidlabel.heads.recurrent import Head
from vidlabel.heads.spec import Task
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress, EpochTrainer
from vidlabel.training.fitting.losses import right_rows, weighted_loss
from vidlabel.training.fitting.outputs import clip_logits, pooled_logits
from vidlabel.training.fitting.plans import MemberPlan
from vidlabel.training.fitting.tensors import TrainingTensors
from vidlabel.training.fitting.windows import Batch, Windows


@dataclass(frozen=True, slots=True, eq=False)
class HeadTask:
    """What to learn, and how."""

    plan: MemberPlan
    windows: Windows
    class_weights: Tensor
    task: Task
    learning_rate: float
    held_out: TrainingTensors | None = None
    """For validation after each epoch."""


class Trainer(EpochTrainer):
    """Trains a head.

    Args:
        lesson: what to learn.
        head: to start with.
        resumed: where an earlier run of the same lesson stood.
    """

    def __init__(self, lesson: HeadTask, head: Head, resumed: EpochProgress | None = None) -> None:
        self._lesson = lesson
        self._head = head
        parameters = dict(head.named_parameters())
        super().__init__(parameters, dict.fromkeys(parameters, lesson.learning_rate), lesson.plan.epochs, resumed)

    def finished_head(self) -> Head:
        """The average of the last epochs, or the last epoch if it has not come to them."""
        head = copy.deepcopy(self._head)
        head.load_state_dict(self.finished_parameters())
        return head.eval()

    def _train_epoch(self, epoch: int) -> EpochFigures:
        self._head.train()
        lesson = self._lesson
        losses, tally = [], LossMean()
        updates = lesson.windows.updates
        for number, batch in enumerate(lesson.windows.batches()):
            self._set_learning_rate(epoch * updates + number, updates * lesson.plan.epochs)
            loss = window_loss(lesson, self._head, disturbed(batch, lesson), tally)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._step()
            losses.append(loss.item())
        figures = EpochFigures(sum(losses) / len(losses), tally.share)
        return figures if lesson.held_out is None else self._validated(figures, lesson.held_out)

    def _validated(self, figures: EpochFigures, held_out: TrainingTensors) -> EpochFigures:
        lesson = self._lesson
        logits = clip_logits(lesson.plan, self._head.eval(), held_out)
        loss = weighted_loss(logits, held_out.targets, held_out.mask, lesson.class_weights, lesson.task)
        right = (right_rows(logits, held_out.targets, lesson.task) * held_out.mask).sum()
        accuracy = float(right / held_out.mask.sum().clamp(min=1))
        return replace(figures, validation_loss=float(loss), validation_accuracy=accuracy)


@dataclass(slots=True)
class LossMean:
    """Counts right answers."""

    right: float = 0.0
    rows: float = 0.0

    @property
    def share(self) -> float:
        """Of the rows that are right."""
        return self.right / max(self.rows, 1.0)


def disturbed(batch: Batch, lesson: HeadTask) -> Batch:
    """The same windows with noise, as the plan of the head asks for it."""
    inputs = batch.inputs + lesson.plan.noise * torch.randn(batch.inputs.shape)
    return replace(batch, inputs=functional.dropout(inputs, lesson.plan.input_dropout))


def window_loss(lesson: HeadTask, head: Head, batch: Batch, tally: LossMean) -> Tensor:
    """What a head makes of windows: the loss, and how many of its answers were right."""
    logits, targets, mask = _answers(lesson.plan, head, batch)
    tally.right += float((right_rows(logits.detach(), targets, lesson.task) * mask).sum())
    tally.rows += float(mask.sum())
    return weighted_loss(logits, targets, mask, lesson.class_weights, lesson.task)


def _answers(plan: MemberPlan, head: Head, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (N, C), targets (N, C) and mask (N,), N windows or all their steps."""
    if plan.pooled_parts is not None:
        return pooled_logits(head, batch.inputs, plan.pooled_parts), batch.targets, batch.mask
    logits, _ = head(batch.inputs, None, batch.lengths)
    return logits.flatten(0, 1), batch.targets.flatten(0, 1), batch.mask.flatten()
