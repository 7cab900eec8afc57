"""The search on some clips: the defaults of `train` first, then as many trials as there is time for, then the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidlabel.errors import BudgetError
from vidlabel.training.fitting.candidate import Candidate, default_epochs_of_fit
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.fit import FittedModel
from vidlabel.training.search.budget import Budget, OutOfTimeError
from vidlabel.training.search.journal import PartEnd, SearchJournal
from vidlabel.training.search.listeners import EndingListener, SearchListener
from vidlabel.training.search.selection import choose_trial, scored_trials
from vidlabel.training.search.settings import TrialSettings
from vidlabel.training.search.study import TrialStudy
from vidlabel.training.search.trial import SearchData, TrialOutcome, TrialPrunedError, TrialRunner
from vidlabel.training.search.trial_record import ScoredTrial, TrialRecord

SPARE = 1.2
"""What is reserved for training the model, in expected times: a busy machine may slow down."""
_LEAST_EPOCHS = 20
"""Below which no time is estimated: the first one takes seconds longer, since torch loads its optimisers."""


@dataclass(frozen=True, slots=True, eq=False)
class SearchOutcome:
    """What came out of a search."""

    trials: tuple[TrialRecord, ...]
    chosen: ScoredTrial
    model: FittedModel
    """With the settings that were chosen, trained on all clips of the search."""
    defaults: FittedModel
    """With those of `train`."""


class Search:
    """The search on some clips.

    Args:
        part: number of it in the journal.
        data: of all clips.
        clips: that may be learnt from.
        journal: keeps trials, and has those of an earlier run.
        identity: of the whole search, for heads that are kept while they are trained.
        listener: receives progress.
    """

    def __init__(
        self,
        part: int,
        data: SearchData,
        clips: Sequence[int],
        journal: SearchJournal,
        identity: str,
        listener: SearchListener,
    ) -> None:
        self._part = part
        self._data = data
        self._runner = TrialRunner(data, clips)
        self._study = TrialStudy(data.space, data.seed)
        self._journal = journal
        self._identity = identity
        self._listener = listener
        self._records: list[TrialRecord] = []

    def run(self, budget: Budget, trials: int | None) -> SearchOutcome:
        """Try, choose, train.

        Args:
            budget: of this part.
            trials: at most, the defaults included; None: as many as there is time for.

        Raises:
            BudgetError: there is not even time for the defaults.
            AnnotationError: no group can be held out.
            KeyboardInterrupt: it was ended; the trials so far are in the journal.
            VidlabelError: as `fit`.
        """
        self._records = self._journal.trials(self._part)
        defaults = self._try_defaults(budget)
        self._runner.mirrored = bool(defaults.network.spec.training.get("mirrored"))
        for record in self._records:
            self._study.add(record)
        if not self._journal.has_ended(self._part):
            while (trials is None or len(self._records) < trials) and self._has_time(budget):
                self._study.add(self._try(budget))
            self._journal.add(PartEnd(self._part))
        chosen = choose_trial(scored_trials(self._records))
        return SearchOutcome(tuple(self._records), chosen, self._train(chosen, defaults), defaults)

    def _try_defaults(self, budget: Budget) -> FittedModel:
        """The model of the defaults, with their trial in the journal: what is kept of it is not trained anew."""
        kept = self._checkpoints("defaults")
        if self._records:
            return self._runner.fit_defaults(self._listener, kept)
        settings = self._data.space.defaults
        self._listener.trial_begun(0, settings, budget.left_s)
        began_s, ending = budget.now(), EndingListener(self._listener, budget.check, budget.now)
        try:
            fitted = self._runner.fit_defaults(ending, kept)
        except OutOfTimeError:
            raise self._too_short(ending) from None
        outcome = self._runner.outcome_of_defaults(fitted)
        self._keep(settings, outcome, began_s, ending, budget)
        return fitted

    def _too_short(self, ending: EndingListener) -> BudgetError:
        problem, remedy = "there is no time for a single trial", "give more: heads that were trained are kept"
        if ending.epochs < _LEAST_EPOCHS:
            return BudgetError("--minutes", problem, remedy)
        folded, options = self._runner.whole(), self._data.space.defaults.options(self._data.seed, self._data.folds)
        expected = default_epochs_of_fit(folded.dataset, folded.facts, options, folded.whitening, len(folded.folds))
        minutes = ending.training_s * expected / ending.epochs / 60
        return BudgetError("--minutes", f"{problem}: the defaults of train take about {_minutes(minutes)} here", remedy)

    def _has_time(self, budget: Budget) -> bool:
        """Whether one more trial may begin, and come to its end."""
        tried = [record.seconds for record in self._records if record.number and record.state == "complete"]
        return budget.left_s > self._reserved_s() + min(tried, default=0.0)

    def _reserved_s(self) -> float:
        """What training the model takes that would be chosen now; the defaults are trained already."""
        chosen = choose_trial(scored_trials(self._records))
        return 0.0 if chosen.number == 0 else SPARE * chosen.final_seconds

    def _try(self, budget: Budget) -> TrialRecord:
        number, reserved_s = len(self._records), self._reserved_s()
        settings = self._study.next_settings(number)
        self._listener.trial_begun(number, settings, budget.left_s)
        began_s = budget.now()
        ending = EndingListener(self._listener, lambda: budget.check(reserved_s), budget.now)

        def after_fold(candidate: Candidate, folds: int, value: float) -> None:
            """End what is not worth finishing, and what could not be trained on everything any more."""
            if self._study.is_behind(folds, value):
                raise TrialPrunedError
            fold_s = ending.training_s / folds
            fold_epochs = max(1, ending.epochs) / folds
            training_s = SPARE * fold_s * candidate.final_epochs / fold_epochs
            budget.check(fold_s * (len(candidate.folds) - folds) + training_s)

        outcome = self._runner.try_settings(settings, ending, after_fold)
        return self._keep(settings, outcome, began_s, ending, budget)

    def _keep(
        self, settings: TrialSettings, outcome: TrialOutcome, began_s: float, ending: EndingListener, budget: Budget
    ) -> TrialRecord:
        record = TrialRecord(
            part=self._part,
            number=len(self._records),
            settings=settings,
            state=outcome.state,
            fold_values=outcome.fold_values,
            quality=outcome.quality,
            cost=outcome.cost,
            seconds=budget.now() - began_s,
            training_seconds=ending.training_s,
            epochs=ending.epochs,
            final_epochs=outcome.final_epochs,
        )
        self._journal.add(record)
        self._records.append(record)
        self._listener.trial_ended(record, budget.left_s)
        return record

    def _train(self, chosen: ScoredTrial, defaults: FittedModel) -> FittedModel:
        if chosen.number == 0:
            return defaults
        self._listener.final_begun(chosen.number)
        return self._runner.train(chosen.settings, self._listener, self._checkpoints(f"trial-{chosen.number}"))

    def _checkpoints(self, name: str) -> Checkpoints:
        own = f"part-{self._part}-{name}"
        return Checkpoints(self._journal.folder / own, f"{self._identity}/{own}")


def _minutes(minutes: float) -> str:
    return f"{minutes:.0f} minutes" if minutes >= 10 else f"{minutes:.1f} minutes"
