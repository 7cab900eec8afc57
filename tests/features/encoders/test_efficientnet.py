"""The network against torch's own layers, which pad and normalise in the open."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from features.encoders.plain_network import plainly
from vidlabel.features.encoders.efficientnet import EfficientNetLite, SameConvolution, load_network

NAME = "efficientnet-lite0"


def padded(pictures: torch.Tensor, kernel: int, stride: int) -> torch.Tensor:
    """Zeros around a picture as TensorFlow's "SAME" has them: the odd one at the bottom and on the right."""
    sides: list[int] = []
    for size in (pictures.shape[3], pictures.shape[2]):
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        sides += [total // 2, total - total // 2]
    return functional.pad(pictures, sides)


@pytest.mark.parametrize("size", [(8, 8), (7, 8), (8, 7), (9, 11), (1, 2)])
@pytest.mark.parametrize(("kernel", "stride", "groups"), [(1, 1, 1), (3, 1, 1), (3, 2, 1), (5, 2, 4), (5, 1, 4)])
def test_padding_is_that_of_tensorflow(size: tuple[int, int], kernel: int, stride: int, groups: int) -> None:
    generator = torch.Generator().manual_seed(3)
    weight = torch.randn(8, 4 // groups, kernel, kernel, generator=generator)
    bias = torch.randn(8, generator=generator)
    pictures = torch.randn(2, 4, *size, generator=generator)
    expected = functional.conv2d(padded(pictures, kernel, stride), weight, bias, stride, groups=groups)
    assert expected.shape[2:] == (-(-size[0] // stride), -(-size[1] // stride))
    layer = SameConvolution(weight.clone(), bias.clone(), stride, groups)
    torch.testing.assert_close(layer(pictures), expected)
    torch.testing.assert_close(layer.requires_grad_(False)(pictures), expected)


def test_replaced_numbers_are_used_under_every_padding() -> None:
    layer = SameConvolution(torch.zeros(2, 1, 3, 3), torch.zeros(2), 2, 1).requires_grad_(False)
    weight, bias = torch.arange(18.0).reshape(2, 1, 3, 3), torch.tensor([0.5, -0.5])
    layer.put(weight, bias)
    for size in ((4, 4), (4, 5), (5, 4), (5, 5)):
        pictures = torch.ones(1, 1, *size)
        expected = functional.conv2d(padded(pictures, 3, 2), weight, bias, 2)
        torch.testing.assert_close(layer(pictures), expected)


@pytest.fixture(scope="module")
def network() -> EfficientNetLite:
    return load_network(NAME).requires_grad_(False)


def test_the_halves_of_the_network_make_the_whole(network: EfficientNetLite) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (2, 48, 64, 3), np.uint8)
    pictures = (torch.from_numpy(frames).permute(0, 3, 1, 2).float() - 127) / 128
    expected = plainly(network, frames).float()
    for block in (0, 7, len(network.blocks)):
        torch.testing.assert_close(network.after(network.before(pictures, block), block), expected, rtol=0, atol=1e-4)
    torch.testing.assert_close(network(pictures), expected, rtol=0, atol=1e-4)


def test_the_last_blocks_are_named_from_the_end(network: EfficientNetLite) -> None:
    assert len(network.blocks) == 16
    found = network.last_parameters(2)
    layers = {name.rpartition(".")[0] for name in found}
    parts = ("expand", "depthwise", "project")
    assert layers == {"head", *(f"blocks.{block}.{part}" for block in (14, 15) for part in parts)}
    assert len(found) == 14  # a weight and a bias of each
    assert found["head.weight"].shape == (1280, 320, 1, 1)


@pytest.mark.parametrize("size", [768, 778, 799])
def test_the_middle_of_what_a_cell_sees_is_that_of_its_gradient(size: int) -> None:
    """Every convolution a mean, and nothing clipped: the gradient of a cell lies evenly around what it looks at."""
    network = load_network("efficientnet-lite0").requires_grad_(False)
    for layer in network.modules():
        if isinstance(layer, SameConvolution):
            layer.put(torch.full_like(layer.weight, 1 / layer.weight[0].numel()), torch.zeros_like(layer.bias))
    strip = torch.full((1, 3, 32, size), 1e-3, requires_grad=True)
    last = network.last_map(network.before(strip, 0), 0)
    cell = last.shape[3] // 2
    (gradient,) = torch.autograd.grad(last[0, 0, 0, cell], strip)
    weights = gradient.sum(dim=(0, 1, 2)).double()
    middle = float((weights * (torch.arange(size) + 0.5)).sum() / weights.sum())
    first, step = network.map_places(size)
    assert first + step * cell == pytest.approx(middle, abs=0.05)
