"""Labels that one of two streams tells, the other one, or only both together; videos that lack one of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from training.learnable import FACTS, clip
from vidlabel.heads.scoring import score_clip
from vidlabel.stream_spec import EncoderInfo, StreamSpec
from vidlabel.training.dataset.examples import Example, TrainingSet
from vidlabel.training.dataset.feature_dataset import (
    AvailableFeatures,
    ExampleFeatures,
    FeatureDataset,
    select_streams,
)
from vidlabel.training.fitting.fit import FittedModel, fit
from vidlabel.training.options import TrainOptions

pytestmark = pytest.mark.usefixtures("short_windows")

SIZE = 4
Teller = Literal["seen", "heard", "both"]
QUICK = TrainOptions(head="gru", hidden=8, folds=2, epochs=12, learning_rate=0.03)


def told_by(teller: Teller, count: int, seed: int = 0) -> FeatureDataset:
    """Clips of two streams; `both`: the label is yes where exactly one of them is high."""
    generator = np.random.default_rng(seed)
    clips: list[tuple[Example, ExampleFeatures]] = []
    for number in range(count):
        high = {"seen": number % 2, "heard": number // 2 % 2}
        values = generator.normal(0, 0.3, (12, 2 * SIZE)).astype(np.float32)
        values[:, 0] += 2 * high["seen"] - 1
        values[:, SIZE] += 2 * high["heard"] - 1
        label = high["seen"] ^ high["heard"] if teller == "both" else high[teller]
        clips.append(clip(values, ("no", "yes")[label], number=number))
    training_set = TrainingSet(tuple(example for example, _ in clips), ("no", "yes"), "single", None, None)
    streams = tuple(
        StreamSpec(name=name, size=SIZE, encoder=EncoderInfo(name=name, sha256="ab" * 32)) for name in ("seen", "heard")
    )
    return FeatureDataset(training_set, tuple(features for _, features in clips), streams)


def lacking(dataset: FeatureDataset, stream: str, clips: range) -> FeatureDataset:
    """The same, where some clips do not have a stream; nobody may look at what stands in its place."""
    features = list(dataset.features)
    for number in clips:
        values = features[number].views[0].copy()
        values[:, dataset.columns[stream]] = 1e6
        features[number] = replace(features[number], views=(values,), missing=frozenset({stream}))
    return replace(dataset, features=tuple(features))


def right_share(fitted: FittedModel, dataset: FeatureDataset) -> float:
    """Of new clips that are given the right label."""
    spec = fitted.network.spec
    own = select_streams(dataset, spec.stream_names)
    right = 0
    for example, features in zip(own.training_set.examples, own.features, strict=True):
        found = AvailableFeatures.of(features, own.streams)
        scores = score_clip(fitted.network, found.values, found.streams)
        right += spec.labels[int(scores[:2].argmax())] == example.clip_labels[0]
    return right / len(own.features)


@pytest.mark.parametrize(("teller", "other"), [("seen", "heard"), ("heard", "seen")])
def test_a_label_in_one_stream_is_learnt_from_that_one(teller: Teller, other: str) -> None:
    fitted = fit(told_by(teller, 32), FACTS, QUICK)
    assert right_share(fitted, told_by(teller, 40, seed=9)) >= 0.95
    assert fitted.validation is not None
    alone = fitted.validation.stream_accuracies
    assert alone[teller] >= 0.95
    assert alone[other] <= 0.75
    assert fitted.network.spec.metrics["validation"]["streams"].keys() == {"seen", "heard"}  # type: ignore[index]


@pytest.mark.slow
def test_a_label_that_needs_both_streams_is_learnt_from_both() -> None:
    fitted = fit(told_by("both", 64), FACTS, replace(QUICK, epochs=30))
    assert right_share(fitted, told_by("both", 40, seed=9)) >= 0.95
    assert fitted.validation is not None
    assert max(fitted.validation.stream_accuracies.values()) <= 0.7  # chance
    assert fitted.network.spec.stream_names == ("seen", "heard")


def test_a_stream_that_is_removed_leaves_the_labels_of_the_other() -> None:
    """Both streams are asked for, and half of the clips to learn from lack sound."""
    clips = lacking(told_by("seen", 32), "heard", range(16, 32))
    fitted = fit(clips, FACTS, replace(QUICK, folds=0, epochs=20))
    assert fitted.network.spec.stream_names == ("seen", "heard")
    tested = told_by("seen", 40, seed=9)
    assert right_share(fitted, tested) >= 0.95
    assert right_share(fitted, lacking(tested, "heard", range(40))) >= 0.95
    assert right_share(fitted, lacking(tested, "seen", range(40))) <= 0.75  # it says something, and cannot know
