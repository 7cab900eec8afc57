"""Which trial a search chooses: the smallest model within one standard error of the best that loses nothing.

One standard error of few groups may be several percent of the clips: a rule that gives away so much for a smaller
model would make tuned models worse than those of `train`.
"""

from __future__ import annotations

from collections.abc import Sequence

from vidlabel.training.search.trial_record import ScoredTrial, TrialRecord

_ROUNDING = 1e-9


def scored_trials(records: Sequence[TrialRecord]) -> list[ScoredTrial]:
    """The trials that were neither pruned nor stopped."""
    return [found for record in records if (found := record.scored()) is not None]


def best_trial(trials: Sequence[ScoredTrial]) -> ScoredTrial:
    """The trial of the highest quality; of equals the smallest."""
    return max(trials, key=lambda trial: (trial.quality.value, *(-part for part in size_of(trial))))


def choose_trial(trials: Sequence[ScoredTrial]) -> ScoredTrial:
    """The smallest model within one standard error of the best (Breiman et al., 1984), and no lower than the defaults.

    Args:
        trials: scored on the same clips; trial 0, the defaults, is among them.
    """
    enough = sufficient_value(trials) - _ROUNDING
    close = [trial for trial in trials if trial.quality.value >= enough]
    return min(close, key=lambda trial: (*size_of(trial), -trial.quality.value))


def sufficient_value(trials: Sequence[ScoredTrial]) -> float:
    """The quality from which on a trial may be chosen: one standard error below the best, or that of the defaults."""
    best = best_trial(trials).quality
    defaults = next(trial.quality for trial in trials if trial.number == 0)
    return max(best.value - best.standard_error, defaults.value)


def size_of(trial: ScoredTrial) -> tuple[float, int, int]:
    """What models are compared by: what their streams cost, then parameters; the earlier trial of equals.

    The CPU that the heads themselves take is no part of it: it is small, and measured anew it differs.
    """
    return trial.cost.streams_cpu, trial.cost.parameters, trial.number
