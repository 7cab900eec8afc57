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
    """A head's training task."""

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
        head_task: what to learn.
        head: to start with.
        resumed: where an earlier run of the same task stood.
    """

    def __init__(self, head_task: HeadTask, head: Head, resumed: EpochProgress | None = None) -> None:
        self._head_task = head_task
        self._head = head
        parameters = dict(head.named_parameters())
        super().__init__(parameters, dict.fromkeys(parameters, head_task.learning_rate), head_task.plan.epochs, resumed)

    @property
    def plan(self) -> MemberPlan:
        """Of the head."""
        return self._head_task.plan

    def finished_head(self) -> Head:
        """The average of the last epochs, or the last epoch if it has not come to them."""
        head = copy.deepcopy(self._head)
        head.load_state_dict(self.finished_parameters())
        return head.eval()

    def _train_epoch(self, epoch: int) -> EpochFigures:
        self._head.train()
        head_task = self._head_task
        losses, tally = [], LossMean()
        updates = head_task.windows.updates
        for number, batch in enumerate(head_task.windows.batches()):
            self._set_learning_rate(epoch * updates + number, updates * head_task.plan.epochs)
            loss = window_loss(head_task, self._head, disturbed(batch, head_task), tally)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self._step()
            losses.append(loss.item())
        figures = EpochFigures(sum(losses) / len(losses), tally.share)
        return figures if head_task.held_out is None else self._validated(figures, head_task.held_out)

    def _validated(self, figures: EpochFigures, held_out: TrainingTensors) -> EpochFigures:
        head_task = self._head_task
        logits = clip_logits(head_task.plan, self._head.eval(), held_out)
        loss = weighted_loss(logits, held_out.targets, held_out.mask, head_task.class_weights, head_task.task)
        right = (right_rows(logits, held_out.targets, head_task.task) * held_out.mask).sum()
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
    """Counts correct rows."""

    right: float = 0.0
    rows: float = 0.0

    @property
    def share(self) -> float:
        """Share of the rows that are right."""
        return self.right / max(self.rows, 1.0)


def disturbed(batch: Batch, head_task: HeadTask) -> Batch:
    """The same windows with noise, as the plan of its head has it, and without some of the modalities."""
    plan = head_task.plan
    inputs = batch.inputs + plan.noise * torch.randn(batch.inputs.shape)
    inputs = functional.dropout(inputs, plan.input_dropout)
    if plan.modality_dropout > 0:
        inputs = inputs * kept_modalities(batch.inputs, plan)
    return replace(batch, inputs=inputs)


def kept_modalities(inputs: Tensor, plan: MemberPlan) -> Tensor:
    """Which inputs of windows a head sees in a step of training: (B, 1, P) of 1 and 0.

    A modality is left out with a probability, never all that a window has. What its clip lacks is exactly 0, and stays
    it: there is no noise on it.

    Args:
        inputs: (B, W, P) without noise.
        plan: of the head.
    """
    names = list(dict.fromkeys(stream.modality for stream in plan.streams))
    places = torch.tensor([names.index(stream.modality) for stream in plan.streams for _ in range(stream.inputs)])
    there = torch.stack([(inputs[..., places == place] != 0).any(dim=(1, 2)) for place in range(len(names))], dim=1)
    kept = there & (torch.rand(there.shape) >= plan.modality_dropout)
    last = (torch.rand(there.shape) * there).argmax(dim=1, keepdim=True)
    empty = ~kept.any(dim=1, keepdim=True)
    kept |= empty & (torch.arange(len(names)) == last)
    return kept[:, None, places].to(inputs)


def window_loss(head_task: HeadTask, head: Head, batch: Batch, tally: LossMean) -> Tensor:
    """Loss on a batch of windows; adds to the tally how many rows it got right."""
    logits, targets, mask = _logits(head_task.plan, head, batch)
    tally.right += float((right_rows(logits.detach(), targets, head_task.task) * mask).sum())
    tally.rows += float(mask.sum())
    return weighted_loss(logits, targets, mask, head_task.class_weights, head_task.task)


def _logits(plan: MemberPlan, head: Head, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (N, C), targets (N, C) and mask (N,), N windows or all their steps."""
    if plan.pooled_parts is not None:
        return pooled_logits(head, batch.inputs, plan.pooled_parts), batch.targets, batch.mask
    logits, _ = head(batch.inputs, None, batch.lengths)
    return logits.flatten(0, 1), batch.targets.flatten(0, 1), batch.mask.flatten()


CLIP_BALANCE = 1.0
"""All labels of whole clips count the same."""
SAMPLE_BALANCE = 0.5
"""Background is often nine tenths of the samples: rare labels count more, but not as much as all of it."""
LINEAR_RATE = 0.2
"""Learning rate of heads without recurrence, a share of that of the others: with theirs they lost 2 % on fight-surv."""


def make_head_task(
    plan: MemberPlan,
    tensors: TrainingTensors,
    options: TrainOptions,
    window: WindowLength,
    held_out: TrainingTensors | None = None,
) -> HeadTask:
    """Make the task of one head.

    Args:
        plan: of the head.
        tensors: to learn from: clips that have the streams of the head.
        options: of training.
        window: that the model runs in.
        held_out: to validate on after each epoch.
    """
    balance = CLIP_BALANCE if tensors.whole else SAMPLE_BALANCE
    weights = class_weights(tensors.targets, tensors.mask, tensors.task, power=balance)
    if plan.form == "background":
        weights = torch.ones(tensors.classes + 1)
    return HeadTask(
        plan=plan,
        windows=_windows(plan, tensors, options.batch_size, window),
        class_weights=weights,
        task=tensors.task,
        learning_rate=options.learning_rate * (LINEAR_RATE if plan.is_linear else 1.0),
        held_out=held_out,
    )


def _windows(plan: MemberPlan, tensors: TrainingTensors, batch_size: int, window: WindowLength) -> Windows:
    if plan.form == "background":
        targets = functional.pad(tensors.targets, (0, 1))
        return BackgroundWindows(tensors.bank, batch_size, targets, window.samples, window.rate)
    if tensors.whole:
        return ClipWindows(tensors.bank, batch_size, tensors.targets, tensors.task)
    return TimedWindows(tensors.bank, batch_size, tensors.targets, tensors.mask, tensors.task, steps=window.samples)


def pooled_logits(head: Head, inputs: Tensor, parts: int) -> Tensor:
    """Logits pooled over parts, with dropout after pooling: (B, W, P) to (B, C).

    Before pooling, dropout would hardly be felt: the mean over a part evens it out.
    """
    hidden, _ = head.recurrence(inputs, (), None)
    shares = torch.from_numpy(part_shares(inputs.shape[1], parts)).to(hidden)
    means = torch.einsum("wp,bwr->bpr", shares, hidden)
    weight = head.output.weight.view(parts, -1, hidden.shape[2])
    return torch.einsum("bpr,pcr->bc", head.dropout(means), weight) + head.output.bias.view(parts, -1).sum(dim=0)


@torch.inference_mode()
def clip_logits(plan: MemberPlan, head: Head, tensors: TrainingTensors) -> Tensor:
    """The outputs for whole clips in their first view: (N, C), or (S, C) where each sample has its own label.

    Args:
        plan: of the head.
        head: in evaluation mode.
        tensors: the clips.
    """
    if plan.pooled_parts is not None and plan.resampled_steps is not None:
        return pooled_logits(head, tensors.bank.whole(plan.resampled_steps), plan.pooled_parts)
    clips = range(tensors.bank.clips)
    return torch.cat([head(tensors.bank.clip(number))[0] for number in clips])
