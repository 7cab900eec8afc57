"""What a model says about itself: counts by hand, and what it was trained with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.learnable import FACTS, clip, gathered
from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.feature_file import FeatureKind
from vidlabel.features.provenance import FeatureSettings
from vidlabel.heads.config import MemberSpec
from vidlabel.heads.spec import ModelSpec
from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.model_builder import UNKNOWN_ENCODER, build_spec, facts_of_files, facts_of_recipe
from vidlabel.training.fitting.plans import TaskShape, background_plans, label_plans
from vidlabel.training.fitting.thresholds import DecisionRule
from vidlabel.training.fitting.validation import Validation
from vidlabel.training.options import TrainOptions

OPTIONS = TrainOptions(hidden=3, members=1)
PROBLEM = TaskShape(inputs=6, classes=2, whole=True, updates=3)
LABELS = [plan.member(0.5, 1.0) for plan in label_plans(OPTIONS, PROBLEM)]
BACKGROUND = [plan.member(1.0, 1.0) for plan in background_plans(OPTIONS, PROBLEM)]
NOTHING = np.zeros((1, 2), np.float32)
VALIDATION = Validation(2, (0,), (1,), NOTHING, NOTHING, np.ones(1, np.float32), 0.87654, 0.5, 0.33333, 0.01239)


def five_clips(streams: tuple[str, ...] = ("frames",)) -> FeatureDataset:
    """Two groups (four clips make one), 3.25 s in all."""
    names = ("blue", "red", "red", "red", "blue")
    clips = [clip(np.zeros((2 + n % 2 + n // 4, 6), np.float32), name, number=n) for n, name in enumerate(names)]
    odd = [(example, replace(own, decoder="pyav: open GOP")) for example, own in clips[:2]]
    return gathered([*odd, *clips[2:]], ("blue", "red"), streams=streams)


def spec_of(clips: FeatureDataset, members: list[MemberSpec], validation: Validation | None = None) -> ModelSpec:
    history = {"recurrent-0": (EpochFigures(0.1234567, 0.5), EpochFigures(0.1, 1.0, 0.2))}
    decisions = DecisionRule((0.4, 0.3), (1.0, 0.5))
    return build_spec(clips, FACTS, OPTIONS, members, decisions, 3.5, validation, history)


def test_clips_groups_seconds_and_labels_are_counted() -> None:
    spec = spec_of(five_clips(), LABELS)
    assert spec.data == {"clips": 5, "groups": 2, "seconds": 3.25, "clips_of_label": {"blue": 2, "red": 3}}
    assert (spec.labels, spec.background, spec.thresholds) == (("blue", "red"), None, (0.4, 0.3))
    assert (spec.rate, spec.encoder, spec.feature_size, spec.window_s) == (4.0, FACTS.encoder, 6, 3.5)
    assert spec.decoder == "decord"  # of three clips against two
    assert spec.metrics == {}


def test_background_that_was_learnt_without_examples_stands_last() -> None:
    spec = spec_of(five_clips(), LABELS + BACKGROUND)
    assert (spec.labels, spec.background) == (("blue", "red", "background"), 2)
    assert (spec.thresholds, spec.minimum_durations_s) == ((0.4, 0.3, 0.0), (1.0, 0.5, 0.0))


def test_figures_and_history_are_rounded() -> None:
    spec = spec_of(five_clips(), LABELS, VALIDATION)
    assert spec.metrics["validation"] == {
        "split": "2 folds by group, of the clips that were trained on afterwards",
        "accuracy": 0.8765,
        "calibration_error": 0.0124,
        "baselines": {"mean": 0.5, "majority": 0.3333},
    }
    history = spec.training["history"]
    assert history == {
        "recurrent-0": {
            "loss": [0.12346, 0.1],
            "accuracy": [0.5, 1.0],
            "validation_loss": [None, 0.2],
            "validation_accuracy": [None, None],
        }
    }
    assert ModelSpec.from_json(spec.to_json()).metrics == spec.metrics


@pytest.mark.parametrize(
    ("streams", "lag_s"), [(("frames", "motion"), 0.1), (("motion",), 0.1), (("frames",), None), (("features",), None)]
)
def test_only_motion_has_a_lag(streams: tuple[str, ...], lag_s: float | None) -> None:
    spec = spec_of(five_clips(streams), LABELS)
    assert (spec.streams, spec.lag_s) == (streams, lag_s)


def test_sizes_of_streams_are_those_that_were_learnt_from() -> None:
    clips = five_clips(("frames", "motion"))
    assert spec_of(clips, LABELS).stream_sizes is None
    unlike = replace(clips, features=tuple(replace(own, stream_sizes=(5, 1)) for own in clips.features))
    assert spec_of(unlike, LABELS).columns == {"frames": slice(0, 5), "motion": slice(5, 6)}


def test_a_stream_that_is_not_known_is_refused() -> None:
    with pytest.raises(UsageError, match="frames, smell"):
        spec_of(five_clips(("frames", "smell")), LABELS)


def test_facts_of_videos_come_from_the_recipe() -> None:
    facts = facts_of_recipe(FeatureConfig(rate=3.0, short_side=96, lag_s=0.2))
    assert (facts.rate, facts.lag_s, facts.preprocessing.short_side, facts.preprocessing.crop) == (3, 0.2, 96, "centre")
    assert facts.encoder.name == "efficientnet-lite0"


def test_facts_of_files_are_what_they_say() -> None:
    clips = five_clips()
    settings = FeatureSettings(
        rate=5.0,
        streams=("frames",),
        encoder="efficientnet-lite0",
        encoder_sha256="cd" * 32,
        short_side=112,
        view="whole",
        lag_s=None,
        decoder="auto",
    )

    def of(kind: FeatureKind | None) -> FeatureDataset:
        return replace(clips, training_set=replace(clips.training_set, features=kind))

    told = facts_of_files(of(FeatureKind(6, 5.0, settings)))
    assert (told.rate, told.encoder.sha256, told.preprocessing.short_side) == (5.0, "cd" * 32, 112)
    assert told.preprocessing.crop == "none"
    unknown = facts_of_files(of(FeatureKind(6, 2.5, None)))
    assert (unknown.rate, unknown.encoder, unknown.lag_s) == (2.5, UNKNOWN_ENCODER, None)
    with pytest.raises(ValueError, match="videos"):
        facts_of_files(of(None))
