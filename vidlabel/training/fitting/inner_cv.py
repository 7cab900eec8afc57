"""The inner cross-validation: what a model is calibrated and chosen by. No group is ever on both sides.

N clips, R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.heads.spec import Task
from vidlabel.training.dataset.examples import Example
from vidlabel.training.dataset.feature_dataset import FeatureDataset, subset
from vidlabel.training.dataset.splits import Fold, grouped_folds, sole_groups
from vidlabel.training.fitting.calibration import HeldOutLogits, fit_temperature, row_losses
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.head_trainer import clip_logits, make_head_task, train_head
from vidlabel.training.fitting.mixture import groups_of_rows, sure_gain
from vidlabel.training.fitting.plans import Member, MemberKind, MemberPlan
from vidlabel.training.fitting.seeded_runs import TrainingRuns
from vidlabel.training.fitting.tensors import TrainingTensors, learn_whitening, make_training_tensors
from vidlabel.training.fitting.whitening import Whitening, WhiteningMemory
from vidlabel.training.fitting.windows import WindowLength
from vidlabel.training.options import TrainOptions


@dataclass(frozen=True, slots=True, eq=False)
class InnerFold:
    """A split with what was learnt from its training part before any head."""

    fold: Fold
    whitening: Whitening


@dataclass(frozen=True, slots=True, eq=False)
class Validated:
    """What came out of the inner cross-validation."""

    outcome: HeldOutLogits
    histories: Mapping[MemberKind, tuple[EpochFigures, ...]]
    """By the kind of member: the means over the folds."""

    def joined(self, other: Validated) -> Validated:
        """With the logits of more kinds of member, for the same clips."""
        outcome = replace(
            self.outcome,
            logits={**self.outcome.logits, **other.outcome.logits},
            silent={**self.outcome.silent, **other.outcome.silent},
        )
        return Validated(outcome, {**self.histories, **other.histories})


def inner_folds(examples: Sequence[Example], options: TrainOptions) -> list[Fold]:
    """Folds of whole groups in which every label is in training; empty where that cannot be had.

    Groups that alone hold a label are in training in all folds.
    """
    free = list(range(len(examples)))
    while free:
        groups = [examples[clip].group for clip in free]
        labels = [examples[clip].split_labels for clip in free]
        sole = set(sole_groups(groups, labels).values())
        if not sole:
            break
        free = [clip for clip in free if examples[clip].group not in sole]
    count = min(options.folds, len({examples[clip].group for clip in free}))
    if count < 2:
        return []
    everything = set(range(len(examples)))
    found = grouped_folds(groups, labels, count, options.seed)
    tests = [tuple(free[place] for place in fold.test_indices) for fold in found]
    return [Fold(tuple(sorted(everything.difference(test))), test) for test in tests]


def learn_inner_whitenings(
    dataset: FeatureDataset, folds: Iterable[Fold], memory: WhiteningMemory | None = None
) -> list[InnerFold]:
    """Learn the whitening of each fold from its training part."""
    return [InnerFold(fold, learn_whitening(subset(dataset, fold.train_indices), memory=memory)) for fold in folds]


def validate(
    dataset: FeatureDataset,
    folds: Sequence[InnerFold],
    members: Sequence[Member],
    options: TrainOptions,
    window: WindowLength,
    runs: TrainingRuns,
    stage: str,
    after_fold: Callable[[HeldOutLogits], None] | None = None,
) -> Validated:
    """Train members on the training part of each fold, and predict the rest.

    Args:
        dataset: N clips, of the streams that the folds' whitenings are for.
        folds: at least one.
        members: to train; those of one kind have a say together, as the mean of their logits.
        options: of training.
        window: that the model runs in.
        runs: trains.
        stage: prefix of the names of the runs.
        after_fold: called with the logits of all folds so far; what it raises ends the validation.
    """
    kinds = dict.fromkeys(member.plan.kind for member in members)
    found: dict[MemberKind, list[_Spoken]] = {kind: [] for kind in kinds}
    tested: list[TrainingTensors] = []
    for number, inner in enumerate(folds):
        train = make_training_tensors(subset(dataset, inner.fold.train_indices), inner.whitening)
        test = make_training_tensors(subset(dataset, inner.fold.test_indices), inner.whitening)
        tested.append(test)
        own: dict[MemberKind, list[_Spoken]] = {kind: [] for kind in kinds}
        for member in members:
            run, title = f"{stage}-{number}-{member.plan.name}", f"{member.plan.kind}, fold {number + 1}"
            own[member.plan.kind].append(_spoken(member, train, test, options, window, runs, run, title))
        for kind, alike in own.items():
            found[kind].append(_together(alike))
        if after_fold is not None:
            after_fold(_outcome(folds[: number + 1], tested, found))
    outcome = _outcome(folds, tested, found)
    return Validated(outcome, {kind: _mean_history([one.history for one in spoken]) for kind, spoken in found.items()})


def _outcome(
    folds: Sequence[InnerFold], tested: Sequence[TrainingTensors], found: Mapping[MemberKind, Sequence[_Spoken]]
) -> HeldOutLogits:
    return HeldOutLogits(
        clips=tuple(clip for inner in folds for clip in inner.fold.test_indices),
        rows_of_clip=tuple(1 if test.whole else rows for test in tested for rows in test.bank.lengths.tolist()),
        logits={kind: torch.cat([own.logits for own in spoken]) for kind, spoken in found.items()},
        targets=torch.cat([test.targets for test in tested]),
        mask=torch.cat([test.mask for test in tested]),
        silent={kind: torch.cat([own.silent for own in spoken]) for kind, spoken in found.items()},
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Spoken:
    """What a head says about the test part of a fold."""

    logits: Tensor
    """(R, C); 0 where it has no say."""
    silent: Tensor
    """(R,) True where it has none."""
    history: tuple[EpochFigures, ...]


def _together(alike: Sequence[_Spoken]) -> _Spoken:
    """Heads that differ by their random start alone, as one."""
    logits = alike[0].logits if len(alike) == 1 else torch.stack([own.logits for own in alike]).mean(dim=0)
    return _Spoken(logits, alike[0].silent, alike[0].history)


def _spoken(
    member: Member,
    train: TrainingTensors,
    test: TrainingTensors,
    options: TrainOptions,
    window: WindowLength,
    runs: TrainingRuns,
    run: str,
    title: str,
) -> _Spoken:
    """Train a member on the clips that have its streams, and score those of the test part that do."""
    plan = member.plan
    learnt, clips = trainable_part(plan, train), clips_of(plan, test)
    logits, silent = torch.zeros(test.targets.shape), torch.ones(len(test.targets), dtype=torch.bool)
    if learnt is None or not clips:
        return _Spoken(logits, silent, ())
    own, rows = test.select(plan.stream_names, clips), test.rows_of(clips)
    head_task = make_head_task(plan, learnt, options, window, own)
    trainer = train_head(runs, run, head_task, member.build, title)
    logits[rows], silent[rows] = clip_logits(plan, trainer.finished_head(), own), False
    return _Spoken(logits, silent, trainer.progress.history)


def clips_of(plan: MemberPlan, tensors: TrainingTensors) -> list[int]:
    """The clips that a head has a say about: those with its streams, or some of them if it learns to do without."""
    return tensors.clips_for(plan.stream_names, some=plan.modality_dropout > 0)


def trainable_part(plan: MemberPlan, tensors: TrainingTensors) -> TrainingTensors | None:
    """What a head learns from; None where no clip has its streams."""
    clips = clips_of(plan, tensors)
    return tensors.select(plan.stream_names, clips) if clips else None


def mirrors_spoil(dataset: FeatureDataset, mirrored: HeldOutLogits, plain: HeldOutLogits) -> bool:
    """Whether heads that learnt from no mirrored pictures are better by more than one standard error.

    Args:
        dataset: N clips.
        mirrored: of heads that learnt from mirrored pictures, too.
        plain: of heads that did not, about the same clips.
    """
    task = dataset.training_set.task
    best = [max(_all_log_likelihoods(outcome, task), key=lambda own: float(own.sum())) for outcome in (mirrored, plain)]
    return sure_gain(best[1] - best[0], groups_of_rows(dataset, plain)) > 0


def _all_log_likelihoods(outcome: HeldOutLogits, task: Task) -> list[Tensor]:
    return [_log_likelihoods(logits, outcome, task) for kind, logits in outcome.logits.items() if kind != "baseline"]


def _log_likelihoods(logits: Tensor, outcome: HeldOutLogits, task: Task) -> Tensor:
    """(R,) of the targets; 0 where they are not known."""
    temperature = fit_temperature(logits, outcome.targets, outcome.mask, task)
    return -row_losses(logits.double() / temperature, outcome.targets.double(), task) * outcome.mask


def _mean_history(runs: Sequence[tuple[EpochFigures, ...]]) -> tuple[EpochFigures, ...]:
    """The means over the folds in which there was something to learn from."""
    return tuple(
        EpochFigures(
            loss=float(np.mean([epoch.loss for epoch in epochs])),
            accuracy=float(np.mean([epoch.accuracy for epoch in epochs])),
            validation_loss=_mean([epoch.validation_loss for epoch in epochs]),
            validation_accuracy=_mean([epoch.validation_accuracy for epoch in epochs]),
        )
        for epochs in zip(*filter(None, runs), strict=True)
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


@dataclass(frozen=True, slots=True, eq=False)
class Tuning:
    """What came out of tuning."""

    weights: FinetunedWeights
    held_out: list[Fold]
    """One split: clips that the encoder was tuned on, and those that it was not. Empty where no group can be held out:
    then there is nothing that figures could come from."""
    histories: Mapping[str, tuple[EpochFigures, ...]]
    """Epochs of the encoder."""
