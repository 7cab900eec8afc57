"""From trained heads to the members and decisions of a model.

R rows (clips or samples), C classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from vidlabel.heads.config import MemberSpec
from vidlabel.heads.model import Network
from vidlabel.heads.recurrent import Head
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import Task
from vidlabel.training.dataset.features import ExampleFeatures, FeatureDataset
from vidlabel.training.fitting.calibration import HeldOutLogits, even_mixture, fit_mixture, member_weights, mixed_scores
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.inner_cv import Validated
from vidlabel.training.fitting.plans import MemberPlan
from vidlabel.training.fitting.tensors import is_whole
from vidlabel.training.fitting.thresholds import (
    UNKNOWN_FOOTAGE,
    DecisionRule,
    HeldOutClip,
    Scores,
    best_minimum_durations,
    best_thresholds,
    clip_minimum_durations,
)
from vidlabel.training.fitting.validation import Validation

UNDECIDED = 0.5
"""Threshold of labels of their own where no clips could be held out."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedMember:
    """A head that has learnt."""

    plan: MemberPlan
    head: Head
    history: tuple[EpochFigures, ...]

    @property
    def knows_background(self) -> bool:
        """Whether background is its last output."""
        return self.plan.form == "background"


def calibrated_members(trained: Sequence[TrainedMember], outcome: HeldOutLogits | None, task: Task) -> list[MemberSpec]:
    """Weights and temperatures: one temperature, and one share, for each form of head.

    Args:
        trained: the heads.
        outcome: what heads like them said about clips they had not learnt from; None: temperatures are 1, shares even.
        task: of the labels.
    """
    labels = [one.plan.form for one in trained if not one.knows_background]
    background = [one.plan.form for one in trained if one.knows_background]
    forms = tuple(dict.fromkeys(labels))
    mixture = even_mixture(forms) if outcome is None else fit_mixture(outcome, forms, task)
    known = even_mixture(dict.fromkeys(background))
    shares = {**mixture.shares, **known.shares}
    temperatures = {**mixture.temperatures, **known.temperatures}
    plans = [one.plan for one in trained]
    weights = member_weights([plan.form for plan in plans], shares)
    return [plan.member(weight, temperatures[plan.form]) for plan, weight in zip(plans, weights, strict=True)]


def validation_scores(
    trained: Sequence[TrainedMember], members: Sequence[MemberSpec], outcome: HeldOutLogits, task: Task
) -> Tensor:
    """(R, C): what the mixture, of one head for all of a form, says about clips that were not learnt from."""
    pairs = [(one, member) for one, member in zip(trained, members, strict=True) if not one.knows_background]
    logits = [outcome.logits[one.plan.form] for one, _ in pairs]
    return mixed_scores(logits, [member.weight / member.temperature for _, member in pairs], task)


def decide(gathered: FeatureDataset, validation: Validation | None, *, knows_background: bool) -> DecisionRule:
    """Thresholds and minimum durations of the labels; none of the latter where nothing was held out to choose them on.

    Args:
        gathered: what was learnt from.
        validation: scores of clips that were not.
        knows_background: whether there are heads that learnt background without examples of it.
    """
    training_set = gathered.training_set
    labels, background = training_set.labels, training_set.background
    if training_set.task == "single":
        thresholds = (UNKNOWN_FOOTAGE if knows_background else 0.0,) * len(labels)
    elif validation is None:
        thresholds = (UNDECIDED,) * len(labels)
    else:
        thresholds = best_thresholds(validation.scores, validation.targets, validation.mask)
    if is_whole(gathered):
        durations = clip_minimum_durations(gathered, labels)
    elif validation is None:
        durations = (0.0,) * len(labels)
    else:
        durations = best_minimum_durations(
            _tested(gathered, validation), labels, thresholds, training_set.task, background
        )
    return DecisionRule(thresholds, durations)


def with_durations_as_learnt(network: Network, gathered: FeatureDataset) -> Network:
    """The same model with minimum durations chosen on the very videos that it learnt from, for want of others.

    Args:
        network: of labels with times.
        gathered: what it learnt from.
    """
    spec = network.spec
    pairs = zip(gathered.training_set.examples, gathered.features, strict=True)
    told = [HeldOutClip(example, features.times, _scores(network, features)) for example, features in pairs]
    durations = best_minimum_durations(told, spec.labels, spec.thresholds, spec.task, spec.background)
    return replace(network, spec=replace(spec, minimum_durations_s=durations))


def member_histories(
    trained: Sequence[TrainedMember], validated: Validated | None
) -> Mapping[str, tuple[EpochFigures, ...]]:
    """Epochs of the heads by their names, and by form, as `validation ...`, the means of the inner cross-validation."""
    means = {} if validated is None else {f"validation {form}": own for form, own in validated.histories.items()}
    return {one.plan.name: one.history for one in trained} | means


def _scores(network: Network, features: ExampleFeatures) -> Scores:
    scorer = make_scorer(network)
    return np.concatenate([scorer.push(features.views[0]), scorer.finish()])


def _tested(gathered: FeatureDataset, validation: Validation) -> list[HeldOutClip]:
    scores = np.split(validation.scores, np.cumsum(validation.rows_of_clip)[:-1])
    return [
        HeldOutClip(gathered.training_set.examples[clip], gathered.features[clip].times, own)
        for clip, own in zip(validation.clips, scores, strict=True)
    ]
