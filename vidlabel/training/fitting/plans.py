"""Which heads a model has, how each one starts and how it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from vidlabel.heads.config import HeadConfig, HeadKind, MemberSpec
from vidlabel.heads.model import Model
from vidlabel.heads.recurrent import Head, build_head
from vidlabel.training.options import TrainOptions

WINDOW_STEPS = 24
"""Steps that whole clips are resampled to: 16 and 32 were no better."""
PARTS = 3
"""Parts that whole clips are pooled over: one part gave 10 % less on ut-interaction, five were not better."""
RECURRENT_EPOCHS = 30
MEAN_EPOCHS = 40
RECURRENT_UPDATES = 180
"""At least; what the epochs come to with 90 clips."""
MEAN_UPDATES = 240
INPUT_DROPOUT = 0.1
INPUT_NOISE = 0.3
"""Standard deviation, where the inputs of the leading components have about 1."""
LINEAR_NOISE = 0.1
MemberKind = Literal["recurrent", "linear", "background", "baseline"]
"""What a member is for: one temperature is fitted for each kind."""


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """A head to train."""

    name: str
    """Unlike all others: `recurrent-0`."""
    kind: MemberKind
    config: HeadConfig
    pooled_parts: int | None
    epochs: int
    noise: float
    input_dropout: float

    @property
    def resampled_steps(self) -> int | None:
        """Steps that windows are resampled to, for whole clips."""
        return None if self.pooled_parts is None else WINDOW_STEPS

    @property
    def is_linear(self) -> bool:
        """Whether it has no recurrence."""
        return self.config.kind == "mean"

    def build(self) -> Head:
        """A new head; its numbers come from torch's global generator."""
        head = build_head(self.config)
        parts = self.pooled_parts or 1
        with torch.no_grad():
            if self.is_linear:
                head.output.weight.zero_()
            elif parts > 1:  # the blocks are summed: together they start as one layer over all parts would
                head.output.weight /= parts**0.5
            head.output.bias.zero_()
        return head

    def member(self, weight: float, temperature: float) -> MemberSpec:
        """Its entry in the model file."""
        return MemberSpec(
            head=self.config,
            role="background" if self.kind == "background" else "labels",
            weight=weight,
            temperature=temperature,
            resampled_steps=self.resampled_steps,
            pooled_parts=self.pooled_parts,
        )


@dataclass(frozen=True, slots=True)
class TaskShape:
    """The facts of a task that decide which heads are trained."""

    inputs: int
    """P."""
    classes: int
    """C, without background that is learnt without examples."""
    whole: bool
    """Whether clips are labelled as a whole."""
    updates: int
    """In an epoch."""


def label_plans(options: TrainOptions, shape: TaskShape) -> list[MemberPlan]:
    """The heads that distinguish the labels."""
    if options.head == "mean":
        return [_mean_plan("recurrent", options, shape, shape.classes, 1)]
    head = options.head or "gru"
    members = range(options.recurrent_members)
    plans = [_recurrent_plan("recurrent", number, options, head, shape, shape.classes) for number in members]
    return [*plans, linear_plan(options, shape)] if options.head is None and shape.whole else plans


def background_plans(options: TrainOptions, shape: TaskShape) -> list[MemberPlan]:
    """The heads that distinguish labels from background, for models of whole clips; background is their last class."""
    classes = shape.classes + 1
    if options.head == "mean":
        return [_mean_plan("background", options, shape, classes, PARTS)]
    head = options.head or "gru"
    members = range(options.recurrent_members)
    return [_recurrent_plan("background", number, options, head, shape, classes) for number in members]


def linear_plan(options: TrainOptions, shape: TaskShape) -> MemberPlan:
    """A head without recurrence, over the parts of a clip, or on each sample."""
    return _mean_plan("linear", options, shape, shape.classes, PARTS)


def baseline_plan(options: TrainOptions, shape: TaskShape) -> MemberPlan:
    """The honest baseline: the mean of a clip, or each sample on its own, under a linear layer."""
    return _mean_plan("baseline", options, shape, shape.classes, 1)


def default_epochs(shape: TaskShape, *, recurrent: bool) -> int:
    """Default number of epochs, more for few clips: it is the number of updates that counts."""
    least, updates = (RECURRENT_EPOCHS, RECURRENT_UPDATES) if recurrent else (MEAN_EPOCHS, MEAN_UPDATES)
    return max(least, -(-updates // shape.updates))


def _recurrent_plan(
    kind: MemberKind, number: int, options: TrainOptions, head: HeadKind, shape: TaskShape, classes: int
) -> MemberPlan:
    parts = PARTS if shape.whole else None
    config = HeadConfig(
        kind=head,
        input_size=shape.inputs,
        hidden_size=options.hidden,
        outputs=classes * (parts or 1),
        layers=options.layers,
        bidirectional=options.looks_ahead,
        activation=options.activation,
        dropout=options.dropout,
    )
    epochs = options.epochs or default_epochs(shape, recurrent=True)
    return MemberPlan(f"{kind}-{number}", kind, config, parts, epochs, INPUT_NOISE, INPUT_DROPOUT)


def _mean_plan(kind: MemberKind, options: TrainOptions, shape: TaskShape, classes: int, parts: int) -> MemberPlan:
    config = HeadConfig(
        kind="mean",
        input_size=shape.inputs,
        hidden_size=shape.inputs,
        outputs=classes * (parts if shape.whole else 1),
        dropout=options.dropout,
    )
    epochs = options.epochs or default_epochs(shape, recurrent=False)
    return MemberPlan(f"{kind}-0", kind, config, parts if shape.whole else None, epochs, LINEAR_NOISE, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A head to train, and how it begins."""

    plan: MemberPlan
    build: Callable[[], Head]
    """Draws from torch's global generator."""


def new_members(options: TrainOptions, shape: TaskShape) -> list[Member]:
    """New heads that distinguish the labels."""
    return [Member(plan, plan.build) for plan in label_plans(options, shape)]


def new_background_members(options: TrainOptions, shape: TaskShape) -> list[Member]:
    """New heads that know background."""
    return [Member(plan, plan.build) for plan in background_plans(options, shape)]


def continued_members(start: Model, labels: Sequence[str], options: TrainOptions, shape: TaskShape) -> list[Member]:
    """The heads of a model with outputs for other labels: those of labels that it knows are kept.

    Args:
        start: the model.
        labels: C names; for heads that know background it is added as the last.
        options: how many epochs.
        shape: to learn.
    """
    members = []
    for number, (member, head) in enumerate(zip(start.spec.members, start.heads, strict=True)):
        names = list(labels)
        if member.role == "background":
            names.append(start.spec.labels[-1])
        parts = member.pooled_parts or 1
        config = replace(member.head, outputs=len(names) * parts)
        kind: MemberKind = "background" if member.role == "background" else "recurrent"
        linear = config.kind == "mean"
        plan = MemberPlan(
            name=f"{kind}-{number}",
            kind="linear" if linear and kind == "recurrent" else kind,
            config=config,
            pooled_parts=member.pooled_parts,
            epochs=options.epochs or default_epochs(shape, recurrent=not linear),
            noise=LINEAR_NOISE if linear else INPUT_NOISE,
            input_dropout=0.0 if linear else INPUT_DROPOUT,
        )
        known = start.spec.labels if member.role == "background" else _distinguished_labels(start)
        members.append(Member(plan, _Continuation(plan, head, known, names)))
    return members


def _distinguished_labels(start: Model) -> tuple[str, ...]:
    """The labels that the members without background have outputs for."""
    return start.spec.labels[:-1] if start.spec.members_with("background") else start.spec.labels


@dataclass(frozen=True, slots=True, eq=False)
class _Continuation:
    """Builds a head that goes on from another one."""

    plan: MemberPlan
    head: Head
    known: Sequence[str]
    labels: Sequence[str]

    def __call__(self) -> Head:
        head = build_head(self.plan.config)
        fresh = self.plan.build().output
        head.recurrence.load_state_dict(self.head.recurrence.state_dict())
        parts = self.plan.pooled_parts or 1
        weight = fresh.weight.detach().view(parts, len(self.labels), -1).clone()
        bias = fresh.bias.detach().view(parts, len(self.labels)).clone()
        old_weight = self.head.output.weight.detach().view(parts, len(self.known), -1)
        old_bias = self.head.output.bias.detach().view(parts, len(self.known))
        for row, label in enumerate(self.labels):
            if label in self.known:
                weight[:, row] = old_weight[:, self.known.index(label)]
                bias[:, row] = old_bias[:, self.known.index(label)]
        with torch.no_grad():
            head.output.weight.copy_(weight.flatten(0, 1))
            head.output.bias.copy_(bias.flatten())
        return head
