"""Tuned weights in the place of published ones: what is computed then, and what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from features.encoders.plain_network import plainly
from vidlabel.errors import UsageError
from vidlabel.features.cache import CachedBlock, FeatureCache
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.efficientnet import EfficientNetLite, load_network, tuned_weights_of
from vidlabel.features.encoders.efficientnet_layers import load_layers
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.encoders.hardware import Runtime
from vidlabel.video.request import ReadReport

NAME = "efficientnet-lite0"
PUBLISHED = FeatureConfig().network.sha256


def shifted(blocks: int) -> tuple[EfficientNetLite, FinetunedWeights]:
    """A network whose last layers are a little off, and its weights."""
    network = load_network(NAME).requires_grad_(False)
    generator = torch.Generator().manual_seed(blocks)
    last = network.last_parameters(blocks)
    network.put_last_parameters({n: t * (1 + 0.1 * torch.randn(t.shape, generator=generator)) for n, t in last.items()})
    return network, tuned_weights_of(network, blocks, PUBLISHED)


def pictures(count: int = 2, side: int = 63) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, side, side + 7, 3), np.uint8)


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
@pytest.mark.parametrize("blocks", [1, 6, 16])
def test_an_encoder_computes_with_its_tuned_weights(runtime: Runtime, blocks: int) -> None:
    network, tuned = shifted(blocks)
    frames = pictures()
    found = load_encoder(NAME, "cpu", 2, runtime, tuned).encode(frames)
    np.testing.assert_allclose(found, plainly(network, frames).numpy(), atol=1e-4)
    assert np.abs(found - load_encoder(NAME, "cpu", 2, runtime).encode(frames)).max() > 0.05


def test_gradients_are_those_of_the_plain_network() -> None:
    network, _ = shifted(16)
    network.requires_grad_(True)
    frames = pictures(1, 33)
    parameters = list(network.last_parameters(16).values())
    weights = torch.linspace(-1, 1, network.feature_size)
    values = (torch.from_numpy(frames).permute(0, 3, 1, 2).float() - 127) / 128
    found = torch.autograd.grad((network(values) * weights).sum(), parameters)
    expected = torch.autograd.grad((plainly(network, frames) * weights.double()).sum(), parameters)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-3 * float(other.abs().max() + 1e-3))


def test_the_parts_of_a_network_are_the_whole() -> None:
    network, _ = shifted(1)
    values = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for block in (0, 5, 15, 16):
        torch.testing.assert_close(network.after(network.before(values.clone(), block), block), network(values.clone()))


def test_what_does_not_fit_is_refused() -> None:
    _, tuned = shifted(2)
    tensors = dict(tuned.tensors)
    for wrong in (
        replace(tuned, blocks=3),
        replace(tuned, blocks=17),
        replace(tuned, tensors={**tensors, "head.bias": np.zeros(3, np.float32)}),
        replace(tuned, tensors={**tensors, "stem.bias": np.zeros(32, np.float32)}),
    ):
        with pytest.raises(UsageError, match="do not fit"):
            load_layers(NAME, wrong)
    with pytest.raises(UsageError, match="other weights"):
        load_layers(NAME, replace(tuned, published_sha256="0" * 64))


def test_the_cache_never_mixes_up_encoders(tmp_path: Path) -> None:
    cache, block = FeatureCache(tmp_path), FeatureBlock("frames", "centre")
    plain = FeatureConfig(runtime="torch")
    configs = [plain, *(replace(plain, tuned=shifted(blocks)[1]) for blocks in (1, 2))]
    for number, config in enumerate(configs):
        assert cache.load("c" * 64, config, block) is None
        report = ReadReport("pyav", 0, 1.0, 1.0, (), ())
        cache.keep("c" * 64, config, block, CachedBlock(np.zeros(1), np.full((1, 4), number, np.float32), report))
    for number, config in enumerate(configs):
        found = cache.load("c" * 64, config, block)
        assert found is not None
        assert found.values.tolist() == [[number] * 4]
