"""Which settings come next."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest

from training.search.trials import SPACE, record
from vidlabel.training.search.settings import MOST_SUBSETS, SearchSpace, TrialSettings, draw, parameters_of
from vidlabel.training.search.study import DRAWN_AT_RANDOM, TrialStudy
from vidlabel.training.search.trial_record import TrialRecord


def drawn(trials: int) -> list[TrialRecord]:
    """The records of a search without interruption."""
    study, records = TrialStudy(SPACE, seed=3), [record(0)]
    study.add(records[0])
    for number in range(1, trials):
        settings = study.next_settings(number)
        value = None if number % 4 == 3 else 0.5 + (settings.hidden % 7) / 20
        records.append(replace(record(number, value, "complete" if value else "pruned"), settings=settings))
        study.add(records[-1])
    return records


def test_an_interruption_changes_no_settings() -> None:
    records = drawn(DRAWN_AT_RANDOM + 4)
    resumed = TrialStudy(SPACE, seed=3)
    for one in records[:-1]:
        resumed.add(one)
    assert resumed.next_settings(len(records) - 1) == records[-1].settings
    assert records[-1].settings != TrialStudy(SPACE, seed=4).next_settings(len(records) - 1)


def test_small_models_are_tried_first() -> None:
    settings = [one.settings for one in drawn(6)]
    assert settings[0] == SPACE.defaults
    assert [one.streams for one in settings[1:5]] == [("frames",), ("motion",)] * 2
    assert [one.head for one in settings[1:6]] == ["gru", "gru", "mean", "mean", "gru"]


@pytest.mark.parametrize("whole", [True, False])
def test_settings_survive_as_parameters(whole: bool) -> None:
    space = replace(SPACE, whole=whole)
    for settings in (
        *space.starting_points,
        replace(space.starting_points[0], head="rnn", activation="relu", rate=4.0),
    ):
        fixed = optuna.trial.FixedTrial(dict(parameters_of(settings, space)))
        assert draw(space, fixed).options(1, 2) == explicit(settings).options(1, 2)


def explicit(settings: TrialSettings) -> TrialSettings:
    """What is None by default, spelt out."""
    if settings.head == "mean":
        return settings
    options = settings.options(0, 0)
    return replace(settings, bidirectional=options.looks_ahead, members=options.recurrent_members)


def test_what_lies_behind_after_some_folds_is_not_finished() -> None:
    study = TrialStudy(SPACE, seed=0)
    for number, value in enumerate((0.9, 0.8, 0.85)):
        study.add(record(number, value))
    study.next_settings(3)
    assert not study.is_behind(1, 0.1)  # one fold tells too little
    assert study.is_behind(2, 0.2)
    study.add(record(3, None, "pruned"))
    study.next_settings(4)
    assert not study.is_behind(2, 0.84)


def test_many_streams_are_not_tried_in_all_combinations() -> None:
    names = tuple("abcdefg")
    subsets = SearchSpace(streams=names, rates=(8.0,), encoders=("",), whole=True).subsets
    assert (len(subsets), subsets[0], subsets[-1]) == (MOST_SUBSETS, ("a",), names)
