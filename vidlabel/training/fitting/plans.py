"""Which heads a model has, how each one starts and how it is trained."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch

from vidlabel.heads.config import HeadConfig, HeadKind, MemberSpec
from vidlabel.heads.model import Model
from vidlabel.heads.numpy_heads import NumpyHead
from vidlabel.heads.recurrent import Head, as_trainable, build_head
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
MODALITY_DROPOUT = 0.3
"""Probability with which a modality of a window is left out, never all, where a head looks at several."""
HeadForm = Literal["recurrent", "linear", "gated", "background", "baseline"]
"""What a member is for, and how it looks at its streams."""
MemberKind = str
"""Members that differ by their random start alone are of one kind: `recurrent`, or `recurrent motion` where they look
at one stream of several. One temperature and one share is fitted for each."""


@dataclass(frozen=True, slots=True)
class StreamShape:
    """One of the streams of a task."""

    name: str
    inputs: int
    """P_s."""
    modality: str
    """Streams of one modality are there together, or not at all."""


@dataclass(frozen=True, slots=True)
class MemberPlan:
    """A head to train."""

    name: str
    """Unlike all others: `recurrent-0`, `recurrent-motion-0`."""
    form: HeadForm
    kind: MemberKind
    streams: tuple[StreamShape, ...]
    """That it looks at."""
    config: HeadConfig
    pooled_parts: int | None
    epochs: int
    noise: float
    input_dropout: float

    @property
    def stream_names(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(stream.name for stream in self.streams)

    @property
    def modality_dropout(self) -> float:
        """Probability with which a modality is left out in training; 0 where there is one."""
        return MODALITY_DROPOUT if len({stream.modality for stream in self.streams}) > 1 else 0.0

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
            streams=self.stream_names or None,
            modality_dropout=self.modality_dropout,
            role="background" if self.form == "background" else "labels",
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
    streams: tuple[StreamShape, ...] = ()
    """That the inputs are of; empty where they are not told apart."""

    def of_stream(self, stream: StreamShape) -> TaskShape:
        """The same task for heads that look at one of its streams."""
        return replace(self, inputs=stream.inputs, streams=(stream,))


def candidate_plans(options: TrainOptions, shape: TaskShape) -> list[MemberPlan]:
    """All heads that may distinguish the labels: of the joined streams, and of each of several.

    Fusion is early where a head looks at the joined streams, gated where gates weigh them at each step first, and late
    where heads of single streams are mixed.
    """
    plans = label_plans(options, shape)
    if len(shape.streams) < 2:
        return plans
    if options.head != "mean":
        plans += [_gated(plan) for plan in plans if plan.form == "recurrent"]
    for stream in shape.streams:
        alone = label_plans(options, shape.of_stream(stream))
        plans += [
            replace(plan, name=plan.name.replace("-", f"-{stream.name}-"), kind=f"{plan.form} {stream.name}")
            for plan in alone
        ]
    return plans


def _gated(plan: MemberPlan) -> MemberPlan:
    config = replace(plan.config, gated_sizes=tuple(stream.inputs for stream in plan.streams))
    return replace(plan, name=plan.name.replace("recurrent", "gated"), form="gated", kind="gated", config=config)


def label_plans(options: TrainOptions, shape: TaskShape) -> list[MemberPlan]:
    """The heads that distinguish the labels, from all streams joined."""
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
    form: HeadForm, number: int, options: TrainOptions, head: HeadKind, shape: TaskShape, classes: int
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
    return MemberPlan(f"{form}-{number}", form, form, shape.streams, config, parts, epochs, INPUT_NOISE, INPUT_DROPOUT)


def _mean_plan(form: HeadForm, options: TrainOptions, shape: TaskShape, classes: int, parts: int) -> MemberPlan:
    config = HeadConfig(
        kind="mean",
        input_size=shape.inputs,
        hidden_size=shape.inputs,
        outputs=classes * (parts if shape.whole else 1),
        dropout=options.dropout,
    )
    epochs = options.epochs or default_epochs(shape, recurrent=False)
    pooled = parts if shape.whole else None
    return MemberPlan(f"{form}-0", form, form, shape.streams, config, pooled, epochs, LINEAR_NOISE, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A head to train, and how it begins."""

    plan: MemberPlan
    build: Callable[[], Head]
    """Draws from torch's global generator."""


def new_members(options: TrainOptions, shape: TaskShape) -> list[Member]:
    """New heads that may distinguish the labels."""
    return [Member(plan, plan.build) for plan in candidate_plans(options, shape)]


def joined_members(options: TrainOptions, shape: TaskShape) -> list[Member]:
    """New heads that distinguish the labels, from all streams joined alone."""
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
        linear = config.kind == "mean"
        form = _form_of(member)
        seen = start.spec.streams_of(member)
        streams = tuple(stream for stream in shape.streams if stream.name in seen)
        plan = MemberPlan(
            name=f"{'background' if form == 'background' else 'recurrent'}-{number}",
            form=form,
            kind=form if streams == shape.streams else f"{form} {' '.join(seen)}",
            streams=streams,
            config=config,
            pooled_parts=member.pooled_parts,
            epochs=options.epochs or default_epochs(shape, recurrent=not linear),
            noise=LINEAR_NOISE if linear else INPUT_NOISE,
            input_dropout=0.0 if linear else INPUT_DROPOUT,
        )
        known = start.spec.labels if member.role == "background" else _distinguished_labels(start)
        members.append(Member(plan, _Continuation(plan, head, known, names)))
    return members


def _form_of(member: MemberSpec) -> HeadForm:
    if member.role == "background":
        return "background"
    if member.head.kind == "mean":
        return "linear"
    return "recurrent" if member.head.gated_sizes is None else "gated"


def _distinguished_labels(start: Model) -> tuple[str, ...]:
    """The labels that the members without background have outputs for."""
    return start.spec.labels[:-1] if start.spec.members_with("background") else start.spec.labels


@dataclass(frozen=True, slots=True, eq=False)
class _Continuation:
    """Builds a head that goes on from another one."""

    plan: MemberPlan
    head: NumpyHead
    known: Sequence[str]
    labels: Sequence[str]

    def __call__(self) -> Head:
        head = build_head(self.plan.config)
        fresh = self.plan.build().output
        old = as_trainable(self.head)
        head.recurrence.load_state_dict(old.recurrence.state_dict())
        parts = self.plan.pooled_parts or 1
        weight = fresh.weight.detach().view(parts, len(self.labels), -1).clone()
        bias = fresh.bias.detach().view(parts, len(self.labels)).clone()
        old_weight = old.output.weight.detach().view(parts, len(self.known), -1)
        old_bias = old.output.bias.detach().view(parts, len(self.known))
        for row, label in enumerate(self.labels):
            if label in self.known:
                weight[:, row] = old_weight[:, self.known.index(label)]
                bias[:, row] = old_bias[:, self.known.index(label)]
        with torch.no_grad():
            head.output.weight.copy_(weight.flatten(0, 1))
            head.output.bias.copy_(bias.flatten())
        return head
