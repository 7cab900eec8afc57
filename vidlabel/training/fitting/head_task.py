"""Lessons for heads."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from vidlabel.training.fitting.background import BackgroundWindows
from vidlabel.training.fitting.head_trainer import HeadTask
from vidlabel.training.fitting.losses import class_weights
from vidlabel.training.fitting.plans import MemberPlan
from vidlabel.training.fitting.tensors import TrainingTensors
from vidlabel.training.fitting.windows import ClipWindows, TimedWindows, Windows
from vidlabel.training.options import TrainOptions

CLIP_BALANCE = 1.0
"""All labels of whole clips count the same."""
SAMPLE_BALANCE = 0.5
"""Of samples background is often nine tenths: rare labels count more, but not as much as all of it."""
LINEAR_RATE = 0.2
"""Learning rate of heads without recurrence, a share of that of the others: with theirs they lost 2 % on fight-surv."""


@dataclass(frozen=True, slots=True)
class WindowLength:
    """The windows that a model runs in."""

    samples: int
    rate: float
    """Samples per second."""

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self.samples / self.rate


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
