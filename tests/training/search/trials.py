"""Trials and searches that are quick to make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.learnable import FACTS, WIDTH, clip, feature_dataset
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.search.feature_sets import FeatureSets
from vidlabel.training.search.model_cost import FREE, ModelCost
from vidlabel.training.search.quality import Quality
from vidlabel.training.search.settings import SearchSpace, TrialSettings
from vidlabel.training.search.trial import SearchData
from vidlabel.training.search.trial_record import ScoredTrial, TrialRecord, TrialState

SPACE = SearchSpace(streams=("frames", "motion"), rates=(8.0, 4.0), encoders=("efficientnet-lite0",), whole=True)
SETTINGS = SPACE.defaults


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def scored(
    number: int, value: float, error: float = 0.0, parameters: int = 100, streams_cpu: float = 0.0
) -> ScoredTrial:
    return ScoredTrial(number, SETTINGS, Quality(value, error), ModelCost(parameters, streams_cpu, 0.001), 1.0)


def record(
    number: int,
    value: float | None = 0.5,
    state: TrialState = "complete",
    settings: TrialSettings = SETTINGS,
    part: int = 0,
) -> TrialRecord:
    """A trial that ended."""
    complete = value is not None
    return TrialRecord(
        part=part,
        number=number,
        settings=settings,
        state=state,
        fold_values=(0.4, 0.5) if value is None else (value, value),
        quality=Quality(value, 0.1) if value is not None else None,
        cost=ModelCost(100, 0.5, 0.001) if complete else None,
        seconds=2.0,
        training_seconds=1.0,
        epochs=10,
        final_epochs=30,
    )


def told_by_motion(clips: int = 16) -> FeatureDataset:
    """Clips of two streams: `frames` is noise, `motion` tells the label; two clips make a group."""
    found = []
    for number in range(clips):
        values = np.random.default_rng(number).normal(0, 0.3, (12, 2 * WIDTH)).astype(np.float32)
        values[:, WIDTH + number % 2] += 2
        example, features = clip(values, ("left", "right")[number % 2], number=number)
        found.append((replace(example, group=f"g{number // 2}"), features))
    return feature_dataset(found, ("left", "right"), streams=("frames", "motion"))


def search_data(dataset: FeatureDataset, folds: int = 2) -> SearchData:
    """A search at the rate of the features alone."""
    whole = dataset.training_set.unlabelled is None
    space = SearchSpace(
        streams=dataset.stream_names, rates=(FACTS.rate,), encoders=("efficientnet-lite0",), whole=whole
    )
    return SearchData(FeatureSets(dataset, FACTS, [FeatureOptions()]), space, FREE, folds, seed=0)
