"""Inputs of clips, read at places between samples: against NumPy's interpolation."""

from __future__ import annotations

import numpy as np
import torch

from training.banks import counting_bank
from training.learnable import RATE
from vidlabel.training.dataset.features import ExampleFeatures
from vidlabel.training.fitting.samples import PackedClips, fill_bank
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
    bank = fill_bank(clips, WHITENING)
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
