"""Networks in ONNX files, run by OpenVINO on the CPU, with scaling and pooling built around them.

B pictures of H x W pixels, D numbers in a feature, C channels of a map of h x w cells, T tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vidlabel.features.encoders.network_files.declaration import pooled_axes
from vidlabel.features.encoders.network_files.onnx_file import OnnxDescription, OnnxInput
from vidlabel.features.encoders.openvino import OpenvinoGraph
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.stream_spec import NetworkInterface

PICTURE_TYPES = ("float32", "float16", "uint8")


def picture_input(found: OnnxDescription) -> OnnxInput:
    """The one input of a network of pictures.

    Raises:
        ValueError: there is another one, or it takes no pictures.
    """
    if found.weights_elsewhere:
        raise ValueError("keeps its weights in another file: save it as one file")
    if len(found.inputs) != 1:
        names = ", ".join(one.name for one in found.inputs) or "none"
        raise ValueError(f"needs one input, the pictures, and has {len(found.inputs)}: {names}")
    (pictures,) = found.inputs
    if len(pictures.shape) != 4 or pictures.element not in PICTURE_TYPES:
        shape = " x ".join("?" if size is None else str(size) for size in pictures.shape) or "no axes"
        raise ValueError(f"takes {pictures.element} of {shape}, and not pictures with 4 axes of {PICTURE_TYPES[0]}")
    return pictures


def onnx_graph(
    content: bytes, element: str, output: str, interface: NetworkInterface, scaling: PixelScaling
) -> Callable[[OpenvinoGraph], Any]:
    """What builds the model of a file: (B, H, W, 3) uint8 pictures to (B, D) float32 features.

    Args:
        content: of the file.
        element: type of its input.
        output: name of the output that holds the feature.
        interface: how it takes pictures, and what is pooled.
        scaling: of the pixels.

    Raises:
        ValueError: what OpenVINO says of a file that it cannot read, or the output cannot be pooled as declared.
    """

    def build(graph: OpenvinoGraph) -> Any:  # noqa: ANN401
        network = graph.read(content)
        frames = graph.frames()
        pictures = _pictures(graph, frames, element, interface, scaling)
        for place in network.inputs[0].get_node().output(0).get_target_inputs():
            place.replace_source_output(pictures.output(0))
        result = next(one for one in network.outputs if output in one.get_names()).get_node()
        return graph.model(_pooled(graph, result.input_value(0), interface), frames)

    return build


def _pictures(
    graph: OpenvinoGraph,
    frames: Any,  # noqa: ANN401
    element: str,
    interface: NetworkInterface,
    scaling: PixelScaling,
) -> Any:  # noqa: ANN401
    """The frames as the network takes them."""
    operations = graph.operations
    hidden = graph.scaled(frames, scaling)
    if interface.channels == "bgr":
        hidden = operations.gather(hidden, np.array([2, 1, 0]), np.int64(1))
    if interface.layout == "NHWC":
        hidden = operations.transpose(hidden, [0, 2, 3, 1])
    return hidden if element == "float32" else operations.convert(hidden, np.dtype(element))


def _pooled(graph: OpenvinoGraph, result: Any, interface: NetworkInterface) -> Any:  # noqa: ANN401
    """(B, D) float32, of (B, D), of a map (B, C, h, w) or of tokens (B, T, C)."""
    operations = graph.operations
    shape = result.get_partial_shape()
    rank = None if shape.rank.is_dynamic else len(shape)
    axes = pooled_axes(rank, interface)
    values = operations.convert(result, np.float32)
    if interface.pooling == "cls":
        return operations.gather(values, np.int64(0), np.int64(1))
    return operations.reduce_mean(values, axes) if axes else values
