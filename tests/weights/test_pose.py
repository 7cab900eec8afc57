"""The converted weights of the pose network: each layer has its own, and the network takes all of them."""

from __future__ import annotations

import pytest
import torch

from vidlabel.features.encoders.movenet import MoveNet
from vidlabel.features.encoders.movenet_layers import MAPS, movenet_layers
from vidlabel.features.encoders.shipped_weights import MOVENET


def test_the_network_takes_every_tensor() -> None:
    tensors = MOVENET.read()
    network = MoveNet(movenet_layers(tensors))
    taken = {name for name, _ in network.named_parameters()}
    assert taken == tensors.keys()
    for name, parameter in network.named_parameters():
        torch.testing.assert_close(parameter.detach(), torch.from_numpy(tensors[name]).float(), rtol=0, atol=0)


@pytest.mark.parametrize("name", list(MAPS))
def test_heads_have_the_channels_of_their_maps(name: str) -> None:
    assert MOVENET.read()[f"heads.{name}.project.weight"].shape == (MAPS[name], 96, 1, 1)
