"""The layers of MoveNet MultiPose Lightning, and how OpenVINO computes its maps of people and keypoints.

A MobileNetV2 with relu6, a feature pyramid up to a stride of 4, and six small heads on it, as the CenterNet of
X. Zhou et al., "Objects as Points" (arXiv 1904.07850) has them. Batch normalisation is folded into the convolutions.

Shapes: B pictures, C channels, H and W pixels, multiples of 32; h = H / 4 and w = W / 4 cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vidlabel.features.encoders.layers import BlockLayers, Convolution, Weights

if TYPE_CHECKING:
    from vidlabel.features.encoders.openvino import OpenvinoGraph
    from vidlabel.features.encoders.weights import PixelScaling

KEYPOINTS = 17
MAPS = {
    "keypoints": KEYPOINTS,
    "centre": 1,
    "keypoint_places": 2 * KEYPOINTS,
    "box_place": 2,
    "box_size": 2,
    "keypoint_offsets": 2 * KEYPOINTS,
}
"""Channels of each head, in the order of the network's output. Pairs are (y, x), in cells."""
PROBABILITIES = ("keypoints", "centre")
"""Heads that end in a sigmoid."""

_STRIDES = (1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1)
"""Of the blocks."""
LATERAL = (10, 6, 3)
"""Blocks whose input joins the pyramid, from the coarsest level to the finest."""
BLOCKS, PYRAMID_LEVELS = len(_STRIDES), len(LATERAL)


@dataclass(frozen=True, slots=True, eq=False)
class PyramidLayers:
    """One step up the pyramid: the coarser level at twice its size, plus what the backbone has at that size."""

    lateral: Convolution
    depthwise: Convolution
    project: Convolution


@dataclass(frozen=True, slots=True, eq=False)
class PoseHeadLayers:
    """One map or several, out of the finest level of the pyramid."""

    depthwise: Convolution
    widen: Convolution
    project: Convolution


@dataclass(frozen=True, slots=True, eq=False)
class MoveNetLayers:
    """The network up to its maps."""

    stem: Convolution
    blocks: tuple[BlockLayers, ...]
    neck: Convolution
    narrow: Convolution
    pyramid: tuple[PyramidLayers, ...]
    heads: Mapping[str, PoseHeadLayers]
    """By the names of `MAPS`."""


def movenet_layers(weights: Weights) -> MoveNetLayers:
    """The layers in single precision.

    Args:
        weights: tensors by the names of the layers: `stem.weight`, `blocks.0.depthwise.bias`, ...
    """

    def layer(name: str, stride: int = 1) -> Convolution:
        weight, bias = (weights[f"{name}.{part}"].astype(np.float32) for part in ("weight", "bias"))
        return Convolution(weight, bias, stride, len(weight) if name.endswith("depthwise") else 1)

    def block(number: int, stride: int) -> BlockLayers:
        prefix = f"blocks.{number}"
        expand = None if number == 0 else layer(f"{prefix}.expand")
        return BlockLayers(expand, layer(f"{prefix}.depthwise", stride), layer(f"{prefix}.project"))

    return MoveNetLayers(
        stem=layer("stem", 2),
        blocks=tuple(block(number, stride) for number, stride in enumerate(_STRIDES)),
        neck=layer("neck"),
        narrow=layer("narrow"),
        pyramid=tuple(
            PyramidLayers(*(layer(f"pyramid.{number}.{name}") for name in ("lateral", "depthwise", "project")))
            for number in range(PYRAMID_LEVELS)
        ),
        heads={
            name: PoseHeadLayers(*(layer(f"heads.{name}.{part}") for part in ("depthwise", "widen", "project")))
            for name in MAPS
        },
    )


def movenet_graph(layers: MoveNetLayers, scaling: PixelScaling) -> Callable[[OpenvinoGraph], Any]:
    """What builds the model in OpenVINO: (B, H, W, 3) uint8 pictures to the maps (B, C, h, w), as `MoveNet.forward`."""

    def build(graph: OpenvinoGraph) -> Any:  # noqa: ANN401
        frames = graph.frames()
        hidden = graph.relu6(graph.convolve(layers.stem, graph.scaled(frames, scaling)))
        inputs: dict[int, Any] = {}
        for number, block in enumerate(layers.blocks):
            if number in LATERAL:
                inputs[number] = hidden
            hidden = graph.block(block, hidden)
        level = graph.convolve(layers.narrow, graph.relu6(graph.convolve(layers.neck, hidden)))
        for step, number in zip(layers.pyramid, LATERAL, strict=True):
            joined = graph.add(graph.doubled(level), graph.convolve(step.lateral, inputs[number]))
            level = graph.relu(graph.convolve(step.project, graph.convolve(step.depthwise, joined)))
        return graph.model(graph.joined([_head_maps(graph, name, layers.heads[name], level) for name in MAPS]), frames)

    return build


def _head_maps(graph: OpenvinoGraph, name: str, head: PoseHeadLayers, level: Any) -> Any:  # noqa: ANN401
    wide = graph.relu(graph.convolve(head.widen, graph.convolve(head.depthwise, level)))
    maps = graph.convolve(head.project, wide)
    return graph.sigmoid(maps) if name in PROBABILITIES else maps
