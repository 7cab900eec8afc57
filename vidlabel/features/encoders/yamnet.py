"""The network YAMNet in torch: log-mel spectrograms in, feature vectors out.

B spectrograms, D = 1024 numbers in a feature.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from vidlabel.features.encoders.efficientnet import same_convolution
from vidlabel.features.encoders.layers import Convolution
from vidlabel.features.encoders.networks import CUDA_BATCH, EncoderNetwork
from vidlabel.features.encoders.torch_networks import exact_convolutions, memory_errors


class Yamnet(nn.Module):
    """The network up to its pooled features.

    Args:
        layers: copied.
    """

    def __init__(self, layers: Sequence[Convolution]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(same_convolution(layer) for layer in layers)

    def forward(self, patches: Tensor) -> Tensor:
        """Features (B, D) of log-mel spectrograms (B, 1, 96, 64): the means of the last ReLU, 0 or more."""
        hidden = patches
        for layer in self.layers:
            hidden = functional.relu(layer(hidden), inplace=True)
        return hidden.mean(dim=(2, 3))


def yamnet_network(layers: Sequence[Convolution], device: str) -> EncoderNetwork:
    """The network as torch runs it: one spectrogram at a time on the CPU, in batches elsewhere.

    Raises:
        DeviceError: the GPU has too little memory left.
    """
    network = Yamnet(layers).eval().requires_grad_(False)
    return _CpuNetwork(network) if device == "cpu" else _GpuNetwork(network, device)


class _CpuNetwork:
    def __init__(self, network: Yamnet) -> None:
        self._network = network

    def run(self, patches: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(B, 1, 96, 64) to (B, D)."""
        with torch.inference_mode():
            features: npt.NDArray[np.float32] = self._network(torch.from_numpy(patches)).numpy()
        return features


class _GpuNetwork:
    """Runs batches of one size, the last one filled up."""

    def __init__(self, network: Yamnet, device: str) -> None:
        with memory_errors():
            self._network = network.to(device)
        self._device = device

    def run(self, patches: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(B, 1, 96, 64) to (B, D)."""
        batches = []
        with memory_errors(), torch.inference_mode(), exact_convolutions(self._device):
            for first in range(0, len(patches), CUDA_BATCH):
                own = patches[first : first + CUDA_BATCH]
                batch = torch.zeros((CUDA_BATCH, *own.shape[1:]))
                batch[: len(own)] = torch.from_numpy(own)
                batches.append(self._network(batch.to(self._device))[: len(own)])
            features: npt.NDArray[np.float32] = torch.cat(batches).cpu().numpy()
        return features
