"""The network MoveNet MultiPose Lightning: maps of people and of their keypoints, four pixels a cell.

A MobileNetV2 with relu6, a feature pyramid up to a stride of 4, and six small heads on it, as the CenterNet of
X. Zhou et al., "Objects as Points" (arXiv 1904.07850) has them. Batch normalisation is folded into the convolutions.

Shapes: B pictures, C channels, H and W pixels, multiples of 32; h = H / 4 and w = W / 4 cells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vidlabel.features.encoders.efficientnet import InvertedResidual, SameConvolution

if TYPE_CHECKING:
    from vidlabel.features.encoders.openvino import NetworkGraph
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
_LATERAL = (10, 6, 3)
"""Blocks whose input joins the pyramid, from the coarsest level to the finest."""
BLOCKS, PYRAMID_LEVELS = len(_STRIDES), len(_LATERAL)

GetLayer = Callable[[str, int], SameConvolution]


class PyramidLevel(nn.Module):
    """One step up the pyramid: the coarser level at twice its size, plus what the backbone has at that size."""

    def __init__(self, layer: GetLayer, prefix: str) -> None:
        super().__init__()
        self.lateral = layer(f"{prefix}.lateral", 1)
        self.depthwise = layer(f"{prefix}.depthwise", 1)
        self.project = layer(f"{prefix}.project", 1)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(B, C, H / 2, W / 2) and (B, C', H, W) to (B, C'', H, W)."""
        larger = functional.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
        hidden: Tensor = self.project(self.depthwise(larger + self.lateral(fine)))
        return functional.relu(hidden, inplace=True)


class PoseHead(nn.Module):
    """One map or several, out of the finest level of the pyramid."""

    def __init__(self, layer: GetLayer, prefix: str) -> None:
        super().__init__()
        self.depthwise = layer(f"{prefix}.depthwise", 1)
        self.widen = layer(f"{prefix}.widen", 1)
        self.project = layer(f"{prefix}.project", 1)

    def forward(self, level: Tensor) -> Tensor:
        """(B, C, h, w) to the maps (B, C', h, w)."""
        maps: Tensor = self.project(functional.relu(self.widen(self.depthwise(level)), inplace=True))
        return maps


class MoveNet(nn.Module):
    """The network up to its maps.

    Args:
        weights: its tensors by the names of the layers: `stem.weight`, `blocks.0.depthwise.bias`, ...
    """

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()

        def layer(name: str, stride: int) -> SameConvolution:
            weight = weights[f"{name}.weight"].float()
            groups = weight.shape[0] if name.endswith("depthwise") else 1
            return SameConvolution(weight, weights[f"{name}.bias"].float(), stride, groups)

        def block(number: int, stride: int) -> InvertedResidual:
            prefix = f"blocks.{number}"
            expand = None if number == 0 else layer(f"{prefix}.expand", 1)
            return InvertedResidual(expand, layer(f"{prefix}.depthwise", stride), layer(f"{prefix}.project", 1))

        self.stem = layer("stem", 2)
        self.blocks = nn.ModuleList([block(number, stride) for number, stride in enumerate(_STRIDES)])
        self.neck = layer("neck", 1)
        self.narrow = layer("narrow", 1)
        self.pyramid = nn.ModuleList([PyramidLevel(layer, f"pyramid.{number}") for number in range(len(_LATERAL))])
        self.heads = nn.ModuleDict({name: PoseHead(layer, f"heads.{name}") for name in MAPS})

    def forward(self, pictures: Tensor) -> Tensor:
        """Maps of normalised pictures.

        Args:
            pictures: (B, 3, H, W) float32, RGB, scaled to -1 ... 1.

        Returns:
            (B, C, h, w), the channels of `MAPS` one after the other.
        """
        hidden = functional.relu6(self.stem(pictures), inplace=True)
        inputs: dict[int, Tensor] = {}
        for number, block in enumerate(self.blocks):
            if number in _LATERAL:
                inputs[number] = hidden
            hidden = block(hidden)
        level = self.narrow(functional.relu6(self.neck(hidden), inplace=True))
        for step, number in zip(self.pyramid, _LATERAL, strict=True):
            level = step(level, inputs[number])
        maps = {name: head(level) for name, head in self.heads.items()}
        return torch.cat([maps[name].sigmoid() if name in PROBABILITIES else maps[name] for name in MAPS], dim=1)


def movenet_graph(network: MoveNet, scaling: PixelScaling) -> Callable[[NetworkGraph], Any]:
    """What builds the model in OpenVINO: (B, H, W, 3) uint8 pictures to the maps (B, C, h, w), as `MoveNet.forward`."""

    def build(graph: NetworkGraph) -> Any:  # noqa: ANN401
        operations, frames = graph.operations, graph.frames()
        hidden = graph.relu6(graph.convolve(network.stem, graph.scaled(frames, scaling)))
        inputs: dict[int, Any] = {}
        for number, block in enumerate(network.blocks):
            if number in _LATERAL:
                inputs[number] = hidden
            hidden = graph.block(block, hidden)
        level = graph.convolve(network.narrow, graph.relu6(graph.convolve(network.neck, hidden)))
        for step, number in zip(network.pyramid, _LATERAL, strict=True):
            assert isinstance(step, PyramidLevel)
            joined = operations.add(_doubled(graph, level), graph.convolve(step.lateral, inputs[number]))
            level = operations.relu(graph.convolve(step.project, graph.convolve(step.depthwise, joined)))
        maps = [_head_maps(graph, name, network.heads[name], level) for name in MAPS]
        return graph.model(operations.concat(maps, 1), frames)

    return build


def _doubled(graph: NetworkGraph, level: Any) -> Any:  # noqa: ANN401
    """(B, C, H, W) to (B, C, 2 H, 2 W), bilinear."""
    scales, axes = np.array([2, 2], np.float32), np.array([2, 3])
    return graph.operations.interpolate(
        level, scales, "linear_onnx", "scales", coordinate_transformation_mode="half_pixel", axes=axes
    )


def _head_maps(graph: NetworkGraph, name: str, head: nn.Module, level: Any) -> Any:  # noqa: ANN401
    assert isinstance(head, PoseHead)
    wide = graph.operations.relu(graph.convolve(head.widen, graph.convolve(head.depthwise, level)))
    maps = graph.convolve(head.project, wide)
    return graph.operations.sigmoid(maps) if name in PROBABILITIES else maps
