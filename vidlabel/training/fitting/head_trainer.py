"""Training one head.

B windows, W steps, N clips, S samples of all clips, P inputs, R numbers in a state, C classes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from vidlabel.heads.fusion import part_shares
from vidlabel.heads.recurrent import Head
from vidlabel.heads.spec import Task
from vidlabel.training.fitting.epochs import EpochFigures, EpochProgress, EpochTrainer
from vidlabel.training.fitting.losses import class_weights, right_rows, weighted_loss
from vidlabel.training.fitting.plans import MemberPlan
from vidlabel.training.fitting.seeded_runs import TrainingRuns
from vidlabel.training.fitting.tensors import TrainingTensors
from vidlabel.training.fitting.windows import BackgroundWindows, Batch, ClipWindows, TimedWindows, WindowLength, Windows
from vidlabel.training.options import TrainOptions


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


class HeadTrainer(EpochTrainer):
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


def train_head(runs: TrainingRuns, run: str, task: HeadTask, build: Callable[[], Head], name: str = "") -> HeadTrainer:
    """Train a head to its end.

    Args:
        runs: seeds the head and keeps its state.
        run: unlike all others.
        task: what to learn.
        build: makes the head to start with, drawing from torch's global generator.
        name: of the head, for progress.

    Raises:
        OutputError: the state cannot be kept.
    """
    runs.listener.head_begun(name)
    return runs.run(run, lambda found: HeadTrainer(task, build(), found), task.plan.epochs)


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


CLIP_BALANCE = 1.0
"""All labels of whole clips count the same."""
SAMPLE_BALANCE = 0.5
"""Of samples background is often nine tenths: rare labels count more, but not as much as all of it."""
LINEAR_RATE = 0.2
"""Learning rate of heads without recurrence, a share of that of the others: with theirs they lost 2 % on fight-surv."""


def make_head_task(
    plan: MemberPlan,
    material: TrainingTensors,
    options: TrainOptions,
    window: WindowLength,
    held_out: TrainingTensors | None = None,
) -> HeadTask:
    """What a head is to learn.

    Args:
        plan: of the head.
        material: to learn from.
        options: what was asked for.
        window: that the model runs in.
        held_out: to validate on after each epoch.
    """
    balance = CLIP_BALANCE if material.whole else SAMPLE_BALANCE
    weights = class_weights(material.targets, material.mask, material.task, power=balance)
    if plan.form == "background":
        weights = torch.ones(material.classes + 1)
    return HeadTask(
        plan=plan,
        windows=_windows(plan, material, options.batch_size, window),
        class_weights=weights,
        task=material.task,
        learning_rate=options.learning_rate * (LINEAR_RATE if plan.is_linear else 1.0),
        held_out=held_out,
    )


def _windows(plan: MemberPlan, material: TrainingTensors, batch_size: int, window: WindowLength) -> Windows:
    if plan.form == "background":
        targets = functional.pad(material.targets, (0, 1))
        return BackgroundWindows(material.bank, batch_size, targets, window.samples, window.rate)
    if material.whole:
        return ClipWindows(material.bank, batch_size, material.targets, material.task)
    return TimedWindows(material.bank, batch_size, material.targets, material.mask, material.task, steps=window.samples)


def pooled_logits(head: Head, inputs: Tensor, parts: int) -> Tensor:
    """What `pool_parts` makes of the outputs of a head, with dropout after pooling: (B, W, P) to (B, C).

    Before pooling, dropout would hardly be felt: the mean over a part evens it out.
    """
    hidden, _ = head.recurrence(inputs, (), None)
    shares = part_shares(torch.tensor([inputs.shape[1]]), inputs.shape[1], parts)[0].to(hidden)
    means = torch.einsum("wp,bwr->bpr", shares, hidden)
    weight = head.output.weight.view(parts, -1, hidden.shape[2])
    return torch.einsum("bpr,pcr->bc", head.dropout(means), weight) + head.output.bias.view(parts, -1).sum(dim=0)


@torch.inference_mode()
def clip_logits(plan: MemberPlan, head: Head, material: TrainingTensors) -> Tensor:
    """The outputs for whole clips in their first view: (N, C), or (S, C) where each sample has its own label.

    Args:
        plan: of the head.
        head: in evaluation mode.
        material: the clips.
    """
    if plan.pooled_parts is not None and plan.resampled_steps is not None:
        return pooled_logits(head, material.bank.whole(plan.resampled_steps), plan.pooled_parts)
    clips = range(material.bank.clips)
    return torch.cat([head(material.bank.clip(number))[0] for number in clips])
