"""The EfficientNet-Lite networks, for inference, and for tuning their last blocks.

Architecture: M. Tan and Q. Le, "EfficientNet", ICML 2019 (arXiv 1905.11946); the Lite variants of the TensorFlow
authors have no squeeze-and-excitation, use relu6 instead of swish, and do not scale stem, first stage and head.

Shapes: B pictures, C channels, H and W pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

Weights = Mapping[str, Tensor]
"""The published tensors by name: `_conv_stem.weight`, `_blocks.0._bn1.running_var`, ..., `_fc.bias`."""

BATCH_NORM_EPSILON = 1e-3
"""Epsilon of the published weights (torch's default of 1e-5 gives wrong features that look plausible)."""

# Repeats at depth 1 and stride of the first block of each stage; kernels and channels are those of the weights.
_STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))


class SameConvolution(nn.Module):
    """A convolution with TensorFlow's "SAME" padding: ceil(size / stride) outputs, the odd pixel of padding at the end.

    Args:
        weight: (outputs, inputs / groups, kernel, kernel).
        bias: (outputs,).
        stride: step in both directions.
        groups: 1, or the number of channels of a depthwise convolution.
    """

    def __init__(self, weight: Tensor, bias: Tensor, stride: int, groups: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.contiguous(memory_format=torch.channels_last))
        self.bias = nn.Parameter(bias)
        self.stride = stride
        self.groups = groups
        # Padding one side more than the other would copy the pictures: 3 to 5 % of the network's CPU. A kernel with a
        # row or column of zeros before it, under even padding, computes the same numbers, bit for bit.
        for tall, wide in _LONGER if stride > 1 else ():
            self.register_buffer(_longer_name(tall, wide), _longer(weight, tall, wide), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Convolve (B, C, H, W)."""
        top, bottom = self._padding(pictures.shape[2])
        left, right = self._padding(pictures.shape[3])
        tall, wide = bottom - top, right - left
        weight = self._kernel(tall, wide) if tall or wide else self.weight
        return functional.conv2d(pictures, weight, self.bias, self.stride, (bottom, right), groups=self.groups)

    def put(self, weight: Tensor, bias: Tensor) -> None:
        """Replace the numbers."""
        with torch.no_grad():
            self.weight.copy_(weight)
            self.bias.copy_(bias)
            for tall, wide in _LONGER if self.stride > 1 else ():
                setattr(self, _longer_name(tall, wide), _longer(self.weight, tall, wide))

    def _kernel(self, tall: int, wide: int) -> Tensor:
        if self.weight.requires_grad:  # while it is tuned, the copies made before are of no use
            return _longer(self.weight, tall, wide)
        kernel: Tensor = getattr(self, _longer_name(tall, wide))
        return kernel

    def _padding(self, size: int) -> tuple[int, int]:
        total = max((math.ceil(size / self.stride) - 1) * self.stride + self.weight.shape[2] - size, 0)
        return total // 2, total - total // 2


_LONGER = ((0, 1), (1, 0), (1, 1))
"""Rows and columns of zeros that a kernel may need: one where the padding is odd."""


def _longer_name(tall: int, wide: int) -> str:
    return f"longer_{tall}_{wide}"


def _longer(weight: Tensor, tall: int, wide: int) -> Tensor:
    return functional.pad(weight, (wide, 0, tall, 0)).contiguous(memory_format=torch.channels_last)


class InvertedResidual(nn.Module):
    """One block: widen by a 1x1 convolution (not in the first stage), convolve each channel, narrow by a 1x1 one."""

    def __init__(self, expand: SameConvolution | None, depthwise: SameConvolution, project: SameConvolution) -> None:
        super().__init__()
        self.expand = expand
        self.depthwise = depthwise
        self.project = project
        inputs = depthwise.weight.shape[0] if expand is None else expand.weight.shape[1]
        self.adds_input = depthwise.stride == 1 and inputs == project.weight.shape[0]
        """Whether what comes in is added to what goes out: where the shapes agree."""

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C', H / stride, W / stride)."""
        hidden = pictures if self.expand is None else functional.relu6(self.expand(pictures), inplace=True)
        narrow: Tensor = self.project(functional.relu6(self.depthwise(hidden), inplace=True))
        return narrow.add_(pictures) if self.adds_input else narrow


class EfficientNetLite(nn.Module):
    """The network up to its pooled features, batch normalisation folded into the convolutions.

    Args:
        weights: the published tensors; they set all sizes but depth and strides.
        depth: the factor by which the middle stages are repeated more often: 1.0, 1.1 and 1.2 for Lite0, 1 and 2.
    """

    def __init__(self, weights: Weights, depth: float) -> None:
        super().__init__()
        self.stem = _folded(weights, "_conv_stem", "_bn0", stride=2)
        self.blocks = nn.Sequential(
            *(_block(weights, f"_blocks.{i}", stride) for i, stride in enumerate(_block_strides(depth)))
        )
        self.head = _folded(weights, "_conv_head", "_bn1")
        self.feature_size: int = self.head.weight.shape[0]

    def forward(self, pictures: Tensor) -> Tensor:
        """Features of normalised pictures.

        Args:
            pictures: (B, 3, H, W) float32, RGB, (value - 127) / 128 of the values 0 to 255.

        Returns:
            (B, feature_size) float32, every number from 0 to 6: the mean over the picture of the last relu6.
        """
        return self.after(self.before(pictures, 0), 0)

    def before(self, pictures: Tensor, block: int) -> Tensor:
        """The first part of the network: (B, 3, H, W) to what goes into the block of that number, (B, C, h, w)."""
        hidden: Tensor = self.blocks[:block](functional.relu6(self.stem(pictures), inplace=True))
        return hidden

    def after(self, hidden: Tensor, block: int) -> Tensor:
        """The rest of it: what goes into the block of that number to features, (B, C, h, w) to (B, feature_size)."""
        hidden = self.blocks[block:](hidden)
        hidden = functional.relu6(self.head(hidden), inplace=True)
        return hidden.mean(dim=(2, 3))

    def last_parameters(self, blocks: int) -> dict[str, nn.Parameter]:
        """Weights and biases of the last blocks, and of the head convolution, by their names."""
        first = len(self.blocks) - blocks
        parts = [(f"blocks.{number}", self.blocks[number]) for number in range(first, len(self.blocks))]
        parts.append(("head", self.head))
        return {f"{prefix}.{name}": tensor for prefix, part in parts for name, tensor in part.named_parameters()}

    def put_last_parameters(self, tensors: Mapping[str, Tensor]) -> None:
        """Replace weights and biases, named and shaped as `last_parameters` has them."""
        for name in {name.rpartition(".")[0] for name in tensors}:
            layer = self.get_submodule(name)
            assert isinstance(layer, SameConvolution)
            layer.put(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _block_strides(depth: float) -> list[int]:
    strides = []
    for stage, (repeats, stride) in enumerate(_STAGES):
        if stage not in (0, len(_STAGES) - 1):  # The Lite networks do not deepen the first and the last stage.
            repeats = math.ceil(repeats * depth)
        strides += [stride] + [1] * (repeats - 1)
    return strides


def _block(weights: Weights, prefix: str, stride: int) -> InvertedResidual:
    expand = None
    if f"{prefix}._expand_conv.weight" in weights:
        expand = _folded(weights, f"{prefix}._expand_conv", f"{prefix}._bn0")
    depthwise = _folded(weights, f"{prefix}._depthwise_conv", f"{prefix}._bn1", stride, depthwise=True)
    return InvertedResidual(expand, depthwise, _folded(weights, f"{prefix}._project_conv", f"{prefix}._bn2"))


def _folded(
    weights: Weights, convolution: str, norm: str, stride: int = 1, *, depthwise: bool = False
) -> SameConvolution:
    """The convolution and the batch normalisation after it, as one: in float64, rounded once."""
    kernel = weights[f"{convolution}.weight"].double()
    scale = weights[f"{norm}.weight"].double() / (weights[f"{norm}.running_var"].double() + BATCH_NORM_EPSILON).sqrt()
    bias = weights[f"{norm}.bias"].double() - weights[f"{norm}.running_mean"].double() * scale
    folded = (kernel * scale[:, None, None, None]).float()
    return SameConvolution(folded, bias.float(), stride, groups=kernel.shape[0] if depthwise else 1)
