"""From a feature dataset to a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from vidlabel.errors import UsageError
from vidlabel.heads.model import Model, Network, save_model
from vidlabel.heads.scoring import one_thread
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
    validation_scores,
    with_durations_as_learnt,
)
from vidlabel.training.fitting.head_trainer import HeadTrainer, make_head_task, train_head
from vidlabel.training.fitting.inner_cv import (
    InnerFold,
    Tuning,
    Validated,
    choose_streams,
    inner_folds,
    learn_inner_whitenings,
    mirrors_spoil,
    validate,
)
from vidlabel.training.fitting.plans import (
    Member,
    TaskShape,
    baseline_plan,
    continued_members,
    linear_plan,
    new_background_members,
    new_members,
)
from vidlabel.training.fitting.seeded_runs import FitListener, SilentListener, TrainingRuns
from vidlabel.training.fitting.tensors import fill_first_motion, learn_whitening, make_training_tensors
from vidlabel.training.fitting.whitening import StreamWhitening, Whitening
from vidlabel.training.fitting.windows import choose_window, timed_windows
from vidlabel.training.options import TrainOptions

DEFAULT_OPTIONS = TrainOptions()


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
        return save_model(network.spec, network.heads, network.projection, path, network.encoders)


def fit(
    dataset: FeatureDataset,
    facts: FeatureFacts,
    options: TrainOptions = DEFAULT_OPTIONS,
    listener: FitListener | None = None,
    *,
    start: Model | None = None,
    checkpoints: Checkpoints | None = None,
    tuning: Tuning | None = None,
) -> FittedModel:
    """Train a model on all clips of a dataset.

    An inner cross-validation by group chooses the streams, calibrates, and gives the figures in `validation`; then the
    heads of the model are trained on everything. Nothing but `dataset`, `facts`, `options` and `start` changes the
    result; neither the number of cores nor torch's global generator does.

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

    Raises:
        UsageError: streams that the dataset lacks, or a model that cannot be gone on from.
        OutputError: a state cannot be kept.
        KeyboardInterrupt: before any head of the model itself was trained for an epoch.
    """
    with one_thread(), torch.random.fork_rng(devices=[]):
        runs = TrainingRuns(options.seed, listener or SilentListener(), checkpoints)
        return _Fitting(fill_first_motion(dataset), facts, options, runs, start, tuning).run()


@dataclass(frozen=True, slots=True, eq=False)
class _Learnt:
    """What was learnt before the heads of the model."""

    dataset: FeatureDataset
    """What they are to learn from."""
    whitening: Whitening
    inner: Sequence[InnerFold]
    validated: Validated | None = None


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
    ) -> None:
        self._dataset = dataset
        self._facts = facts
        self._options = options
        self._runs = runs
        self._start = start
        self._whole = is_whole(dataset)
        self._window = choose_window(dataset, facts.rate)
        self._tuning = tuning
        self._folds = inner_folds(dataset.training_set.examples, options) if tuning is None else tuning.held_out

    def run(self) -> FittedModel:
        """Choose the streams, validate, choose the views, train."""
        found = self._continue_whitening(self._start) if self._start else self._learn_whitening()
        found = self._choose_views(found)
        self._dataset = found.dataset
        members = self._members(found.whitening)
        trained, interrupted = self._train(members, found.whitening)
        return self._assemble(trained, found.whitening, found.validated, interrupted=interrupted)

    def _choose_views(self, found: _Learnt) -> _Learnt:
        """Leave mirrored pictures out where they were seen to spoil labels, such as those that tell left from right."""
        if not found.dataset.mirrored:
            return self._validated(found, "fold")
        plain = first_view(found.dataset)
        if self._start is None:
            inner = learn_inner_whitenings(plain, [one.fold for one in found.inner])
            unmirrored = _Learnt(plain, learn_whitening(plain), inner)
        else:
            unmirrored = replace(found, dataset=plain)
        if not found.inner:
            return unmirrored
        mirrored = self._validated(found, "fold")
        unmirrored = self._validated(unmirrored, "fold-unmirrored", "validating without mirrored pictures")
        assert mirrored.validated is not None
        assert unmirrored.validated is not None
        spoil = mirrors_spoil(found.dataset, mirrored.validated.outcome, unmirrored.validated.outcome)
        return unmirrored if spoil else mirrored

    def _continue_whitening(self, start: Model) -> _Learnt:
        whitening = _whitening_of(start)
        dataset = select_streams(self._dataset, start.spec.stream_names)
        return _Learnt(dataset, whitening, [InnerFold(fold, whitening) for fold in self._folds])

    def _learn_whitening(self) -> _Learnt:
        inner = learn_inner_whitenings(self._dataset, self._folds)
        streams = self._options.streams or self._best_streams(inner)
        unknown = sorted(set(streams).difference(self._dataset.stream_names))
        if unknown:
            remedy = f"choose among {', '.join(self._dataset.stream_names)}"
            raise UsageError("--streams", f"there are no features of {', '.join(unknown)}", remedy)
        numbers = [self._dataset.stream_names.index(stream) for stream in streams]
        dataset = select_streams(self._dataset, streams)
        chosen = [InnerFold(one.fold, one.whitening.select(numbers)) for one in inner]
        return _Learnt(dataset, learn_whitening(dataset), chosen)

    def _best_streams(self, inner: Sequence[InnerFold]) -> tuple[str, ...]:
        """By a head without recurrence, which is quick and ranks streams as the others do."""
        everything = self._dataset.stream_names
        if len(everything) == 1 or not inner:
            return everything
        choices = [everything, *((stream,) for stream in everything)]
        epochs, heads = linear_plan(self._options, self._task_shape(1)).epochs, len(choices) * len(inner)
        self._runs.listener.begun("choosing streams", heads, heads * epochs)
        found = {}
        for streams in choices:
            numbers = [everything.index(stream) for stream in streams]
            folds = [InnerFold(one.fold, one.whitening.select(numbers)) for one in inner]
            plan = linear_plan(self._options, self._task_shape(folds[0].whitening.inputs_size))
            stage = "streams-" + "-".join(streams)
            dataset = select_streams(self._dataset, streams)
            members = [Member(plan, plan.build)]
            found[streams] = self._run_folds(dataset, folds, members, stage, " and ".join(streams)).outcome
        logits = {streams: outcome.logits["linear"] for streams, outcome in found.items()}
        return choose_streams(self._dataset, logits, found[everything])

    def _members(self, whitening: Whitening) -> list[Member]:
        training_set, options = self._dataset.training_set, self._options
        shape = self._task_shape(whitening.inputs_size)
        if self._start is not None:
            return continued_members(self._start, training_set.labels, options, shape)
        members = new_members(options, shape)
        if self._whole and training_set.task == "single" and training_set.background is None:
            members += new_background_members(options, shape)
        return members

    def _task_shape(self, inputs: int) -> TaskShape:
        clips = len(self._dataset.features)
        if not self._whole:
            clips = timed_windows(sum(len(clip.times) for clip in self._dataset.features), clips, self._window.samples)
        updates = -(-clips // self._options.batch_size)
        return TaskShape(inputs, len(self._dataset.training_set.labels), self._whole, updates)

    def _validated(self, found: _Learnt, stage: str, title: str = "validating") -> _Learnt:
        """The same with logits for held-out clips, if there are any."""
        if not found.inner:
            return found
        baseline = baseline_plan(self._options, self._task_shape(found.whitening.inputs_size))
        # Heads that differ by their random start alone are alike: one of them is enough to calibrate all.
        members = [member for member in self._members(found.whitening) if member.plan.kind != "background"]
        one_of_each = {member.plan.kind: member for member in reversed(members)}
        tested = [*one_of_each.values(), Member(baseline, baseline.build)]
        folds = len(found.inner)
        epochs = folds * sum(member.plan.epochs for member in tested)
        self._runs.listener.begun(title, folds * len(tested), epochs)
        return replace(found, validated=self._run_folds(found.dataset, found.inner, tested, stage))

    def _run_folds(
        self,
        dataset: FeatureDataset,
        inner: Sequence[InnerFold],
        members: Sequence[Member],
        stage: str,
        name: str = "",
    ) -> Validated:
        return validate(dataset, inner, members, self._options, self._window, self._runs, stage, name)

    def _train(self, members: Sequence[Member], whitening: Whitening) -> tuple[list[TrainedMember], bool]:
        """Train on everything; what an interruption leaves is kept if it can distinguish the labels."""
        tensors = make_training_tensors(self._dataset, whitening)
        self._runs.listener.begun("training", len(members), sum(member.plan.epochs for member in members))
        trained: list[TrainedMember] = []
        for member in members:
            plan = member.plan
            head_task = make_head_task(plan, tensors, self._options, self._window)
            try:
                trainer = train_head(self._runs, f"model-{plan.name}", head_task, member.build, plan.kind)
            except KeyboardInterrupt:
                left = self._runs.running
                if isinstance(left, HeadTrainer) and left.progress.epochs > 0:
                    trained.append(TrainedMember(plan, left.finished_head(), left.progress.history))
                if not any(one.plan.kind != "background" for one in trained):
                    raise
                return trained, True
            trained.append(TrainedMember(plan, trainer.finished_head(), trainer.progress.history))
        return trained, False

    def _assemble(
        self, trained: Sequence[TrainedMember], whitening: Whitening, validated: Validated | None, *, interrupted: bool
    ) -> FittedModel:
        task = self._dataset.training_set.task
        members = calibrated_members(trained, validated.outcome if validated else None, task)
        validation = None
        if validated is not None:
            outcome = validated.outcome
            scores = validation_scores(trained, members, outcome, task)
            validation = summarise(outcome, scores, outcome.logits["baseline"], len(self._folds), task)
        knows_background = any(one.knows_background for one in trained)
        spec = build_spec(
            self._dataset,
            self._facts,
            self._options,
            members,
            decide(self._dataset, validation, knows_background=knows_background),
            self._window.seconds,
            validation,
            {
                **member_histories(trained, validated.histories if validated else {}),
                **({} if self._tuning is None else self._tuning.histories),
            },
        )
        tuned = self._facts.tuned
        encoders = {} if tuned is None else {tuned.sha256: tuned.tensors}
        network = Network(spec, tuple(one.head for one in trained), whitening.projection, encoders=encoders)
        if validation is None and not self._whole:
            network = with_durations_as_learnt(network, self._dataset)
        return FittedModel(network, validation, interrupted)


def _whitening_of(start: Model) -> Whitening:
    if start.projection is None:
        raise UsageError("--init", f"{start.spec.name} was not made by training", "give a model that `train` wrote")
    projection = start.projection
    return Whitening((StreamWhitening(projection.mean, projection.components),))
