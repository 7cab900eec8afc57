"""Parts and streams of a training set with features, and how these were made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.learnable import clip, coloured_clips, feature_dataset
from vidlabel.features.config import FeatureConfig
from vidlabel.features.feature_file import FeatureKind
from vidlabel.features.provenance import FeatureSettings
from vidlabel.training.dataset.feature_dataset import (
    UNKNOWN_ENCODER,
    FeatureDataset,
    facts_of_files,
    facts_of_recipe,
    select_streams,
    subset,
)
from vidlabel.training.fitting.tensors import fill_first_motion


def test_parts_keep_the_labels_of_all() -> None:
    clips = feature_dataset(coloured_clips(5), ("blue", "red"))
    part = subset(clips, [3, 0])
    assert [example.video for example in part.training_set.examples] == ["3.mp4", "0.mp4"]
    assert part.features == (clips.features[3], clips.features[0])
    assert part.training_set.labels == ("blue", "red")


def test_streams_are_blocks_of_columns() -> None:
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    clips = feature_dataset([clip(values, "red")], ("red",), streams=("frames", "motion", "audio"))
    turned = select_streams(clips, ("audio", "frames"))
    np.testing.assert_array_equal(turned.features[0].views[0], [[4, 5, 0, 1], [10, 11, 6, 7]])
    assert turned.streams == ("audio", "frames")
    assert select_streams(clips, ("frames", "motion", "audio")) is clips
    filled = fill_first_motion(clips).features[0].views[0]
    np.testing.assert_array_equal(filled, [[0, 1, 8, 9, 4, 5], [6, 7, 8, 9, 10, 11]])


def test_facts_of_videos_come_from_the_recipe() -> None:
    facts = facts_of_recipe(FeatureConfig(rate=3.0, short_side=96, lag_s=0.2))
    assert (facts.rate, facts.lag_s, facts.preprocessing.short_side, facts.preprocessing.crop) == (3, 0.2, 96, "centre")
    assert facts.encoder.name == "efficientnet-lite0"


def test_facts_of_files_are_what_they_say() -> None:
    clips = feature_dataset(coloured_clips(5), ("blue", "red"))
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

    on_progress = facts_of_files(of(FeatureKind(6, 5.0, settings)))
    assert (on_progress.rate, on_progress.encoder.sha256, on_progress.preprocessing.short_side) == (5.0, "cd" * 32, 112)
    assert on_progress.preprocessing.crop == "none"
    unknown = facts_of_files(of(FeatureKind(6, 2.5, None)))
    assert (unknown.rate, unknown.encoder, unknown.lag_s) == (2.5, UNKNOWN_ENCODER, None)
    with pytest.raises(ValueError, match="videos"):
        facts_of_files(of(None))
