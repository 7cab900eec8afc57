"""Encoders as ONNX graphs, with all that stands between a picture or a sound and the network.

B pictures of H x W pixels, or windows of sound; C channels, D numbers in a feature.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vidlabel.export.onnx_graph import OnnxGraph, Value
from vidlabel.features.encoders.layers import Convolution
from vidlabel.features.encoders.log_mel import FRAME_STEP, OFFSET, fourier_basis, mel_bands
from vidlabel.features.encoders.network_graph import NetworkGraph
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.features.streams.audio import SILENCE_DBFS
from vidlabel.stream_spec import ChannelValues
from vidlabel.video.request import SOUND_WINDOW

PICTURES = "frames"
WINDOWS = "windows"
FEATURES = "features"


class EncoderGraph(NetworkGraph):
    """Builds an encoder out of ONNX's operators.

    Args:
        feature_size: D.
    """

    def __init__(self, feature_size: int) -> None:
        self._graph = OnnxGraph()
        self._feature_size = feature_size

    def frames(self) -> Value:
        """The input of a network of pictures: (B, H, W, 3) uint8."""
        return self._graph.input(PICTURES, np.uint8, ["B", "H", "W", 3])

    def patches(self, frames: int, bands: int) -> Value:
        """The log-mel spectrograms, (B, 1, `frames`, `bands`), of an input of windows of sound, (B, 15600)."""
        graph = self._graph
        windows = graph.input(WINDOWS, np.float32, ["B", SOUND_WINDOW])
        power = graph.op("ReduceMean", graph.op("Mul", windows, windows), axes=[1], keepdims=1)
        heard = graph.op("Cast", graph.op("Greater", power, graph.number(10 ** (SILENCE_DBFS / 10))), to=1)
        sound = graph.op("Unsqueeze", graph.op("Mul", windows, heard), graph.whole(1))
        basis = fourier_basis()
        parts = graph.op("Conv", sound, graph.constant(basis[:, None]), strides=[FRAME_STEP])
        real, imaginary = graph.ops("Split", [graph.op("Mul", parts, parts)], 2, axis=1)
        magnitudes = graph.op("Sqrt", graph.op("Add", real, imaginary))
        mel = graph.linear(graph.op("Transpose", magnitudes, perm=[0, 2, 1]), mel_bands().T, None)
        logarithms = graph.op("Log", graph.op("Add", mel, graph.number(OFFSET)))
        return graph.reshape(logarithms, 0, 1, frames, bands)

    def model(self, output: Value, inputs: Value) -> OnnxGraph:  # noqa: ARG002 - the graph knows its inputs
        """The graph that makes `output` of the inputs."""
        self._graph.output(FEATURES, output, np.float32, ["B", self._feature_size])
        return self._graph

    def scaled(self, frames: Value, scaling: PixelScaling) -> Value:
        """(B, H, W, 3) uint8 to (B, 3, H, W) float32."""
        graph = self._graph
        pictures = graph.op("Transpose", graph.op("Cast", frames, to=1), perm=[0, 3, 1, 2])
        mean, scale = (self._channel_values(values) for values in (scaling.mean, scaling.scale))
        return graph.op("Div", graph.op("Sub", pictures, mean), scale)

    def _channel_values(self, values: ChannelValues) -> Value:
        """One number for all channels, or (1, 3, 1, 1)."""
        if isinstance(values, tuple):
            return self._graph.constant(np.array(values, np.float32).reshape(1, 3, 1, 1))
        return self._graph.number(values)

    def convolve(self, layer: Convolution, pictures: Value) -> Value:
        """Apply a convolution to (B, C, H, W)."""
        weights: list[npt.NDArray[np.float32]] = [layer.weight, layer.bias]
        constants = [self._graph.constant(numbers) for numbers in weights]
        strides = [layer.stride] * 2
        return self._graph.op("Conv", pictures, *constants, auto_pad="SAME_UPPER", strides=strides, group=layer.groups)

    def add(self, one: Value, other: Value) -> Value:
        """The sum of two nodes of one shape."""
        return self._graph.op("Add", one, other)

    def relu(self, hidden: Value) -> Value:
        """Clip at 0."""
        return self._graph.op("Relu", hidden)

    def relu6(self, hidden: Value) -> Value:
        """Clip to 0 ... 6."""
        return self._graph.op("Clip", hidden, self._graph.number(0), self._graph.number(6))

    def mean(self, pictures: Value) -> Value:
        """The mean over the picture: (B, C, H, W) to (B, C)."""
        return self._graph.op("ReduceMean", pictures, axes=[2, 3], keepdims=0)
