"""Clips as heads take them: packed one after the other, whitened, with their targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from training.banks import counting_bank
from training.learnable import RATE, coloured_clips, feature_dataset, picture_stream
from training.learnable import clip as labelled_clip
from vidlabel.training.dataset.examples import Span
from vidlabel.training.dataset.feature_dataset import (
    ExampleFeatures,
    is_whole,
    select_streams,
)
from vidlabel.training.fitting.tensors import (
    PackedClips,
    fill_bank,
    fill_first_motion,
    learn_whitening,
    make_training_tensors,
)
from vidlabel.training.fitting.whitening import StreamWhitening, Whitening

TURNED = np.array([[0.0, 2.0], [1.0, 0.0], [1.0, 1.0]], np.float32)
"""Three inputs of two numbers."""
WHITENING = Whitening((StreamWhitening(torch.tensor([1.0, -1.0]), torch.tensor(TURNED)),))


def features(samples: int, views: int, seed: int) -> ExampleFeatures:
    """Random features of one clip."""
    values = np.random.default_rng(seed).normal(size=(views, samples, 2)).astype(np.float32)
    return ExampleFeatures(np.arange(samples) / RATE, tuple(values), "pyav", samples / RATE)


def test_places_between_samples_are_interpolated() -> None:
    bank = counting_bank(5, 3)
    random = torch.randn(1, 8, 4, generator=torch.Generator().manual_seed(0))
    bank = PackedClips(random, bank.starts, bank.lengths)
    clips, places = torch.tensor([[0, 0, 1, 1]]), torch.tensor([[0.0, 3.75, 0.5, 2.0]])
    found = bank.read(torch.tensor([0]), clips, places)[0].numpy()
    first, second = random[0, :5].numpy(), random[0, 5:].numpy()
    for column in range(4):
        expected = [
            np.interp(0.0, range(5), first[:, column]),
            np.interp(3.75, range(5), first[:, column]),
            np.interp(0.5, range(3), second[:, column]),
            np.interp(2.0, range(3), second[:, column]),
        ]
        np.testing.assert_allclose(found[:, column], expected, atol=1e-6)


def test_whole_clips_are_resampled_from_their_first_to_their_last_sample() -> None:
    bank = counting_bank(9, 1, 4)
    values = torch.randn(2, 14, 3, generator=torch.Generator().manual_seed(1))
    found = PackedClips(values, bank.starts, bank.lengths).whole(6).numpy()
    for number, (start, length) in enumerate([(0, 9), (9, 1), (10, 4)]):
        own = values[0, start : start + length].numpy()
        for column in range(3):
            expected = np.interp(np.linspace(0, length - 1, 6), range(length), own[:, column])
            np.testing.assert_allclose(found[number, :, column], expected, atol=1e-6)


def test_clips_lie_one_after_the_other_in_all_their_views() -> None:
    clips = [features(3, 3, 0), features(5, 1, 1), features(2, 2, 2)]
    bank = fill_bank(clips, WHITENING, ["frames"])
    assert bank.clips == 3
    assert bank.starts.tolist() == [0, 3, 8]
    assert bank.lengths.tolist() == [3, 5, 2]
    assert bank.values.shape == (3, 10, 3)
    for number, clip in enumerate(clips):
        expected = (clip.views[0] - np.array([1.0, -1.0])) @ TURNED.T
        np.testing.assert_allclose(bank.clip(number), expected, rtol=1e-5, atol=1e-6)
    for view, places in ((1, (1, 0, 1)), (2, (2, 0, 0))):  # the first in place of the missing
        joined = np.concatenate([clip.views[place] for clip, place in zip(clips, places, strict=True)])
        np.testing.assert_allclose(bank.values[view], (joined - np.array([1.0, -1.0])) @ TURNED.T, rtol=1e-5, atol=1e-6)


def test_clips_have_one_target_each() -> None:
    clips = feature_dataset(coloured_clips(5), ("blue", "red"))
    tensors = make_training_tensors(clips, learn_whitening(clips))
    assert is_whole(clips)
    assert tensors.whole
    assert tensors.targets.argmax(dim=1).tolist() == [0, 1, 0, 1, 0]
    assert (tensors.classes, tensors.inputs, tensors.bank.clips) == (2, 6, 5)
    assert tensors.mask.tolist() == [1] * 5


def test_samples_have_targets_at_their_times() -> None:
    values = np.random.default_rng(0).normal(size=(8, 6)).astype(np.float32)
    videos = feature_dataset(
        [
            labelled_clip(values, spans=(Span(0.5, 1.0, "red"),)),
            labelled_clip(values[:4], spans=(Span(0.0, 0.25, "red"),), number=4),
        ],
        ("red", "background"),
        background=1,
        unlabelled="ignore",
    )
    tensors = make_training_tensors(videos, learn_whitening(videos))
    assert not tensors.whole
    held = [0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0]  # at 4 samples a second
    assert RATE == 4
    assert tensors.targets[:, 0].tolist() == held
    assert tensors.mask.tolist() == held  # nobody looked at the rest
    background = replace(videos, training_set=replace(videos.training_set, unlabelled="background"))
    assert make_training_tensors(background, learn_whitening(videos)).mask.tolist() == [1] * 12


def test_whitening_is_learnt_from_all_clips() -> None:
    clips = feature_dataset(coloured_clips(6), ("blue", "red"))
    whitening = learn_whitening(clips)
    everything = np.concatenate([own.views[0] for own in clips.features])
    torch.testing.assert_close(whitening.streams[0].mean, torch.tensor(everything.mean(axis=0)), atol=1e-5, rtol=1e-4)


def test_streams_may_be_of_unlike_sizes() -> None:
    values = np.arange(12, dtype=np.float32).reshape(2, 6)
    streams = (picture_stream("frames", 3), picture_stream("motion", 1), picture_stream("audio", 2))
    clips = replace(feature_dataset([labelled_clip(values, "red")], ("red",)), streams=streams)
    turned = select_streams(clips, ("audio", "frames"))
    np.testing.assert_array_equal(turned.features[0].views[0], [[4, 5, 0, 1, 2], [10, 11, 6, 7, 8]])
    assert turned.columns == {"audio": slice(0, 2), "frames": slice(2, 5)}
    filled = fill_first_motion(clips).features[0].views[0]
    np.testing.assert_array_equal(filled, [[0, 1, 2, 9, 4, 5], [6, 7, 8, 9, 10, 11]])
    assert [len(own.mean) for own in learn_whitening(clips).streams] == [3, 1, 2]
