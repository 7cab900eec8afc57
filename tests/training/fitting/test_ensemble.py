"""From trained heads to a model: members, decision rules and description."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.learnable import FACTS, clip, coloured_clips, feature_dataset, picture_stream, timed_videos
from vidlabel.heads.config import MemberSpec
from vidlabel.heads.spec import ModelSpec
from vidlabel.stream_spec import EncoderInfo, StreamSpec
from vidlabel.training.dataset.feature_dataset import FeatureDataset
from vidlabel.training.fitting.calibration import Validation
from vidlabel.training.fitting.ensemble import (
    UNDECIDED,
    TrainedMember,
    build_spec,
    calibrated_members,
    decide,
    member_histories,
)
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.mixture import even_mixture
from vidlabel.training.fitting.plans import (
    TaskShape,
    background_plans,
    label_plans,
    new_background_members,
    new_members,
)
from vidlabel.training.fitting.thresholds import UNKNOWN_FOOTAGE, DecisionRule
from vidlabel.training.options import TrainOptions

PROBLEM = TaskShape(inputs=3, classes=2, whole=True, updates=10)
HISTORY = (EpochFigures(1.0, 0.5),)


def trained() -> list[TrainedMember]:
    options = TrainOptions(hidden=2, members=3)
    members = [*new_members(options, PROBLEM), *new_background_members(options, PROBLEM)]
    return [TrainedMember(member.plan, member.build(), HISTORY) for member in members]


def test_without_clips_held_out_kinds_share_evenly() -> None:
    heads = trained()
    assert [one.plan.kind for one in heads] == ["recurrent"] * 3 + ["linear"] + ["background"] * 3
    assert [one.knows_background for one in heads] == [False] * 4 + [True] * 3
    members = calibrated_members(heads, even_mixture(["recurrent", "linear"]))
    assert [member.weight for member in members] == pytest.approx([1 / 6] * 3 + [1 / 2] + [1 / 3] * 3)
    assert {member.temperature for member in members} == {1.0}


def test_without_clips_held_out_thresholds_are_those_that_need_none() -> None:
    clips = feature_dataset(coloured_clips(4), ("blue", "red"))
    assert decide(clips, None, knows_background=True).thresholds == (UNKNOWN_FOOTAGE,) * 2
    assert decide(clips, None, knows_background=False).thresholds == (0.0, 0.0)
    own = feature_dataset(coloured_clips(4), ("blue", "red"), task="multi")
    assert decide(own, None, knows_background=False).thresholds == (UNDECIDED,) * 2
    timed = feature_dataset(timed_videos(2), ("red",), task="binary", unlabelled="background")
    found = decide(timed, None, knows_background=False)
    assert (found.thresholds, found.minimum_durations_s) == ((0.5,), (0.0,))


def test_histories_are_told_by_head() -> None:
    found = member_histories(trained(), {})
    assert [name.rpartition("-")[0] for name in found] == ["recurrent"] * 3 + ["linear"] + ["background"] * 3
    assert set(found.values()) == {HISTORY}


OPTIONS = TrainOptions(hidden=3, members=1)
SPEC_PROBLEM = TaskShape(inputs=6, classes=2, whole=True, updates=3)
LABELS = [plan.member(0.5, 1.0) for plan in label_plans(OPTIONS, SPEC_PROBLEM)]
BACKGROUND = [plan.member(1.0, 1.0) for plan in background_plans(OPTIONS, SPEC_PROBLEM)]
NOTHING = np.zeros((1, 2), np.float32)
VALIDATION = Validation(2, (0,), (1,), NOTHING, NOTHING, np.ones(1, np.float32), 0.87654, 0.5, 0.33333, 0.01239)


def five_clips(streams: tuple[str, ...] = ("frames",)) -> FeatureDataset:
    """Two groups (four clips make one), 3.25 s in all."""
    names = ("blue", "red", "red", "red", "blue")
    clips = [clip(np.zeros((2 + n % 2 + n // 4, 6), np.float32), name, number=n) for n, name in enumerate(names)]
    odd = [(example, replace(own, decoder="pyav: open GOP")) for example, own in clips[:2]]
    return feature_dataset([*odd, *clips[2:]], ("blue", "red"), streams=streams)


def spec_of(clips: FeatureDataset, members: list[MemberSpec], validation: Validation | None = None) -> ModelSpec:
    history = {"recurrent-0": (EpochFigures(0.1234567, 0.5), EpochFigures(0.1, 1.0, 0.2))}
    decisions = DecisionRule((0.4, 0.3), (1.0, 0.5))
    sizes = [stream.size for stream in clips.streams]
    return build_spec(clips, FACTS, OPTIONS, members, decisions, 3.5, validation, history, sizes)


def test_clips_groups_seconds_and_labels_are_counted() -> None:
    spec = spec_of(five_clips(), LABELS)
    assert spec.data == {"clips": 5, "groups": 2, "seconds": 3.25, "clips_of_label": {"blue": 2, "red": 3}}
    assert (spec.labels, spec.background, spec.thresholds) == (("blue", "red"), None, (0.4, 0.3))
    assert (spec.rate, spec.streams, spec.window_s) == (4.0, five_clips().streams, 3.5)
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


def test_streams_are_those_that_were_learnt_from() -> None:
    """Each with its own encoder, size and pictures."""
    audio = StreamSpec(name="audio", size=2, encoder=EncoderInfo(name="yamnet", sha256="5" * 64))
    streams = (picture_stream("frames", 3), picture_stream("motion", 1), audio)
    spec = spec_of(replace(five_clips(), streams=streams), LABELS)
    assert spec.streams == streams
    assert spec.columns == {"frames": slice(0, 3), "motion": slice(3, 4), "audio": slice(4, 6)}
