"""Settings of training found by a search, within a time: `vidlabel.tune`."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.errors import InstallationError, UsageError
from vidlabel.evaluation.folds import outer_folds
from vidlabel.evaluation.nested_search import NestedFigures, held_out_scores
from vidlabel.evaluation.predictions import evaluation_classes
from vidlabel.evaluation.tune_options import TuneOptions
from vidlabel.features.encoders.hardware import Device, Runtime
from vidlabel.heads.model import Model
from vidlabel.heads.spec import Task
from vidlabel.paths import is_folder
from vidlabel.training.dataset.examples import NOTHING_SAID, LabelOptions, TrainingSet, Unlabelled
from vidlabel.training.dataset.reading import read_training_set
from vidlabel.training.dataset.report import check_report, refuse_insufficient
from vidlabel.training.dataset.splits import Fold
from vidlabel.training.fitting.checkpoint import training_identity
from vidlabel.training.fitting.fit import DEFAULT_OPTIONS
from vidlabel.training.options import DEFAULT_MINUTES, NO_LICENCE
from vidlabel.training.search.budget import Budget, Clock
from vidlabel.training.search.journal import OuterFoldScores, SearchJournal, SearchStart, open_journal
from vidlabel.training.search.listeners import SearchListener
from vidlabel.training.search.quality import QualityMetric, quality_metric
from vidlabel.training.search.selection import best_trial, scored_trials
from vidlabel.training.search.settings import SearchSpace, TrialSettings
from vidlabel.training.search.trial_record import ScoredTrial, TrialRecord
from vidlabel.training.train import SilentTrainListener, name_model

if TYPE_CHECKING:
    from vidlabel.training.search.feature_sets import FeatureSets
    from vidlabel.training.search.search import Search, SearchOutcome
    from vidlabel.training.search.trial import SearchData


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """A search to run: data, options and output."""

    training_set: TrainingSet
    source: str
    """Name of the table or folder, for messages."""
    output: Path
    options: TuneOptions
    command: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class TuneResult:
    """A model that was found by a search, and all trials."""

    model: Model
    """As it was saved."""
    metric: QualityMetric
    """What was tuned for."""
    trials: tuple[TrialRecord, ...]
    """On all clips, in their order; the first one are the defaults of `train`."""
    chosen: ScoredTrial
    """The smallest model within one standard error of the best that is no lower than the defaults."""
    best: ScoredTrial
    nested: NestedFigures | None

    @property
    def defaults(self) -> ScoredTrial:
        """The trial of the defaults."""
        return scored_trials(self.trials)[0]


class SilentTuneListener(SilentTrainListener):
    """Ignores progress; issues warnings as `UserWarning`."""

    def part_begun(self, part: int, parts: int, left_s: float) -> None:
        """Nothing."""

    def trial_begun(self, number: int, settings: TrialSettings, left_s: float) -> None:
        """Nothing."""

    def trial_ended(self, record: TrialRecord, left_s: float) -> None:
        """Nothing."""

    def final_begun(self, number: int) -> None:
        """Nothing."""


def tune(
    labels: str | PathLike[str] | None = None,
    output: str | PathLike[str] = "best.safetensors",
    *,
    minutes: float = DEFAULT_MINUTES,
    trials: int | None = None,
    nested: bool = False,
    folds: int | None = None,
    from_folders: str | PathLike[str] | None = None,
    groups: str | PathLike[str] | None = None,
    task: Task | None = NOTHING_SAID.task,
    positive: str | None = NOTHING_SAID.positive,
    unlabelled: Unlabelled | None = NOTHING_SAID.unlabelled,
    inner_folds: int = DEFAULT_OPTIONS.folds,
    streams: tuple[str, ...] | None = DEFAULT_OPTIONS.streams,
    encoder: str | PathLike[str] | Sequence[str | PathLike[str]] = (),
    seed: int = DEFAULT_OPTIONS.seed,
    rate: float | None = NOTHING_SAID.rate,
    licence: str = NO_LICENCE,
    audio_stream: int | None = None,
    speech: str | PathLike[str] | None = None,
    cache_dir: str | PathLike[str] | None = None,
    device: Device = "auto",
    runtime: Runtime = "auto",
) -> TuneResult:
    """Search for the settings of training within a time budget, train the model with them and write it to a file.

    Of all trials the smallest model within one standard error of the best is chosen, but none that is lower than the
    defaults of `train`. The same call goes on where an earlier one was ended.

    Args:
        labels: CSV file with the columns `video,start,end,label`.
        output: model file to write.
        minutes: wall time for everything: features, trials and the model.
        trials: largest number of trials, the defaults included; None: as many as there is time for.
        nested: measure the search, too: in each outer fold it runs anew on the other groups.
        folds: outer folds of `nested`; None: 5, or the number of groups if smaller.
        from_folders: in place of a table: folder with one subfolder of clips per label.
        groups: CSV file with the columns `video,group`; a group is never split.
        task: one label at a time, several, or one that holds or not; None: inferred from the labels.
        positive: the label of a binary task that counts as positive; None: inferred from the names.
        unlabelled: meaning of time without a row; None: background where rows have times.
        inner_folds: folds of the cross-validation by group that trials are scored in.
        streams: streams to choose among; None: frames, motion, pose and audio.
        encoder: encoders to choose among, each a name, the path of a network or of a model file whose encoder is tried;
            the defaults have the first one; none: those that are installed.
        seed: random seed.
        rate: highest number of samples per second; None: 8 for videos, and their own for feature files.
        licence: licence of the model, stored in its file.
        audio_stream: number of the audio stream that is heard, from 0; None: the one that players choose.
        speech: `tiny.en`, or folder of a Whisper model, that turns speech into text where there are no subtitles; None:
            speech is not read.
        cache_dir: folder of the feature cache; None: the user's.
        device: where the networks run; `auto`: a GPU if torch can use one.
        runtime: library that runs the encoder.

    Raises:
        UsageError: an argument is invalid.
        InputError: the labels or their videos cannot be used, or the file of an encoder; or groups cannot be split.
        BudgetError: there is not even time for the defaults.
        InstallationError: optuna is missing, or the weights of an encoder.
        OutputError: the model cannot be written.

    Example:
        >>> result = vidlabel.tune("labels.csv", "best.safetensors", trials=2, inner_folds=2)
        >>> result.metric, len(result.trials)
        ('accuracy', 2)
    """
    options = TuneOptions(
        minutes=minutes,
        trials=trials,
        nested=nested,
        folds=folds,
        inner_folds=inner_folds,
        streams=streams,
        encoders=(fspath(encoder),) if isinstance(encoder, str | PathLike) else tuple(fspath(one) for one in encoder),
        rate=rate,
        seed=seed,
        licence=licence,
        audio_stream=audio_stream,
        speech=None if speech is None else fspath(speech),
        cache_dir=None if cache_dir is None else fspath(cache_dir),
        device=device,
        runtime=runtime,
    )
    label_options = LabelOptions(
        groups=Path(groups) if groups else None, task=task, positive=positive, unlabelled=unlabelled, rate=rate
    )
    training_set = read_training_set("tune", labels, from_folders, label_options)
    for warning in check_report(training_set).warnings:
        warnings.warn(warning, UserWarning, stacklevel=2)
    request = TuneRequest(
        training_set=training_set, source=str(labels or from_folders or ""), output=Path(output), options=options
    )
    return run_tuning(request, SilentTuneListener())


def run_tuning(request: TuneRequest, listener: SearchListener, clock: Clock = time.monotonic) -> TuneResult:
    """Extract features, search, train and write the model; measure the search if that was asked for.

    Args:
        request: what to do.
        listener: receives progress.
        clock: tells the time.

    Raises:
        KeyboardInterrupt: it was ended; what was done is kept.
        VidlabelError: as `tune`.
    """
    budget = Budget(60 * request.options.minutes, clock)
    if find_spec("optuna") is None:
        raise InstallationError("optuna", "is missing, which tune needs", "run: pip install 'vidlabel[tune]'")
    if not request.output.name or is_folder(request.output):
        raise UsageError(request.output, "is a folder where a model file is needed", "name a file")
    refuse_insufficient(request.training_set, request.source)
    _outer_folds(request, request.training_set)  # before hours of decoding
    from vidlabel.training.search.feature_sets import FeatureSets  # at the start: a longer chain of imports

    sets = FeatureSets.extract(request.training_set, request.options.feature_options(), listener)
    refuse_insufficient(sets.full.training_set, request.source)
    with open_journal(request.output, _identity(request, sets)) as journal:
        return _Tuning(request, sets, journal, listener).run(budget)


def _outer_folds(request: TuneRequest, training_set: TrainingSet) -> list[Fold]:
    options = request.options
    return outer_folds(training_set.examples, options.folds or "auto", options.seed) if options.nested else []


def _identity(request: TuneRequest, sets: FeatureSets) -> str:
    training_set, options = sets.full.training_set, request.options
    facts: dict[str, object] = {
        "options": repr((options.inner_folds, options.seed, options.folds, sets.rates)),
        "encoders": repr(sets.encoder_digests),
        "labels": repr((training_set.labels, training_set.task, training_set.examples)),
        "streams": repr(sets.full.streams),
    }
    return training_identity(facts, [view for clip in sets.full.features for view in clip.views])


class _Tuning:
    """The search on all clips, then those within outer folds."""

    def __init__(
        self, request: TuneRequest, sets: FeatureSets, journal: SearchJournal, listener: SearchListener
    ) -> None:
        self._request = request
        self._sets = sets
        self._journal = journal
        self._listener = listener
        self._identity = _identity(request, sets)
        self._folds = _outer_folds(request, sets.full.training_set)

    def run(self, budget: Budget) -> TuneResult:
        """Search, write the model, and measure."""
        request, options, journal = self._request, self._request.options, self._journal
        data = self._search_data()
        budget = Budget(budget.left_s - journal.spent_s, budget.now)
        parts = 1 + len(self._folds)
        self._listener.part_begun(0, parts, budget.left_s)
        everything = range(len(self._sets.full.features))
        found = self._search(0, data, everything).run(budget.part(parts), options.trials)
        clips = len(everything)
        named = name_model(found.model, request.output, clips, licence=options.licence, command=request.command)
        model = named.save(request.output)
        for number, fold in enumerate(self._folds, 1):
            if number not in journal.outer_folds:
                self._listener.part_begun(number, parts, budget.left_s)
                outcome = self._search(number, data, fold.train_indices).run(
                    budget.part(parts - number), options.trials
                )
                journal.add(self._measured(number, fold, outcome))
        done = journal.outer_folds
        nested = NestedFigures.of([done[number] for number in sorted(done)]) if self._folds else None
        journal.remove()
        scored = scored_trials(found.trials)
        metric = quality_metric(self._sets.full.training_set)
        return TuneResult(model, metric, found.trials, found.chosen, best_trial(scored), nested)

    def _search_data(self) -> SearchData:
        from vidlabel.training.search.cost import measure_streams  # at the start: a longer chain of imports
        from vidlabel.training.search.trial import SearchData

        sets, training_set = self._sets, self._sets.full.training_set
        space = SearchSpace(
            streams=sets.full.stream_names,
            rates=sets.rates,
            encoders=sets.encoders,
            whole=training_set.unlabelled is None,
        )
        costs = self._journal.costs
        if costs is None:
            costs = measure_streams(sets.full, sets.candidates)
            self._journal.add(SearchStart(identity=self._identity, costs=costs))
        options = self._request.options
        return SearchData(sets, space, costs, options.inner_folds, options.seed)

    def _search(self, part: int, data: SearchData, clips: range | tuple[int, ...]) -> Search:
        from vidlabel.training.search.search import Search  # at the start: a longer chain of imports

        return Search(part, data, clips, self._journal, self._identity, self._listener)

    def _measured(self, part: int, fold: Fold, outcome: SearchOutcome) -> OuterFoldScores:
        """Both models of an outer fold on the clips that none of its trials has seen."""
        sets, settings = self._sets, outcome.chosen.settings
        classes = evaluation_classes(sets.full, None)
        tuned = outcome.model.network
        own = sets.get(settings.encoder, settings.rate, tuned.spec.stream_names, self._listener)
        return OuterFoldScores(
            part,
            fold.test_indices,
            held_out_scores(tuned, own, fold.test_indices, classes),
            held_out_scores(outcome.defaults.network, sets.full, fold.test_indices, classes),
        )
