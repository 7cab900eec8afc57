"""Training one head.

B windows, W steps, P inputs, N clips, C classes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from vidlabel.heads.recurrent import Head
from vidlabel.heads.spec import Task
from vidlabel.training.learning.answers import clip_logits, pooled_logits
from vidlabel.training.learning.losses import right_rows, weighted_loss
from vidlabel.training.learning.material import Material
from vidlabel.training.learning.plans import MemberPlan
from vidlabel.training.learning.windows import Batch, Windows

WARM_UP = 0.1
"""Share of the updates in which the learning rate rises from 0."""
LEAST_RATE = 0.05
"""Share of the learning rate that the cosine ends at."""
AVERAGED = 0.25
"""Share of the epochs, the last ones, whose weights are averaged: better than the best epoch, and steadier."""
WEIGHT_DECAY = 0.01
GRADIENT_NORM = 1.0
_AVERAGE = "average."
_WEIGHT = "weight."
_MOMENTS = ("exp_avg", "exp_avg_sq", "step")


@dataclass(frozen=True, slots=True)
class EpochFigures:
    """How an epoch went."""

    loss: float
    """Mean over the updates."""
    accuracy: float
    """Of the windows that were learnt from, as they were shown."""
    validation_loss: float | None = None
    """After the epoch, on clips that are not learnt from."""
    validation_accuracy: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Progress:
    """Where training stands after an epoch: all that is needed to go on from there as if nothing had happened."""

    epochs: int
    """That are done."""
    tensors: dict[str, Tensor]
    """Weights, their average, moments of the optimiser and the state of torch's generator."""
    history: tuple[EpochFigures, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """What to learn, and how."""

    plan: MemberPlan
    windows: Windows
    scale: Tensor | None
    """(P,) that inputs are multiplied with."""
    class_weights: Tensor
    task: Task
    learning_rate: float
    held_out: Material | None = None
    """For validation after each epoch."""


class Trainer:
    """Trains a head epoch by epoch.

    Args:
        lesson: what to learn.
        head: to start with.
        resumed: where an earlier run of the same lesson stood.
    """

    def __init__(self, lesson: Lesson, head: Head, resumed: Progress | None = None) -> None:
        self._lesson = lesson
        self._head = head
        # One tensor at a time: the joined form has no advantage without a GPU.
        self._optimiser = torch.optim.AdamW(
            head.parameters(), lr=lesson.learning_rate, weight_decay=WEIGHT_DECAY, foreach=False
        )
        self._progress = resumed or Progress(0, self._weights(), ())
        if resumed is not None:
            self._restore(resumed)

    @property
    def progress(self) -> Progress:
        """Where it stands after the last whole epoch."""
        return self._progress

    def finished_head(self) -> Head:
        """The average of the last epochs, or the last epoch if it has not come to them; for unscaled inputs."""
        tensors = self._progress.tensors
        prefix = _AVERAGE if any(name.startswith(_AVERAGE) for name in tensors) else _WEIGHT
        head = copy.deepcopy(self._head)
        head.load_state_dict({name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)})
        if self._lesson.scale is not None:
            with torch.no_grad():
                head.output.weight *= self._lesson.scale
        return head.eval()

    def run(self, after_epoch: Callable[[Progress], None]) -> None:
        """Train to the last epoch; what is raised in between leaves `progress` at the last whole one."""
        while self._progress.epochs < self._lesson.plan.epochs:
            figures = self._train_epoch(self._progress.epochs)
            if self._lesson.held_out is not None:
                figures = self._validated(figures, self._lesson.held_out)
            done = self._progress.epochs + 1
            tensors = {**self._weights(), **self._averaged(done), **self._moments(), "generator": torch.get_rng_state()}
            self._progress = Progress(done, tensors, (*self._progress.history, figures))
            after_epoch(self._progress)

    def _train_epoch(self, epoch: int) -> EpochFigures:
        self._head.train()
        losses, right, rows = [], 0.0, 0.0
        updates = self._lesson.windows.updates
        for number, batch in enumerate(self._lesson.windows.batches()):
            self._set_learning_rate(epoch * updates + number, updates * self._lesson.plan.epochs)
            logits, targets, mask = self._answers(self._disturbed(batch))
            loss = weighted_loss(logits, targets, mask, self._lesson.class_weights, self._lesson.task)
            self._optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self._head.parameters(), GRADIENT_NORM)
            self._optimiser.step()
            losses.append(loss.item())
            right += float((right_rows(logits.detach(), targets, self._lesson.task) * mask).sum())
            rows += float(mask.sum())
        return EpochFigures(sum(losses) / len(losses), right / max(rows, 1.0))

    def _set_learning_rate(self, update: int, updates: int) -> None:
        cosine = 0.5 * (1 + math.cos(math.pi * update / updates))
        factor = min(1.0, (update + 1) / (WARM_UP * updates)) * (cosine * (1 - LEAST_RATE) + LEAST_RATE)
        for group in self._optimiser.param_groups:
            group["lr"] = self._lesson.learning_rate * factor

    def _disturbed(self, batch: Batch) -> Batch:
        plan = self._lesson.plan
        inputs = batch.inputs if self._lesson.scale is None else batch.inputs * self._lesson.scale
        inputs = inputs + plan.noise * torch.randn(inputs.shape)
        return replace(batch, inputs=functional.dropout(inputs, plan.input_dropout))

    def _answers(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Logits (N, C), targets (N, C) and mask (N,), N windows or all their steps."""
        if self._lesson.plan.pooled_parts is not None:
            return pooled_logits(self._head, batch.inputs, self._lesson.plan.pooled_parts), batch.targets, batch.mask
        logits, _ = self._head(batch.inputs, None, batch.lengths)
        return logits.flatten(0, 1), batch.targets.flatten(0, 1), batch.mask.flatten()

    def _validated(self, figures: EpochFigures, held_out: Material) -> EpochFigures:
        lesson = self._lesson
        logits = clip_logits(lesson.plan, self._head.eval(), held_out, lesson.scale)
        loss = weighted_loss(logits, held_out.targets, held_out.mask, lesson.class_weights, lesson.task)
        right = (right_rows(logits, held_out.targets, lesson.task) * held_out.mask).sum()
        accuracy = float(right / held_out.mask.sum().clamp(min=1))
        return replace(figures, validation_loss=float(loss), validation_accuracy=accuracy)

    def _weights(self) -> dict[str, Tensor]:
        return {f"{_WEIGHT}{name}": tensor.detach().clone() for name, tensor in self._head.state_dict().items()}

    def _averaged(self, done: int) -> dict[str, Tensor]:
        """The running mean of the weights, from the first of the last epochs on."""
        count = done - math.ceil(self._lesson.plan.epochs * (1 - AVERAGED))
        if count < 1:
            return {}
        before = self._progress.tensors
        return {
            f"{_AVERAGE}{name}": tensor.detach().clone()
            if count == 1
            else torch.lerp(before[f"{_AVERAGE}{name}"], tensor.detach(), 1 / count)
            for name, tensor in self._head.state_dict().items()
        }

    def _moments(self) -> dict[str, Tensor]:
        return {
            f"{moment}.{name}": self._optimiser.state[parameter][moment].clone()
            for name, parameter in self._head.named_parameters()
            for moment in _MOMENTS
        }

    def _restore(self, progress: Progress) -> None:
        tensors = progress.tensors
        self._head.load_state_dict({n[len(_WEIGHT) :]: t for n, t in tensors.items() if n.startswith(_WEIGHT)})
        if progress.epochs == 0:
            return
        for name, parameter in self._head.named_parameters():
            self._optimiser.state[parameter] = {moment: tensors[f"{moment}.{name}"].clone() for moment in _MOMENTS}
        torch.set_rng_state(tensors["generator"])
