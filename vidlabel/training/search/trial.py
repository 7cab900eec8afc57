"""One trial: the defaults of `train` as they are, or other settings in cross-validation by group."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vidlabel.errors import AnnotationError, InputError
from vidlabel.training.dataset.feature_dataset import FeatureDataset, FeatureFacts
from vidlabel.training.fitting.calibration import HeldOutLogits
from vidlabel.training.fitting.candidate import Candidate
from vidlabel.training.fitting.checkpoint import Checkpoints
from vidlabel.training.fitting.fit import FittedModel, fit
from vidlabel.training.fitting.mixture import Mixture
from vidlabel.training.search.budget import OutOfTimeError
from vidlabel.training.search.cost import network_cost
from vidlabel.training.search.feature_sets import FeatureSets, FoldedFeatures, fold_features
from vidlabel.training.search.listeners import EndingListener, SearchListener
from vidlabel.training.search.model_cost import ModelCost, StreamCosts
from vidlabel.training.search.quality import HeldOutScores, Quality, clip_scores, quality_of
from vidlabel.training.search.settings import SearchSpace, TrialSettings
from vidlabel.training.search.trial_record import TrialState


class TrialPrunedError(Exception):
    """A trial is not worth finishing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOutcome:
    """How a trial ended."""

    state: TrialState
    fold_values: tuple[float, ...]
    quality: Quality | None = None
    cost: ModelCost | None = None
    final_epochs: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SearchData:
    """What all parts of a search share."""

    sets: FeatureSets
    space: SearchSpace
    costs: StreamCosts
    folds: int
    """Of the cross-validation by group."""
    seed: int


class TrialRunner:
    """Runs trials on some clips; no other clip is looked at.

    Args:
        data: of all clips.
        clips: that may be learnt from.
    """

    def __init__(self, data: SearchData, clips: Sequence[int]) -> None:
        self._data = data
        self._clips = tuple(clips)
        self._folded: dict[tuple[FeatureDataset, bool], FoldedFeatures] = {}
        self.mirrored = data.sets.full.mirrored
        """Whether trials learn from mirrored pictures, too; the defaults have found out whether that spoils labels."""

    def whole(self) -> FoldedFeatures:
        """The features that the defaults learn from.

        Raises:
            AnnotationError: no group can be held out.
        """
        sets = self._data.sets
        folded = self._fold(sets.full, sets.facts, mirrored=sets.full.mirrored)
        if not folded.folds:
            problem = "there are too few groups to hold one out: nothing can be chosen by validation"
            raise AnnotationError("labels", problem, "label clips of other groups, too, or use vidlabel train")
        return folded

    def fit_defaults(self, listener: EndingListener | SearchListener, checkpoints: Checkpoints) -> FittedModel:
        """Train a model as `train` does without options; heads in the checkpoints are not trained anew."""
        folded, options = self.whole(), self._data.space.defaults.options(self._data.seed, self._data.folds)
        fitted = fit(folded.dataset, folded.facts, options, listener, checkpoints=checkpoints, memory=folded.memory)
        return finished(fitted)

    def outcome_of_defaults(self, fitted: FittedModel) -> TrialOutcome:
        """The trial that training the defaults was."""
        folded = self.whole()
        assert fitted.validation is not None
        held_out = HeldOutScores.of_validation(fitted.validation)
        clips, scores = 0, []
        for inner in folded.folds:
            clips += len(inner.fold.test_indices)
            scores.append(quality_of(clip_scores(folded.dataset, held_out.first(clips))))
        cost = network_cost(fitted.network, self._data.costs, self._data.space.defaults.encoder)
        return TrialOutcome(
            state="complete", fold_values=tuple(own.value for own in scores), quality=scores[-1], cost=cost
        )

    def try_settings(
        self, settings: TrialSettings, ending: EndingListener, after_fold: Callable[[Candidate, int, float], None]
    ) -> TrialOutcome:
        """Cross-validate heads with some settings.

        Args:
            settings: of the trial.
            ending: receives progress, and ends the trial when the time is over.
            after_fold: called with the number of folds so far and the quality over them, before the last fold.
        """
        values: list[float] = []
        try:
            candidate = self.candidate(settings, ending)

            def score(found: HeldOutLogits, mixture: Mixture) -> None:
                values.append(self._quality(candidate, found, mixture).value)
                if len(values) < len(candidate.folds):
                    after_fold(candidate, len(values), values[-1])

            quality = self._quality(candidate, *candidate.cross_validate(ending, score))
            cost = network_cost(candidate.untrained_network(), self._data.costs, settings.encoder)
        except TrialPrunedError:
            return TrialOutcome(state="pruned", fold_values=tuple(values))
        except OutOfTimeError:
            return TrialOutcome(state="stopped", fold_values=tuple(values))
        except InputError as error:
            ending.warn(f"a trial is left out: {error}")
            return TrialOutcome(state="failed", fold_values=tuple(values))
        return TrialOutcome(
            state="complete",
            fold_values=tuple(values),
            quality=quality,
            cost=cost,
            final_epochs=candidate.final_epochs,
        )

    def train(self, settings: TrialSettings, listener: SearchListener, checkpoints: Checkpoints) -> FittedModel:
        """Train the model of a trial on all clips."""
        found = self.candidate(settings, EndingListener(listener, lambda: None))
        return finished(
            fit(found.dataset, found.facts, found.options, listener, checkpoints=checkpoints, fusion="early")
        )

    def candidate(self, settings: TrialSettings, listener: EndingListener) -> Candidate:
        """The heads of a trial."""
        streams = settings.streams or self._data.space.streams
        dataset = self._data.sets.get(settings.encoder, settings.rate, streams, listener)
        facts = self._data.sets.facts_of(settings.encoder, settings.rate)
        folded = self._fold(dataset, facts, mirrored=self.mirrored).select(streams)
        options = settings.options(self._data.seed, self._data.folds)
        return Candidate(folded.dataset, folded.facts, options, folded.whitening, folded.folds)

    def _fold(self, dataset: FeatureDataset, facts: FeatureFacts, *, mirrored: bool) -> FoldedFeatures:
        key = dataset, mirrored
        if key not in self._folded:
            options = self._data.space.defaults.options(self._data.seed, self._data.folds)
            self._folded[key] = fold_features(dataset, facts, self._clips, options, mirrored=mirrored)
        return self._folded[key]

    @staticmethod
    def _quality(candidate: Candidate, found: HeldOutLogits, mixture: Mixture) -> Quality:
        task = candidate.dataset.training_set.task
        return quality_of(clip_scores(candidate.dataset, HeldOutScores.of_logits(found, mixture, task)))


def finished(fitted: FittedModel) -> FittedModel:
    """A model that was trained to its end.

    Raises:
        KeyboardInterrupt: `fit` was ended, and gave the best that there was.
    """
    if fitted.interrupted:
        raise KeyboardInterrupt
    return fitted
