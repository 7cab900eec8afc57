"""The network MoveNet MultiPose Lightning in torch: maps of people and of their keypoints, four pixels a cell.

Shapes: B pictures, C channels, H and W pixels, multiples of 32; h = H / 4 and w = W / 4 cells.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from vidlabel.features.encoders.efficientnet import inverted_residual, same_convolution
from vidlabel.features.encoders.movenet_layers import (
    LATERAL,
    MAPS,
    PROBABILITIES,
    MoveNetLayers,
    PoseHeadLayers,
    PyramidLayers,
)


class PyramidLevel(nn.Module):
    """One step up the pyramid, see `PyramidLayers`."""

    def __init__(self, layers: PyramidLayers) -> None:
        super().__init__()
        self.lateral = same_convolution(layers.lateral)
        self.depthwise = same_convolution(layers.depthwise)
        self.project = same_convolution(layers.project)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """(B, C, H / 2, W / 2) and (B, C', H, W) to (B, C'', H, W)."""
        larger = functional.interpolate(coarse, scale_factor=2, mode="bilinear", align_corners=False)
        hidden: Tensor = self.project(self.depthwise(larger + self.lateral(fine)))
        return functional.relu(hidden, inplace=True)


class PoseHead(nn.Module):
    """One map or several, out of the finest level of the pyramid."""

    def __init__(self, layers: PoseHeadLayers) -> None:
        super().__init__()
        self.depthwise = same_convolution(layers.depthwise)
        self.widen = same_convolution(layers.widen)
        self.project = same_convolution(layers.project)

    def forward(self, level: Tensor) -> Tensor:
        """(B, C, h, w) to the maps (B, C', h, w)."""
        maps: Tensor = self.project(functional.relu(self.widen(self.depthwise(level)), inplace=True))
        return maps


class MoveNet(nn.Module):
    """The network up to its maps.

    Args:
        layers: copied.
    """

    def __init__(self, layers: MoveNetLayers) -> None:
        super().__init__()
        self.stem = same_convolution(layers.stem)
        self.blocks = nn.ModuleList([inverted_residual(block) for block in layers.blocks])
        self.neck = same_convolution(layers.neck)
        self.narrow = same_convolution(layers.narrow)
        self.pyramid = nn.ModuleList([PyramidLevel(level) for level in layers.pyramid])
        self.heads = nn.ModuleDict({name: PoseHead(head) for name, head in layers.heads.items()})

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
            if number in LATERAL:
                inputs[number] = hidden
            hidden = block(hidden)
        level = self.narrow(functional.relu6(self.neck(hidden), inplace=True))
        for step, number in zip(self.pyramid, LATERAL, strict=True):
            level = step(level, inputs[number])
        maps = {name: head(level) for name, head in self.heads.items()}
        return torch.cat([maps[name].sigmoid() if name in PROBABILITIES else maps[name] for name in MAPS], dim=1)
