"""Parts and streams of a training set with features."""

from __future__ import annotations

import numpy as np

from training.learnable import clip, coloured_clips, feature_dataset
from vidlabel.training.dataset.feature_dataset import select_streams, subset
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
    assert turned.stream_names == ("audio", "frames")
    assert select_streams(clips, ("frames", "motion", "audio")) is clips
    filled = fill_first_motion(clips).features[0].views[0]
    np.testing.assert_array_equal(filled, [[0, 1, 8, 9, 4, 5], [6, 7, 8, 9, 10, 11]])
