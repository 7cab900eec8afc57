"""The EfficientNet-Lite networks in torch, for inference, and for tuning their last blocks.

Shapes: B pictures, C channels, H and W pixels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from vidlabel.features.encoders.efficientnet_layers import LiteLayers, load_layers
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.layers import BlockLayers, Convolution
from vidlabel.tensor_files import tensor_digest


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
        top, bottom = self.padding(pictures.shape[2])
        left, right = self.padding(pictures.shape[3])
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

    def padding(self, size: int) -> tuple[int, int]:
        """Zeros before and after `size` pixels."""
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
    """The network up to its pooled features.

    Args:
        layers: copied.
    """

    def __init__(self, layers: LiteLayers) -> None:
        super().__init__()
        self.stem = same_convolution(layers.stem)
        self.blocks = nn.Sequential(*(inverted_residual(block) for block in layers.blocks))
        self.head = same_convolution(layers.head)
        self.feature_size = layers.feature_size

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
        return self.last_map(hidden, block).mean(dim=(2, 3))

    def last_map(self, hidden: Tensor, block: int) -> Tensor:
        """What features are the means of: what goes into a block to the last map, (B, feature_size, h', w')."""
        last: Tensor = functional.relu6(self.head(self.blocks[block:](hidden)), inplace=True)
        return last

    def map_places(self, size: int) -> tuple[float, float]:
        """Where the cells of the last map look at a picture, along a side of `size` pixels.

        Returns:
            Pixels from the edge to the middle of what the first cell sees, and from there to the next. Padding at the
            end alone puts them further on than equal shares of the picture: of 224 pixels the first lies at 31.5.
        """
        middle, step = 0.5, 1.0
        for layer in self.modules():
            if isinstance(layer, SameConvolution):
                before, _ = layer.padding(size)
                middle += step * ((layer.weight.shape[2] - 1) / 2 - before)
                step *= layer.stride
                size = math.ceil(size / layer.stride)
        return middle, step

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


def same_convolution(layer: Convolution) -> SameConvolution:
    """The layer in torch, with copies of its numbers."""
    return SameConvolution(torch.tensor(layer.weight), torch.tensor(layer.bias), layer.stride, layer.groups)


def inverted_residual(block: BlockLayers) -> InvertedResidual:
    """The block in torch, with copies of its numbers."""
    expand = None if block.expand is None else same_convolution(block.expand)
    return InvertedResidual(expand, same_convolution(block.depthwise), same_convolution(block.project))


def load_network(name: str, tuned: FinetunedWeights | None = None) -> EfficientNetLite:
    """The network of an encoder.

    Raises:
        UsageError, InstallationError: as `load_layers`.
    """
    return EfficientNetLite(load_layers(name, tuned))


def tuned_weights_of(network: EfficientNetLite, blocks: int, published_sha256: str) -> FinetunedWeights:
    """Take the last blocks and the head convolution out of a network.

    Args:
        network: that was tuned.
        blocks: how many.
        published_sha256: of the weights that it had before.
    """
    names = network.last_parameters(blocks)
    tensors = {name: np.ascontiguousarray(tensor.detach().cpu().numpy()) for name, tensor in names.items()}
    return FinetunedWeights(
        blocks=blocks, published_sha256=published_sha256, sha256=tensor_digest(tensors), tensors=tensors
    )
