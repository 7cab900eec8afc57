"""The encoder written down once more, to compare with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from vidlabel.features.encoders.efficientnet import EfficientNetLite, SameConvolution


def plainly(network: EfficientNetLite, frames: npt.NDArray[np.uint8]) -> torch.Tensor:
    """The network once more, in float64, nothing in place, padding as TensorFlow defines it."""

    def convolve(layer: SameConvolution, hidden: torch.Tensor) -> torch.Tensor:
        kernel = layer.weight.double()
        sides = []
        for size in (hidden.shape[3], hidden.shape[2]):
            total = max((-(-size // layer.stride) - 1) * layer.stride + kernel.shape[2] - size, 0)
            sides += [total // 2, total - total // 2]
        return functional.conv2d(
            functional.pad(hidden, sides), kernel, layer.bias.double(), layer.stride, groups=layer.groups
        )

    hidden = (torch.from_numpy(frames).permute(0, 3, 1, 2).double() - 127) / 128
    hidden = convolve(network.stem, hidden).clamp(0, 6)
    for block in network.blocks:
        wide = hidden if block.expand is None else convolve(block.expand, hidden).clamp(0, 6)  # type: ignore[arg-type]
        narrow = convolve(block.project, convolve(block.depthwise, wide).clamp(0, 6))  # type: ignore[arg-type]
        hidden = narrow + hidden if block.adds_input else narrow
    return convolve(network.head, hidden).clamp(0, 6).mean(dim=(2, 3))
