"""The heads of a model to be, new or going on from another model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch

from vidlabel.heads.model import Model
from vidlabel.heads.recurrent import Head, build_head
from vidlabel.training.fitting.plans import (
    INPUT_DROPOUT,
    INPUT_NOISE,
    LINEAR_NOISE,
    MemberKind,
    MemberPlan,
    TaskShape,
    background_plans,
    default_epochs,
    label_plans,
)
from vidlabel.training.options import TrainOptions


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A head to train, and how it begins."""

    plan: MemberPlan
    build: Callable[[], Head]
    """Draws from torch's global generator."""


def new_members(options: TrainOptions, problem: TaskShape) -> list[Member]:
    """Heads with random starts that tell the labels from each other."""
    return [Member(plan, plan.build) for plan in label_plans(options, problem)]


def new_background_members(options: TrainOptions, problem: TaskShape) -> list[Member]:
    """Heads with random starts that know background."""
    return [Member(plan, plan.build) for plan in background_plans(options, problem)]


def continued_members(start: Model, labels: Sequence[str], options: TrainOptions, problem: TaskShape) -> list[Member]:
    """The heads of a model with outputs for other labels: those of labels that it knows are kept.

    Args:
        start: the model.
        labels: C names; for heads that know background it is added as the last.
        options: how many epochs.
        problem: to learn.
    """
    members = []
    for number, (member, head) in enumerate(zip(start.spec.members, start.heads, strict=True)):
        names = list(labels)
        if member.role == "background":
            names.append(start.spec.labels[-1])
        parts = member.pooled_parts or 1
        config = replace(member.head, outputs=len(names) * parts)
        form: MemberKind = "background" if member.role == "background" else "recurrent"
        linear = config.kind == "mean"
        plan = MemberPlan(
            name=f"{form}-{number}",
            form="linear" if linear and form == "recurrent" else form,
            config=config,
            pooled_parts=member.pooled_parts,
            epochs=options.epochs or default_epochs(problem, recurrent=not linear),
            noise=LINEAR_NOISE if linear else INPUT_NOISE,
            input_dropout=0.0 if linear else INPUT_DROPOUT,
        )
        known = start.spec.labels if member.role == "background" else _told_apart(start)
        members.append(Member(plan, _Continuation(plan, head, known, names)))
    return members


def _told_apart(start: Model) -> tuple[str, ...]:
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
