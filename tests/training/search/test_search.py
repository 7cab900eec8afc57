"""The search as a whole: what it chooses, the time it takes, and how it goes on after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from training.learnable import feature_dataset, order_clips
from training.search.trials import Clock, search_data, told_by_motion
from vidlabel.errors import AnnotationError, BudgetError
from vidlabel.training.dataset.feature_dataset import FeatureDataset, select_streams, subset
from vidlabel.training.features import FeatureListener
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.seeded_runs import SilentListener
from vidlabel.training.search.budget import Budget, OutOfTimeError
from vidlabel.training.search.feature_sets import kept_samples, thinned
from vidlabel.training.search.journal import SearchStart, open_journal
from vidlabel.training.search.listeners import EndingListener
from vidlabel.training.search.search import Search, SearchOutcome
from vidlabel.training.search.settings import TrialSettings
from vidlabel.training.search.trial import SearchData, TrialRunner
from vidlabel.training.search.trial_record import TrialRecord


class Spy(SilentListener):
    """Records trials, and goes on with a clock by so many seconds an epoch."""

    def __init__(self, clock: Clock | None = None, epoch_s: float = 0.0, stop_at: int | None = None) -> None:
        self._clock, self._epoch_s, self._stop_at = clock, epoch_s, stop_at
        self.begun_trials: list[int] = []
        self.records: list[TrialRecord] = []

    def epoch_done(self, run: str, figures: EpochFigures) -> None:  # noqa: ARG002
        if self._clock is not None:
            self._clock.now_s += self._epoch_s

    def part_begun(self, part: int, parts: int, left_s: float) -> None: ...

    def trial_begun(self, number: int, settings: TrialSettings, left_s: float) -> None:  # noqa: ARG002
        if number == self._stop_at:
            raise KeyboardInterrupt
        self.begun_trials.append(number)

    def trial_ended(self, record: TrialRecord, left_s: float) -> None:  # noqa: ARG002
        self.records.append(record)

    def final_begun(self, number: int) -> None: ...

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None: ...

    def ended(self, name: str, failure: str | None) -> None: ...

    def warn(self, text: str) -> None: ...


def run(
    data: SearchData, folder: Path, spy: Spy, budget: Budget | None = None, trials: int | None = None
) -> SearchOutcome:
    clips = range(len(data.sets.full.features))
    with open_journal(folder / "best.safetensors", "same") as journal:
        if journal.costs is None:
            journal.add(SearchStart(identity="same", costs=data.costs))
        return Search(0, data, clips, journal, "same", spy).run(budget or Budget(3600.0), trials)


def test_the_stream_that_tells_the_label_is_chosen(tmp_path: Path) -> None:
    found = run(search_data(told_by_motion()), tmp_path, Spy(), trials=5)
    assert found.chosen.settings.streams == ("motion",)
    assert found.model.network.spec.stream_names == ("motion",)
    assert found.chosen.cost.parameters == sum(
        array.size for head in found.model.network.heads for array in head.parameters.values()
    ) + sum(own.mean.size + own.components.size for own in found.model.network.projections)
    assert [one.number for one in found.trials] == [0, 1, 2, 3, 4]


def test_where_order_tells_the_label_recurrence_wins() -> None:
    data = search_data(feature_dataset(order_clips(48), ("blue first", "red first")))
    runner = TrialRunner(data, range(48))
    base = {"streams": ("frames",), "rate": 4.0, "encoder": "efficientnet-lite0"}
    values = []
    for settings in (
        TrialSettings(**base, head="gru", hidden=16, epochs=40),  # type: ignore[arg-type]
        TrialSettings(**base, head="mean", epochs=40),  # type: ignore[arg-type]
    ):
        outcome = runner.try_settings(settings, EndingListener(Spy(), lambda: None), lambda *_: None)
        assert outcome.quality is not None
        values.append(outcome.quality.value)
    assert values[0] > values[1] + 0.1


def test_the_time_is_kept_and_the_model_gets_its_share(tmp_path: Path) -> None:
    clock = Clock()
    spy = Spy(clock, epoch_s=10.0)
    data = search_data(select_streams(told_by_motion(), ("motion",)))
    full = run(data, tmp_path / "all", Spy(clock, epoch_s=10.0), Budget(1e6, clock), trials=1)
    began = clock.now_s
    needed = full.trials[0].seconds
    found = run(data, tmp_path / "some", spy, Budget(needed + 800, clock))
    taken = clock.now_s - began
    assert len(found.trials) > 1
    assert taken <= needed + 800
    assert found.trials[-1].state in ("complete", "pruned", "stopped")


def test_time_for_features_is_not_taken_for_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, data = Clock(), search_data(select_streams(told_by_motion(), ("motion",)))
    get = data.sets.get

    def slow(encoder: str, rate: float, streams: Sequence[str], listener: FeatureListener) -> FeatureDataset:
        """Features take 500 s, as those of people at another rate do."""
        clock.now_s += 500.0
        return get(encoder, rate, streams, listener)

    monkeypatch.setattr(data.sets, "get", slow)
    found = run(data, tmp_path, Spy(clock, epoch_s=0.01), Budget(1000.0, clock), trials=2)
    assert found.trials[1].state == "complete"
    assert found.trials[1].seconds > 500
    assert found.trials[1].final_seconds < 10


def test_too_little_time_for_the_defaults_says_how_long_they_take(tmp_path: Path) -> None:
    clock = Clock()
    with pytest.raises(BudgetError, match=r"no time for a single trial: .* about [0-9.]+ minutes"):
        run(search_data(told_by_motion()), tmp_path / "a", Spy(clock, epoch_s=60.0), Budget(1500.0, clock))
    with pytest.raises(BudgetError, match="no time for a single trial; give more"):  # after few epochs it is not known
        run(search_data(told_by_motion()), tmp_path / "b", Spy(clock, epoch_s=60.0), Budget(300.0, clock))


def test_a_search_that_was_ended_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    data = search_data(select_streams(told_by_motion(), ("motion",)))
    whole = run(data, tmp_path / "whole", Spy(), trials=4)
    with pytest.raises(KeyboardInterrupt):
        run(data, tmp_path / "cut", Spy(stop_at=3), trials=4)
    spy = Spy()
    resumed = run(data, tmp_path / "cut", spy, trials=4)
    assert spy.begun_trials == [3]
    assert [one.settings for one in resumed.trials] == [one.settings for one in whole.trials]
    assert [one.quality for one in resumed.trials] == [one.quality for one in whole.trials]
    assert resumed.chosen.number == whole.chosen.number


def test_one_group_leaves_nothing_to_choose_by(tmp_path: Path) -> None:
    data = search_data(subset(told_by_motion(), [0, 1]))
    with pytest.raises(AnnotationError, match="too few groups"):
        run(data, tmp_path, Spy())


def test_no_time_is_left_at_the_end() -> None:
    clock = Clock()
    budget = Budget(10.0, clock)
    clock.now_s += 4
    assert budget.left_s == 6
    assert budget.part(3).left_s == 2
    budget.check(5.9)
    with pytest.raises(OutOfTimeError):
        budget.check(6.0)
    clock.now_s += 100
    assert budget.left_s == 0


def test_lower_rates_are_thinned_by_the_rule_of_sampling() -> None:
    # Frames at 30 a second: samples are the first frames at or after multiples of 1/8 s.
    frames = np.arange(90) / 30

    def first_at_or_after(rate: float) -> list[float]:
        return sorted({float(frames[np.searchsorted(frames, k / rate - 1e-9)]) for k in range(int(2.9 * rate))})

    eight = np.array(first_at_or_after(8.0))
    four = eight[kept_samples(eight, 4.0)]
    assert [time for time in four.tolist() if time < 2.5] == [t for t in first_at_or_after(4.0) if t < 2.5]


def test_thinning_keeps_views_and_ends() -> None:
    dataset = told_by_motion(2)
    half = thinned(dataset, 2.0)
    for clip, thin in zip(dataset.features, half.features, strict=True):
        assert thin.times.tolist() == clip.times[::2].tolist()
        assert np.array_equal(thin.views[0], clip.views[0][::2])
        assert thin.end_s == clip.end_s
