"""The operations that networks of encoders are written in, once for all that run or store them as a graph.

B pictures of H x W pixels, C channels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vidlabel.features.encoders.layers import BlockLayers, Convolution
    from vidlabel.features.encoders.weights import PixelScaling

Node = Any
"""What an operation gives: of a type of the library that the graph is made for."""


class NetworkGraph(ABC):
    """Builds a network for batches of any shape. A library may have more operations than these."""

    @abstractmethod
    def frames(self) -> Node:
        """The input of a network of pictures: (B, H, W, 3) uint8."""

    @abstractmethod
    def patches(self, frames: int, bands: int) -> Node:
        """The input of a network of log-mel spectrograms: (B, 1, `frames`, `bands`) float32."""

    @abstractmethod
    def model(self, output: Node, inputs: Node) -> Any:  # noqa: ANN401
        """The model that makes `output` of the inputs."""

    @abstractmethod
    def scaled(self, frames: Node, scaling: PixelScaling) -> Node:
        """(B, H, W, 3) uint8 to (B, 3, H, W) float32."""

    @abstractmethod
    def convolve(self, layer: Convolution, pictures: Node) -> Node:
        """Apply a convolution to (B, C, H, W)."""

    @abstractmethod
    def add(self, one: Node, other: Node) -> Node:
        """The sum of two nodes of one shape."""

    @abstractmethod
    def relu(self, hidden: Node) -> Node:
        """Clip at 0."""

    @abstractmethod
    def relu6(self, hidden: Node) -> Node:
        """Clip to 0 ... 6."""

    @abstractmethod
    def mean(self, pictures: Node) -> Node:
        """The mean over the picture: (B, C, H, W) to (B, C)."""

    def block(self, block: BlockLayers, pictures: Node) -> Node:
        """Apply a block to (B, C, H, W)."""
        hidden = pictures if block.expand is None else self.relu6(self.convolve(block.expand, pictures))
        narrow = self.convolve(block.project, self.relu6(self.convolve(block.depthwise, hidden)))
        return self.add(narrow, pictures) if block.adds_input else narrow
