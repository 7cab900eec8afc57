"""The encoder in two parts: together they are the whole one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from features.encoders.plain_network import plainly
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.trainable_tail import EncoderTail

NAME = "efficientnet-lite0"


@pytest.mark.parametrize("blocks", [1, 5])
def test_features_of_what_was_kept_are_those_of_the_whole_network(blocks: int) -> None:
    frames = np.random.default_rng(1).integers(0, 256, (3, 64, 48, 3), np.uint8)
    tail = EncoderTail(NAME, blocks)
    kept = tail.keep(frames)
    assert kept.dtype == np.float16
    assert kept.nbytes < frames.nbytes
    expected = plainly(load_network(NAME).requires_grad_(False), frames).numpy()
    first, rest = tail.features([kept[:1], kept[1:]])
    np.testing.assert_allclose(np.concatenate([first, rest]), expected, atol=0.02)  # half precision
    tail.close()


def test_where_activations_are_larger_the_pictures_themselves_are_kept() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    tail = EncoderTail(NAME, 16)
    kept = tail.keep(frames)
    assert kept.dtype == np.uint8
    expected = plainly(load_network(NAME).requires_grad_(False), frames).numpy()
    np.testing.assert_allclose(tail.features([kept])[0].numpy(), expected, atol=1e-4)


def test_gradients_of_pieces_add_up() -> None:
    tail = EncoderTail(NAME, 16)  # keeps the pictures, so that nothing is rounded
    frames = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    pieces = [tail.keep(frames[:1]), tail.keep(frames[1:])]
    weights = torch.linspace(-1, 1, 1280)
    found = tail.gradients(pieces, [weights.expand(1, -1), weights.expand(2, -1)])
    network = load_network(NAME)
    parameters = list(network.last_parameters(16).values())
    expected = torch.autograd.grad((plainly(network, frames) * weights.double()).sum(), parameters)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-3 * float(other.abs().max() + 1e-3))
