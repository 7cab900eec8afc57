"""The clip encoder: clips in, feature vectors out.

Each clip goes through the network alone, in one torch thread, so that its feature depends on nothing else; several
threads share the clips. T clips of L frames of S x S pixels, D numbers in a feature.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from vidlabel.features.encoders.hardware import Device, resolve_hardware
from vidlabel.features.encoders.networks import EncoderNetwork, SpreadNetwork
from vidlabel.features.encoders.torch_networks import exact_convolutions, memory_errors, single_torch_threads
from vidlabel.features.encoders.video_networks.table import VideoNetwork
from vidlabel.features.encoders.video_networks.torchvision_networks import build_network, read_network_weights
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.process import available_cores
from vidlabel.stream_spec import channel_values


class ClipEncoder:
    """Encodes clips. Made by `load_clip_encoder`; may be shared by threads."""

    batch_size = 1

    def __init__(self, network: VideoNetwork, layers: nn.Module, device: str, threads: int) -> None:
        self.feature_size = network.feature_size
        """D."""
        single = _ClipNetwork(layers, network.scaling, device)
        self._network: EncoderNetwork = SpreadNetwork(single, single_torch_threads(threads if device == "cpu" else 1))

    def encode(self, clips: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """(T, L, S, S, 3) RGB, values 0 to 255, to (T, D).

        Raises:
            DeviceError: the GPU has too little memory left.
        """
        if len(clips) == 0:
            return np.zeros((0, self.feature_size), np.float32)
        return self._network.run(clips)


class _ClipNetwork:
    """The network as it takes one clip."""

    def __init__(self, layers: nn.Module, scaling: PixelScaling, device: str) -> None:
        with memory_errors():
            self._layers = layers.to(device)
        self._device = device
        self._mean = torch.tensor(channel_values(scaling.mean), device=device).view(3, 1, 1, 1)
        self._scale = torch.tensor(channel_values(scaling.scale), device=device).view(3, 1, 1, 1)

    def run(self, clips: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(1, L, S, S, 3) to (1, D)."""
        pixels = torch.from_numpy(np.ascontiguousarray(clips)).permute(0, 4, 1, 2, 3).to(self._device).float()
        with memory_errors(), torch.inference_mode(), exact_convolutions(self._device):
            values: npt.NDArray[np.float32] = self._layers((pixels - self._mean) / self._scale).cpu().numpy()
        return values


def load_clip_encoder(network: VideoNetwork, device: Device, threads: int | None) -> ClipEncoder:
    """Load a network with the weights that were pulled.

    Args:
        network: of the table.
        device: where it runs.
        threads: clips that are encoded at the same time on the CPU; None: as many as this process has cores.

    Raises:
        InstallationError: torchvision or the weights are missing or damaged.
        DeviceError: there is no GPU, or it has too little memory left.
    """
    used_device, _ = resolve_hardware(device, "torch")
    layers = build_network(network, read_network_weights(network))
    return ClipEncoder(network, layers, used_device, threads or available_cores())
