"""The layers of the EfficientNet-Lite networks, made of the published weights or of tuned ones, and their graph.

Architecture: M. Tan and Q. Le, "EfficientNet", ICML 2019 (arXiv 1905.11946); the Lite variants of the TensorFlow
authors have no squeeze-and-excitation, use relu6 instead of swish, and do not scale stem, first stage and head.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vidlabel.errors import UsageError
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.layers import BlockLayers, Convolution, Weights
from vidlabel.features.encoders.weights import published_weights, read_weights, weights_path

if TYPE_CHECKING:
    from vidlabel.features.encoders.network_graph import NetworkGraph
    from vidlabel.features.encoders.weights import PixelScaling

BATCH_NORM_EPSILON = 1e-3
"""Epsilon of the published weights (torch's default of 1e-5 gives wrong features that look plausible)."""

# Repeats at depth 1 and stride of the first block of each stage; kernels and channels are those of the weights.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


@dataclass(frozen=True, slots=True, eq=False)
class LiteLayers:
    """The network up to its pooled features."""

    stem: Convolution
    blocks: tuple[BlockLayers, ...]
    head: Convolution

    @property
    def feature_size(self) -> int:
        """D: the mean over the picture of the last relu6."""
        return len(self.head.bias)

    def last(self, blocks: int) -> dict[str, Convolution]:
        """The layers of the last blocks, and the head convolution, by their names."""
        first = len(self.blocks) - blocks
        found = {
            f"blocks.{first + number}.{name}": layer
            for number, block in enumerate(self.blocks[first:])
            for name, layer in block.named().items()
        }
        return {**found, "head": self.head}

    def with_last(self, layers: Mapping[str, Convolution]) -> LiteLayers:
        """The same with other layers of these names."""
        blocks = tuple(
            replace(
                block, **{name: layers.get(f"blocks.{number}.{name}", layer) for name, layer in block.named().items()}
            )
            for number, block in enumerate(self.blocks)
        )
        return replace(self, blocks=blocks, head=layers.get("head", self.head))


def efficientnet_graph(layers: LiteLayers, scaling: PixelScaling) -> Callable[[NetworkGraph], Any]:
    """What builds the model as a graph: (B, H, W, 3) uint8 pictures to (B, D) float32 features."""

    def build(graph: NetworkGraph) -> Any:  # noqa: ANN401
        frames = graph.frames()
        hidden = graph.relu6(graph.convolve(layers.stem, graph.scaled(frames, scaling)))
        for block in layers.blocks:
            hidden = graph.block(block, hidden)
        hidden = graph.relu6(graph.convolve(layers.head, hidden))
        return graph.model(graph.mean(hidden), frames)

    return build


def load_layers(name: str, tuned: FinetunedWeights | None = None) -> LiteLayers:
    """The layers of an encoder whose weights are installed.

    Args:
        name: one of `vidlabel.features.encoders.weights.PUBLISHED`.
        tuned: in place of some of the weights.

    Raises:
        UsageError: there is no encoder of that name, or the tuned weights are not of it.
        InstallationError: its weights are missing or damaged.
    """
    published = published_weights(name)
    layers = published_layers(read_weights(published, weights_path(published)), published.depth)
    if tuned is None:
        return layers
    if tuned.published_sha256 != published.sha256:
        problem = f"was tuned from other weights ({tuned.published_sha256[:8]}, not {published.sha256[:8]})"
        raise UsageError(f"encoder {name}", problem, "train the model again")
    return _with_tuned(layers, tuned, name)


def published_layers(weights: Weights, depth: float) -> LiteLayers:
    """The layers of a network with batch normalisation folded into the convolutions.

    Args:
        weights: the published tensors; they set all sizes but depth and strides.
        depth: the factor by which the middle stages are repeated more often: 1.0, 1.1 and 1.2 for Lite0, 1 and 2.
    """
    blocks = (_block(weights, f"_blocks.{number}", stride) for number, stride in enumerate(_block_strides(depth)))
    stem = _folded(weights, "_conv_stem", "_bn0", stride=2)
    return LiteLayers(stem, tuple(blocks), _folded(weights, "_conv_head", "_bn1"))


def _with_tuned(layers: LiteLayers, tuned: FinetunedWeights, name: str) -> LiteLayers:
    fits = 0 <= tuned.blocks <= len(layers.blocks)
    last = layers.last(tuned.blocks) if fits else {}
    shapes = {f"{key}.{part}": getattr(layer, part).shape for key, layer in last.items() for part in ("weight", "bias")}
    if not fits or {key: tensor.shape for key, tensor in tuned.tensors.items()} != shapes:
        raise UsageError(
            f"encoder {name}", "the tuned weights of the model do not fit it", "give a model that `train` wrote"
        )
    own = tuned.tensors
    return layers.with_last(
        {key: replace(layer, weight=own[f"{key}.weight"], bias=own[f"{key}.bias"]) for key, layer in last.items()}
    )


def _block_strides(depth: float) -> list[int]:
    strides = []
    for stage, (repeats, stride) in enumerate(_STAGES):
        if stage not in (0, len(_STAGES) - 1):  # The Lite networks do not deepen the first and the last stage.
            repeats = math.ceil(repeats * depth)
        strides += [stride] + [1] * (repeats - 1)
    return strides


def _block(weights: Weights, prefix: str, stride: int) -> BlockLayers:
    expand = None
    if f"{prefix}._expand_conv.weight" in weights:
        expand = _folded(weights, f"{prefix}._expand_conv", f"{prefix}._bn0")
    depthwise = _folded(weights, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride, depthwise=True)
    return BlockLayers(expand, depthwise, _folded(weights, f"{prefix}._project_conv", f"{prefix}._bn2"))


def _folded(weights: Weights, convolution: str, norm: str, stride: int = 1, *, depthwise: bool = False) -> Convolution:
    """The convolution and the batch normalisation after it, as one: in float64, rounded once."""
    kernel = weights[f"{convolution}.weight"].astype(np.float64)
    scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"].astype(np.float64) + BATCH_NORM_EPSILON)
    bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    folded = (kernel * scale[:, None, None, None]).astype(np.float32)
    return Convolution(folded, bias.astype(np.float32), stride, groups=len(kernel) if depthwise else 1)
