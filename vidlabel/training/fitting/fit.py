"""From a feature dataset to a model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from vidlabel.errors import UsageError
from vidlabel.heads.model import Model, Network, save_model
from vidlabel.heads.recurrent import as_numpy, one_thread
from vidlabel.training.dataset.feature_dataset import (
    FeatureDataset,
    FeatureFacts,
    first_view,
    is_whole,
    select_streams,
)
from vidlabel.training.fitting.calibration import Validation, summarise
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.ensemble import (
    TrainedMember,
    build_spec,
    calibrated_members,
    decide,
    member_histories,
    with_durations_as_learnt,
)
from vidlabel.training.fitting.head_trainer import HeadTrainer, make_head_task, train_head
from vidlabel.training.fitting.inner_cv import (
    InnerFold,
    Tuning,
    Validated,
    inner_folds,
    learn_inner_whitenings,
    mirrors_spoil,
    trainable_part,
    validate,
)
from vidlabel.training.fitting.member_choice import best_mixture, kinds_of, one_of_each, stream_accuracies, usual_kinds
from vidlabel.training.fitting.mixture import Mixture, even_mixture, fit_mixture, mixture_scores
from vidlabel.training.fitting.plans import (
    Member,
    MemberKind,
    TaskShape,
    baseline_plan,
    continued_members,
    joined_members,
    new_background_members,
    new_members,
)
from vidlabel.training.fitting.seeded_runs import FitListener, SilentListener, TrainingRuns
from vidlabel.training.fitting.task_shape import make_task_shape
from vidlabel.training.fitting.tensors import fill_first_motion, learn_whitening, make_training_tensors
from vidlabel.training.fitting.whitening import Whitening, WhiteningMemory, whitening_of
from vidlabel.training.fitting.windows import choose_window
from vidlabel.training.options import TrainOptions

DEFAULT_OPTIONS = TrainOptions()

Fusion = Literal["chosen", "early"]
"""How heads use several streams: `chosen` by validation among early, gated and late, some of the streams or all;
`early`: heads of all of them joined, and nothing else is tried."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedModel:
    """A trained model without a file yet."""

    network: Network
    validation: Validation | None
    """By the inner cross-validation; None where no group could be held out."""
    interrupted: bool = False
    """Whether training was ended early; it is the best that there was by then."""

    def save(self, path: Path) -> Model:
        """Write the model file, whole or not at all; the same training gives the same bytes.

        Raises:
            OutputError: the file cannot be written.
        """
        network = self.network
        return save_model(network.spec, network.heads, network.projections, path, network.encoders)


def fit(
    dataset: FeatureDataset,
    facts: FeatureFacts,
    options: TrainOptions = DEFAULT_OPTIONS,
    listener: FitListener | None = None,
    *,
    start: Model | None = None,
    checkpoints: Checkpoints | None = None,
    tuning: Tuning | None = None,
    memory: WhiteningMemory | None = None,
    fusion: Fusion = "chosen",
) -> FittedModel:
    """Train a model on all clips of a dataset.

    An inner cross-validation by group chooses the kinds of head and the streams that they look at, calibrates, and
    gives the figures in `validation`; then the heads of the model are trained on everything. Nothing but `dataset`,
    `facts`, `options`, `start` and `fusion` changes the result; neither the number of cores nor torch's global
    generator does.

    Args:
        dataset: the clips, in one view or several (all are learnt from, the first one is tested on). `subset` gives
            some of them, for an outer cross-validation.
        facts: how the features were made.
        options: how to train.
        listener: receives progress.
        start: a model to go on from, with its heads and whitening; outputs are kept by the names of the labels.
        checkpoints: keeps the state of training, and goes on from one that is there.
        tuning: how the encoder was tuned that made the features; the clips that it was not tuned on then take the
            place of the inner cross-validation.
        memory: shared by trainings on the same clips, which it saves time.
        fusion: of several streams, for new models.

    Raises:
        UsageError: streams that the dataset lacks, or a model that cannot be gone on from.
        OutputError: a state cannot be kept.
        KeyboardInterrupt: before any head of the model itself was trained for an epoch.
    """
    with one_thread(), torch.random.fork_rng(devices=[]):
        runs = TrainingRuns(options.seed, listener or SilentListener(), checkpoints)
        return _Fitting(fill_first_motion(dataset), facts, options, runs, start, tuning, memory, fusion).run()


@dataclass(frozen=True, slots=True, eq=False)
class _Learnt:
    """What was learnt before the heads of the model."""

    dataset: FeatureDataset
    """What they are to learn from."""
    whitening: Whitening
    inner: Sequence[InnerFold]
    validated: Validated | None = None
    mixture: Mixture | None = None
    """Of several streams, by validation."""


class _Fitting:
    """The steps of `fit`, with what they share."""

    def __init__(
        self,
        dataset: FeatureDataset,
        facts: FeatureFacts,
        options: TrainOptions,
        runs: TrainingRuns,
        start: Model | None,
        tuning: Tuning | None,
        memory: WhiteningMemory | None,
        fusion: Fusion,
    ) -> None:
        self._dataset = dataset
        self._facts = facts
        self._options = options
        self._runs = runs
        self._start = start
        self._whole = is_whole(dataset)
        self._window = choose_window(dataset, facts.rate)
        self._tuning = tuning
        self._memory = memory
        self._fusion = fusion
        self._folds = inner_folds(dataset.training_set.examples, options) if tuning is None else tuning.held_out

    def run(self) -> FittedModel:
        """Choose the views, the kinds of head and so the streams; train."""
        found = self._continue_whitening(self._start) if self._start else self._learn_whitening()
        found = self._choose_views(found)
        found, members = self._choose_members(found)
        trained, interrupted = self._train(members, found)
        return self._assemble(trained, found, interrupted=interrupted)

    def _choose_views(self, found: _Learnt) -> _Learnt:
        """Leave mirrored pictures out where they were seen to spoil labels, such as those that tell left from right."""
        if not found.dataset.mirrored:
            return self._validated(found, "fold")
        plain = first_view(found.dataset)
        unmirrored = self._learnt(plain) if self._start is None else replace(found, dataset=plain)
        if not found.inner:
            return unmirrored
        mirrored = self._validated(found, "fold")
        unmirrored = self._validated(unmirrored, "fold-unmirrored", "validating without mirrored pictures")
        assert mirrored.validated is not None
        assert unmirrored.validated is not None
        spoil = mirrors_spoil(found.dataset, mirrored.validated.outcome, unmirrored.validated.outcome)
        return unmirrored if spoil else mirrored

    def _choose_members(self, found: _Learnt) -> tuple[_Learnt, list[Member]]:
        """The heads that validation needs, the streams that they look at, and heads that know background."""
        candidates = self._label_members(found)
        kinds = self._trainable_kinds(found, candidates)
        if found.validated is not None and len(found.dataset.streams) > 1:
            others = [member for member in candidates if member.plan.kind in kinds.difference(usual_kinds(candidates))]
            validated = found.validated
            if others:
                validated = validated.joined(self._run_folds(found, one_of_each(others), "fold", "comparing streams"))
            found = replace(found, validated=validated)
            if self._start is None:
                mixture = best_mixture(found.dataset, validated.outcome, kinds_of(candidates))
                found, kinds = replace(found, mixture=mixture), set(mixture.shares if mixture else kinds)
        elif self._start is None:
            kinds = kinds & usual_kinds(candidates) or kinds
        members = [member for member in candidates if member.plan.kind in kinds]
        found = self._with_streams(found, {name for member in members for name in member.plan.stream_names})
        return found, [*members, *self._background_members(found)]

    def _trainable_kinds(self, found: _Learnt, candidates: Sequence[Member]) -> set[MemberKind]:
        tensors = make_training_tensors(found.dataset, found.whitening)
        return {m.plan.kind for m in candidates if trainable_part(m.plan, tensors) is not None}

    def _with_streams(self, found: _Learnt, seen: Collection[str]) -> _Learnt:
        """The same for the streams alone that heads look at."""
        names = [name for name in found.dataset.stream_names if name in seen]
        numbers = [found.dataset.stream_names.index(name) for name in names]
        whitening = found.whitening.select(numbers)
        return replace(found, dataset=select_streams(found.dataset, names), whitening=whitening)

    def _continue_whitening(self, start: Model) -> _Learnt:
        whitening = whitening_of(start)
        dataset = select_streams(self._dataset, start.spec.stream_names)
        return _Learnt(dataset, whitening, [InnerFold(fold, whitening) for fold in self._folds])

    def _learn_whitening(self) -> _Learnt:
        streams = self._options.streams or self._dataset.stream_names
        unknown = sorted(set(streams).difference(self._dataset.stream_names))
        if unknown:
            remedy = f"choose among {', '.join(self._dataset.stream_names)}"
            raise UsageError("--streams", f"there are no features of {', '.join(unknown)}", remedy)
        there = [name for name in streams if self._dataset.having(name)]  # a part of all videos may lack one
        dataset = select_streams(self._dataset, there)
        return self._learnt(dataset)

    def _learnt(self, dataset: FeatureDataset) -> _Learnt:
        inner = learn_inner_whitenings(dataset, self._folds, self._memory)
        return _Learnt(dataset, learn_whitening(dataset, memory=self._memory), inner)

    def _label_members(self, found: _Learnt) -> list[Member]:
        """All heads that may distinguish the labels."""
        shape = self._task_shape(found)
        if self._start is None:
            make = joined_members if self._fusion == "early" else new_members
            return make(self._options, shape)
        members = continued_members(self._start, found.dataset.training_set.labels, self._options, shape)
        return [member for member in members if member.plan.form != "background"]

    def _background_members(self, found: _Learnt) -> list[Member]:
        training_set, shape = found.dataset.training_set, self._task_shape(found)
        if self._start is not None:
            members = continued_members(self._start, training_set.labels, self._options, shape)
            return [member for member in members if member.plan.form == "background"]
        if self._whole and training_set.task == "single" and training_set.background is None:
            return new_background_members(self._options, shape)
        return []

    def _task_shape(self, found: _Learnt) -> TaskShape:
        return make_task_shape(found.dataset, found.whitening, self._window, self._options)

    def _validated(self, found: _Learnt, stage: str, title: str = "validating") -> _Learnt:
        """The same with logits for held-out clips, if there are any."""
        if not found.inner:
            return found
        baseline = baseline_plan(self._options, self._task_shape(found))
        members = self._label_members(found)
        usual = [member for member in members if member.plan.kind in usual_kinds(members)]
        tested = [*one_of_each(usual), Member(baseline, baseline.build)]
        return replace(found, validated=self._run_folds(found, tested, stage, title))

    def _run_folds(self, found: _Learnt, members: Sequence[Member], stage: str, title: str) -> Validated:
        folds = len(found.inner)
        epochs = folds * sum(member.plan.epochs for member in members)
        self._runs.listener.begun(title, folds * len(members), epochs)
        return validate(found.dataset, found.inner, members, self._options, self._window, self._runs, stage)

    def _train(self, members: Sequence[Member], found: _Learnt) -> tuple[list[TrainedMember], bool]:
        """Train on everything; what an interruption leaves is kept if it can distinguish the labels."""
        tensors = make_training_tensors(found.dataset, found.whitening)
        self._runs.listener.begun("training", len(members), sum(member.plan.epochs for member in members))
        trained: list[TrainedMember] = []
        self._runs.running = None
        try:
            for member in members:
                plan = member.plan
                learnt = trainable_part(plan, tensors)
                if learnt is not None:
                    head_task = make_head_task(plan, learnt, self._options, self._window)
                    trained.append(
                        _trained(train_head(self._runs, f"model-{plan.name}", head_task, member.build, plan.kind))
                    )
        except KeyboardInterrupt:
            left = self._runs.running
            if (
                isinstance(left, HeadTrainer)
                and left.progress.epochs > 0
                and left.plan not in [t.plan for t in trained]
            ):
                trained.append(_trained(left))
            if not any(one.plan.form != "background" for one in trained):
                raise
            return trained, True
        return trained, False

    def _assemble(self, trained: Sequence[TrainedMember], found: _Learnt, *, interrupted: bool) -> FittedModel:
        if interrupted:
            found = self._with_streams(found, {name for one in trained for name in one.plan.stream_names})
        task = found.dataset.training_set.task
        kinds = list(dict.fromkeys(one.plan.kind for one in trained if not one.knows_background))
        outcome = found.validated.outcome if found.validated else None
        mixture = None if interrupted else found.mixture
        if mixture is None:
            mixture = even_mixture(kinds) if outcome is None else fit_mixture(outcome, kinds, task)
        validation = None
        if outcome is not None:
            scores = mixture_scores(outcome, mixture, task)
            validation = summarise(outcome, scores, outcome.logits["baseline"], len(self._folds), task)
            validation = replace(validation, stream_accuracies=stream_accuracies(self._dataset, outcome))
        knows_background = any(one.knows_background for one in trained)
        spec = build_spec(
            found.dataset,
            self._facts,
            self._options,
            calibrated_members(trained, mixture),
            decide(found.dataset, validation, knows_background=knows_background),
            self._window.seconds,
            validation,
            {
                **member_histories(trained, found.validated.histories if found.validated else {}),
                **({} if self._tuning is None else self._tuning.histories),
            },
            [len(stream.components) for stream in found.whitening.streams],
        )
        tuned = self._facts.tuned
        encoders = {} if tuned is None else {tuned.sha256: tuned.tensors}
        heads = tuple(as_numpy(one.head) for one in trained)
        network = Network(spec, heads, found.whitening.projections, encoders=encoders)
        if validation is None and not self._whole:
            network = with_durations_as_learnt(network, found.dataset)
        return FittedModel(network, validation, interrupted)


def _trained(trainer: HeadTrainer) -> TrainedMember:
    return TrainedMember(trainer.plan, trainer.finished_head(), trainer.progress.history)
