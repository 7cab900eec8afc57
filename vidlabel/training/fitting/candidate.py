"""A candidate for a model: heads of some streams joined, cross-validated before any model is trained on everything.

`fit(..., fusion="early")` with the same options trains the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch

from vidlabel.heads.model import Network
from vidlabel.heads.recurrent import as_numpy, one_thread
from vidlabel.training.dataset.feature_dataset import FeatureDataset, FeatureFacts, is_whole
from vidlabel.training.fitting.calibration import HeldOutLogits
from vidlabel.training.fitting.ensemble import build_spec
from vidlabel.training.fitting.inner_cv import InnerFold, validate
from vidlabel.training.fitting.member_choice import kinds_of, one_of_each
from vidlabel.training.fitting.mixture import Mixture, even_mixture, fit_mixture, member_weights
from vidlabel.training.fitting.plans import (
    Member,
    TaskShape,
    baseline_plan,
    candidate_plans,
    joined_members,
    new_background_members,
)
from vidlabel.training.fitting.seeded_runs import FitListener, TrainingRuns
from vidlabel.training.fitting.task_shape import make_task_shape
from vidlabel.training.fitting.thresholds import DecisionRule
from vidlabel.training.fitting.whitening import Whitening
from vidlabel.training.fitting.windows import WindowLength, choose_window
from vidlabel.training.options import TrainOptions

FoldCallback = Callable[[HeldOutLogits, Mixture], None]
"""Takes the logits of the folds so far, and how kinds of head are mixed."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A model that may be trained.

    Args:
        dataset: the clips, of the streams that are joined; the first motion is filled in.
        facts: how the features were made.
        options: of training.
        whitening: of the streams.
        folds: at least one, with whitenings of the streams.
    """

    dataset: FeatureDataset
    facts: FeatureFacts
    options: TrainOptions
    whitening: Whitening
    folds: Sequence[InnerFold]

    def cross_validate(self, listener: FitListener, after_fold: FoldCallback) -> tuple[HeldOutLogits, Mixture]:
        """Train all of its heads on the training part of each fold, and ask them about the rest.

        Every member counts, so that what several of them gain is seen. What the callback or listener raises ends it.
        """
        with one_thread(), torch.random.fork_rng(devices=[]):
            runs = TrainingRuns(self.options.seed, listener, None)
            members, kinds = self._label_members, kinds_of(self._label_members)
            listener.begun("validating", len(self.folds) * len(members), self.trial_epochs)
            outcome = validate(
                self.dataset,
                self.folds,
                members,
                self.options,
                self._window,
                runs,
                "fold",
                lambda found: after_fold(found, even_mixture(kinds)),
            ).outcome
            return outcome, fit_mixture(outcome, kinds, self.dataset.training_set.task)

    @property
    def trial_epochs(self) -> int:
        """Epochs of the cross-validation."""
        return len(self.folds) * sum(member.plan.epochs for member in self._label_members)

    @property
    def final_epochs(self) -> int:
        """Epochs of `fit`, which validates and calibrates, with and without mirrored pictures, and trains."""
        baseline = baseline_plan(self.options, self._shape)
        validated = sum(member.plan.epochs for member in one_of_each(self._label_members)) + baseline.epochs
        passes = 2 if self.dataset.mirrored else 1
        trained = sum(member.plan.epochs for member in [*self._label_members, *self._background_members])
        return passes * len(self.folds) * validated + trained

    def untrained_network(self) -> Network:
        """A model of the same size and cost that has learnt nothing."""
        members = [*self._label_members, *self._background_members]
        labels = len(self.dataset.training_set.labels)
        with torch.random.fork_rng(devices=[]):
            heads = tuple(as_numpy(member.build().eval()) for member in members)
        shares = {
            **even_mixture(kinds_of(self._label_members)).shares,
            **(even_mixture(kinds_of(self._background_members)).shares if self._background_members else {}),
        }
        plans = [member.plan for member in members]
        weights = member_weights([plan.kind for plan in plans], shares)
        spec = build_spec(
            self.dataset,
            self.facts,
            self.options,
            [plan.member(weight, 1.0) for plan, weight in zip(plans, weights, strict=True)],
            DecisionRule((0.0,) * labels, (0.0,) * labels),
            self._window.seconds,
            None,
            {},
            [len(stream.components) for stream in self.whitening.streams],
        )
        return Network(spec, heads, self.whitening.projections)

    @cached_property
    def _window(self) -> WindowLength:
        return choose_window(self.dataset, self.facts.rate)

    @cached_property
    def _shape(self) -> TaskShape:
        return make_task_shape(self.dataset, self.whitening, self._window, self.options)

    @cached_property
    def _label_members(self) -> list[Member]:
        return joined_members(self.options, self._shape)

    @cached_property
    def _background_members(self) -> list[Member]:
        """As `fit` has them."""
        training_set = self.dataset.training_set
        if is_whole(self.dataset) and training_set.task == "single" and training_set.background is None:
            return new_background_members(self.options, self._shape)
        return []


def default_epochs_of_fit(
    dataset: FeatureDataset, facts: FeatureFacts, options: TrainOptions, whitening: Whitening, folds: int
) -> int:
    """About how many epochs `fit` trains where it chooses the streams itself."""
    shape = make_task_shape(dataset, whitening, choose_window(dataset, facts.rate), options)
    plans = candidate_plans(options, shape)
    alone = {plan.kind: plan.epochs for plan in plans}
    joined = sum(alone.get(kind, 0) for kind in ("recurrent", "linear")) + baseline_plan(options, shape).epochs
    compared = sum(epochs for kind, epochs in alone.items() if kind not in ("recurrent", "linear"))
    trained = 2 * sum(plan.epochs for plan in plans if plan.kind in ("recurrent", "linear"))
    return folds * (joined * (2 if dataset.mirrored else 1) + compared) + trained
