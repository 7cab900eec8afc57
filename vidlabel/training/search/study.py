"""Which settings are tried next, and which trials are not worth finishing: optuna, told about all trials so far.

The same trials lead to the same next one, whether they ran now or before an interruption: the sampler of each trial
has a seed of its own.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from vidlabel.training.search.settings import SearchSpace, TrialSettings, draw, parameters_of
from vidlabel.training.search.trial_record import TrialRecord

if TYPE_CHECKING:
    from optuna import Trial

DRAWN_AT_RANDOM = 10
"""Trials before the sampler models which settings are good; starting points count."""
KEPT_PERCENT = 67.0
"""Of the trials so far, those that were as good after as many folds go on: small models may be a little worse."""
WARM_UP_TRIALS = 3
WARM_UP_FOLDS = 1
"""That no trial is pruned after: the first folds of few groups tell little."""


class TrialStudy:
    """Draws trials one after the other.

    Args:
        space: what there is to choose among.
        seed: of the search.
    """

    def __init__(self, space: SearchSpace, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._space = space
        self._seed = seed
        pruner = optuna.pruners.PercentilePruner(
            KEPT_PERCENT, n_startup_trials=WARM_UP_TRIALS, n_warmup_steps=WARM_UP_FOLDS
        )
        self._study = optuna.create_study(direction="maximize", pruner=pruner)
        self._running: Trial | None = None

    def add(self, record: TrialRecord) -> None:
        """Take a trial that has ended, or was drawn before an interruption, into account."""
        import optuna

        if self._running is not None:
            self._study.tell(self._running, state=optuna.trial.TrialState.FAIL)
            self._running = None
        parameters = dict(parameters_of(record.settings, self._space))
        fixed = optuna.trial.FixedTrial(parameters)
        draw(self._space, fixed)
        complete = record.quality is not None
        state = optuna.trial.TrialState.COMPLETE if complete else optuna.trial.TrialState.PRUNED
        if record.state in ("stopped", "failed"):
            state = optuna.trial.TrialState.FAIL
        self._study.add_trial(
            optuna.trial.create_trial(
                state=state,
                value=record.quality.value if record.quality is not None else None,
                params={name: parameters[name] for name in fixed.distributions},
                distributions=fixed.distributions,
                intermediate_values=dict(enumerate(record.fold_values)),
            )
        )

    def next_settings(self, number: int) -> TrialSettings:
        """The settings of a trial: a starting point, or drawn.

        Args:
            number: of the trial, from 1 on.
        """
        import optuna

        digest = hashlib.sha256(f"{self._seed}/{number}".encode()).digest()
        self._study.sampler = optuna.samplers.TPESampler(
            seed=int.from_bytes(digest[:4], "little"), n_startup_trials=DRAWN_AT_RANDOM
        )
        starting = self._space.starting_points
        if number <= len(starting):
            self._study.enqueue_trial(dict(parameters_of(starting[number - 1], self._space)))
        self._running = self._study.ask()
        return draw(self._space, self._running)

    def is_behind(self, folds: int, value: float) -> bool:
        """Whether the trial that was drawn last is not worth finishing, by its quality over the first folds."""
        if self._running is None:
            raise ValueError("no trial was drawn")
        self._running.report(value, folds - 1)
        return self._running.should_prune()
