"""Clips and streams as heads take them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from training.learnable import RATE, clip, coloured_clips, gathered
from vidlabel.training.dataset.examples import Span
from vidlabel.training.fitting.tensors import (
    fill_first_motion,
    is_whole,
    learn_whitening,
    make_training_tensors,
    select_streams,
    subset,
)


def test_clips_have_one_target_each() -> None:
    clips = gathered(coloured_clips(5), ("blue", "red"))
    material = make_training_tensors(clips, learn_whitening(clips))
    assert is_whole(clips)
    assert material.whole
    assert material.targets.argmax(dim=1).tolist() == [0, 1, 0, 1, 0]
    assert (material.classes, material.inputs, material.bank.clips) == (2, 6, 5)
    assert material.mask.tolist() == [1] * 5


def test_samples_have_targets_at_their_times() -> None:
    values = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    videos = gathered(
        [
            clip(values, spans=(Span(0.5, 1.0, "red"),)),
            clip(values[:4], spans=(Span(0.0, 0.25, "red"),), number=4),
        ],
        ("red", "background"),
        background=1,
        unlabelled="ignore",
    )
    material = make_training_tensors(videos, learn_whitening(videos))
    assert not material.whole
    held = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0]  # at 4 samples a second
    assert RATE == 4
    assert material.targets[:, 0].tolist() == held
    assert material.mask.tolist() == held  # nobody looked at the rest
    background = replace(videos, training_set=replace(videos.training_set, unlabelled="background"))
    assert make_training_tensors(background, learn_whitening(videos)).mask.tolist() == [1] * 12


def test_parts_keep_the_labels_of_all() -> None:
    clips = gathered(coloured_clips(5), ("blue", "red"))
    part = subset(clips, [3, 0])
    assert [example.video for example in part.training_set.examples] == ["3.mp4", "0.mp4"]
    assert part.features == (clips.features[3], clips.features[0])
    assert part.training_set.labels == ("blue", "red")


def test_streams_are_blocks_of_columns() -> None:
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    clips = gathered([clip(values, "red")], ("red",), streams=("frames", "motion", "audio"))
    turned = select_streams(clips, ("audio", "frames"))
    np.testing.assert_array_equal(turned.features[0].views[0], [[4, 5, 0, 1], [10, 11, 6, 7]])
    assert turned.streams == ("audio", "frames")
    assert select_streams(clips, ("frames", "motion", "audio")) is clips
    filled = fill_first_motion(clips).features[0].views[0]
    np.testing.assert_array_equal(filled, [[0, 1, 8, 9, 4, 5], [6, 7, 8, 9, 10, 11]])


def test_whitening_is_learnt_from_all_clips() -> None:
    clips = gathered(coloured_clips(6), ("blue", "red"))
    whitening = learn_whitening(clips)
    everything = np.concatenate([own.views[0] for own in clips.features])
    torch.testing.assert_close(whitening.streams[0].mean, torch.tensor(everything.mean(axis=0)), atol=1e-5, rtol=1e-4)


def test_streams_may_be_of_unlike_sizes() -> None:
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    example, features = clip(values, "red")
    clips = gathered(
        [(example, replace(features, stream_sizes=(3, 1, 2)))], ("red",), streams=("frames", "motion", "audio")
    )
    turned = select_streams(clips, ("audio", "frames"))
    np.testing.assert_array_equal(turned.features[0].views[0], [[4, 5, 0, 1, 2], [10, 11, 6, 7, 8]])
    assert turned.columns == {"audio": slice(0, 2), "frames": slice(2, 5)}
    filled = fill_first_motion(clips).features[0].views[0]
    np.testing.assert_array_equal(filled, [[0, 1, 2, 9, 4, 5], [6, 7, 8, 9, 10, 11]])
    assert [len(own.mean) for own in learn_whitening(clips).streams] == [3, 1, 2]
