"""What networks of encoders are made of, as numbers alone: torch and OpenVINO compute the same of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Weights = Mapping[str, npt.NDArray[Any]]
"""Tensors by name, as a file holds them."""


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A convolution with TensorFlow's "SAME" padding: ceil(size / stride) outputs, the odd pixel of padding at the end.

    Batch normalisation is folded into it.
    """

    weight: FloatArray
    """(outputs, inputs / groups, kernel, kernel)."""
    bias: FloatArray
    """(outputs,)."""
    stride: int = 1
    """Step in both directions."""
    groups: int = 1
    """1, or the number of channels of a depthwise convolution."""


@dataclass(frozen=True, slots=True, eq=False)
class BlockLayers:
    """One block: widen by a 1x1 convolution (not in the first stage), convolve each channel, narrow by a 1x1 one."""

    expand: Convolution | None
    depthwise: Convolution
    project: Convolution

    @property
    def adds_input(self) -> bool:
        """Whether what comes in is added to what goes out: where the shapes agree."""
        inputs = self.depthwise.weight.shape[0] if self.expand is None else self.expand.weight.shape[1]
        return self.depthwise.stride == 1 and inputs == self.project.weight.shape[0]

    def named(self) -> dict[str, Convolution]:
        """The layers that there are."""
        layers = {"expand": self.expand, "depthwise": self.depthwise, "project": self.project}
        return {name: layer for name, layer in layers.items() if layer is not None}
