"""The one-standard-error rule on numbers made by hand."""

from __future__ import annotations

import pytest

from training.search.trials import record, scored
from vidlabel.training.search.selection import best_trial, choose_trial, scored_trials
from vidlabel.training.search.trial_record import ScoredTrial

DEFAULTS = scored(0, 0.50, parameters=5000)
LARGE = scored(1, 0.90, 0.03, parameters=9000)
CLOSE = scored(2, 0.875, 0.01, parameters=500)
FAR = scored(3, 0.86, 0.05, parameters=10)


@pytest.mark.parametrize("trials", [[DEFAULTS, LARGE, CLOSE, FAR], [FAR, CLOSE, LARGE, DEFAULTS]])
def test_the_smallest_within_one_error_of_the_best_is_chosen(trials: list[ScoredTrial]) -> None:
    assert best_trial(trials) == LARGE
    assert choose_trial(trials) == CLOSE  # 0.90 - 0.03 = 0.87; the error of others does not count


def test_what_lies_exactly_one_error_below_is_close_enough() -> None:
    assert choose_trial([DEFAULTS, LARGE, scored(4, 0.87, parameters=1)]).number == 4


@pytest.mark.parametrize(
    ("defaults", "chosen"), [(0.86, 2), (0.875, 2), (0.88, 0), (0.90, 0)], ids=["far below", "equal", "above", "best"]
)
def test_nothing_lower_than_the_defaults_replaces_them(defaults: float, chosen: int) -> None:
    assert choose_trial([scored(0, defaults, 0.03, parameters=5000), LARGE, CLOSE]).number == chosen


def test_streams_that_cost_less_come_before_fewer_parameters() -> None:
    cheap = scored(5, 0.88, parameters=20_000, streams_cpu=0.1)
    assert choose_trial([DEFAULTS, scored(1, 0.9, 0.03, streams_cpu=0.2), cheap]) == cheap


def test_of_equals_the_better_and_then_the_earlier_is_chosen() -> None:
    assert choose_trial([DEFAULTS, scored(2, 0.9), scored(1, 0.9)]).number == 1
    assert best_trial([scored(2, 0.9, parameters=9), scored(1, 0.9, parameters=10)]).number == 2


def test_trials_that_are_not_complete_are_never_chosen() -> None:
    records = [record(0), record(1, None, "pruned"), record(2, None, "stopped"), record(3, None, "failed")]
    assert [trial.number for trial in scored_trials(records)] == [0]
