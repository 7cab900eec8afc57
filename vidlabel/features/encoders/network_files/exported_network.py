"""Networks of ExportedPrograms in torch, with the axes, channels and pooling that are declared.

B pictures of H x W pixels, D numbers in a feature.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vidlabel.features.encoders.network_files.declaration import pooled_axes
from vidlabel.features.encoders.network_files.exported_program import ExportedNetwork
from vidlabel.stream_spec import NetworkInterface


class ExportedModule(nn.Module):
    """The network for pictures that are scaled already.

    Args:
        network: as its file holds it.
        interface: how it takes pictures, and what is pooled.
        device: where its weights are put; their precision stays that of the file.
    """

    def __init__(self, network: ExportedNetwork, interface: NetworkInterface, device: str) -> None:
        super().__init__()
        self._network = network
        self._interface = interface
        self._device = torch.device(device)
        self._weights = {name: tensor.to(self._device) for name, tensor in network.weights.items()}

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, 3, H, W) float32 to (B, D) float32.

        Raises:
            ValueError: the output cannot be pooled as declared.
        """
        if self._interface.channels == "bgr":
            pictures = pictures.flip(1)
        if self._interface.layout == "NHWC":
            pictures = pictures.permute(0, 2, 3, 1)
        taken = pictures.to(self._network.dtype).contiguous()
        (output,) = self._network.graph.run({**self._weights, self._network.pictures: taken}, self._device)
        axes = pooled_axes(output.ndim, self._interface)
        values: Tensor = output.float()
        if self._interface.pooling == "cls":
            return values[:, 0]
        return values.mean(dim=axes) if axes else values
