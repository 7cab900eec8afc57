"""Networks of pictures in OpenVINO: the same layers and folded weights, for about two thirds of torch's CPU time.

B pictures of H x W pixels, D numbers in a feature, C channels.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
import numpy.typing as npt

from vidlabel.errors import InstallationError
from vidlabel.features.encoders.layers import Convolution
from vidlabel.features.encoders.network_graph import NetworkGraph, Node
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.process import give_back_freed_memory
from vidlabel.stream_spec import ChannelValues

MOST_SHAPES = 8
"""Shapes of batches for which a compiled network is kept: 0.1 s and 25 MB each."""

_ONE_AT_A_TIME = threading.Lock()
"""Held while arrays are made from OpenVINO's and the other way round. Two threads that do it for the first time were
seen to wait for each other for ever (2026.4): one with the interpreter's lock, one with that of a C++ variable."""

_TELEMETRY = "openvino_telemetry"
_CONVERTERS = "openvino.tools"
_REMEDY = "run: pip install --force-reinstall openvino, or use --runtime torch"


class OpenvinoNetwork:
    """A network that OpenVINO runs on the CPU, one batch at a time on one thread. May be shared by threads.

    It is compiled for each shape of batch, since a network for any size was measured to be 8 % slower.

    Args:
        build: makes the model out of a graph's operations, for batches of any shape.
        threads: batches that go through it at the same time.

    Raises:
        InstallationError: OpenVINO is damaged, or cannot run here.
    """

    def __init__(self, build: Callable[[OpenvinoGraph], Any], threads: int) -> None:
        openvino = load_openvino()
        self._threads = threads
        self._requests: dict[tuple[int, ...], SimpleQueue[_Request]] = {}
        with _ONE_AT_A_TIME:
            self._core = openvino.Core()
            self._model = build(OpenvinoGraph(openvino))

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """What the model makes of inputs.

        Args:
            inputs: (B, ...), such as pictures (B, H, W, 3).

        Returns:
            (B, ...), as the model was built.
        """
        requests = self._requests_for(inputs.shape)
        request = requests.get()
        try:
            return request.run(inputs)
        finally:
            requests.put(request)

    def _requests_for(self, shape: tuple[int, ...]) -> SimpleQueue[_Request]:
        with _ONE_AT_A_TIME:
            requests = self._requests.pop(shape, None) or self._compile(shape)
            self._requests[shape] = requests  # The last one of the dictionary was used last.
            if len(self._requests) > MOST_SHAPES:
                del self._requests[next(iter(self._requests))]
            return requests

    def _compile(self, shape: tuple[int, ...]) -> SimpleQueue[_Request]:
        settings = {
            "INFERENCE_NUM_THREADS": self._threads,
            "NUM_STREAMS": self._threads,  # So each batch has one thread: its bytes do not depend on their number.
            "INFERENCE_PRECISION_HINT": "f32",  # Some processors would round to 16 bits.
            "ENABLE_CPU_PINNING": False,  # Decoders and other workers share the cores; the kernel knows who is idle.
        }
        try:
            model = self._model.clone()
            model.reshape(list(shape))
            compiled = self._core.compile_model(model, "CPU", settings)
        except RuntimeError as error:
            raise InstallationError("openvino", f"cannot run the encoder here ({error})", _REMEDY) from error
        requests: SimpleQueue[_Request] = SimpleQueue()
        for _ in range(self._threads):
            requests.put(_Request(compiled.create_infer_request()))
        give_back_freed_memory()  # Compiling leaves 5 MB, in each worker.
        return requests


class _Request:
    """A place for one batch in a compiled network.

    Inputs and features are copied from and to arrays that were made once: see `_ONE_AT_A_TIME`.
    """

    def __init__(self, request: Any) -> None:  # noqa: ANN401
        self._request = request
        self._inputs = request.get_input_tensor().data
        self._values = request.get_output_tensor().data

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """As `OpenvinoNetwork.run`; for one thread at a time."""
        np.copyto(self._inputs, inputs)
        self._request.start_async()
        self._request.wait()
        values: npt.NDArray[np.float32] = self._values.copy()
        return values


def load_openvino() -> Any:  # noqa: ANN401 - a package without types, which need not be installed
    """Import OpenVINO without its telemetry, which reports each import to its makers without asking.

    Nor are its converters of other formats imported, half of the 0.3 s of CPU that the import takes. It does without
    where these packages are missing, so for the time of the import they are.

    Raises:
        InstallationError: it cannot be imported.
    """
    loaded = "openvino" in sys.modules
    hidden = [name for name in (_TELEMETRY, _CONVERTERS) if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment] # Python's own sign for a package that is not there.
    try:
        openvino = importlib.import_module("openvino")
    except (ImportError, OSError) as error:
        raise InstallationError("openvino", f"cannot be loaded ({error})", _REMEDY) from error
    finally:
        for name in hidden:
            del sys.modules[name]
    if not loaded:
        vars(openvino).setdefault("__getattr__", _find_converter)
    return openvino


def first_reason(error: BaseException) -> str:
    """What a library says is wrong, without the places in the sources of OpenVINO."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line for line in lines if line and not line.startswith("Exception from ")]
    return said[0][:200] if said else "no reason given"


def _find_converter(name: str) -> Any:  # noqa: ANN401
    """What a program finds that uses this library and `openvino.convert_model`, too."""
    if name != "convert_model":
        raise AttributeError(f"module 'openvino' has no attribute {name!r}")
    return importlib.import_module("openvino.tools.ovc").convert_model


class OpenvinoGraph(NetworkGraph):
    """Builds a network out of OpenVINO's operations."""

    def __init__(self, openvino: Any) -> None:  # noqa: ANN401
        self._openvino = openvino
        self._operations = openvino.opset15

    def frames(self) -> Node:
        """The input of a network of pictures: (B, H, W, 3) uint8."""
        return self._operations.parameter([-1, -1, -1, 3], np.uint8, name="frames")

    def patches(self, frames: int, bands: int) -> Node:
        """The input of a network of log-mel spectrograms: (B, 1, `frames`, `bands`) float32."""
        return self._operations.parameter([-1, 1, frames, bands], np.float32, name="patches")

    @property
    def operations(self) -> Any:  # noqa: ANN401
        """All of OpenVINO's operations, by their names."""
        return self._operations

    def read(self, content: bytes) -> Any:  # noqa: ANN401
        """The model in a file of ONNX.

        Raises:
            ValueError: OpenVINO cannot read it.
        """
        try:
            return self._openvino.Core().read_model(content)
        except RuntimeError as error:
            raise ValueError(f"cannot be read by OpenVINO ({first_reason(error)})") from error

    def model(self, output: Node, inputs: Node) -> Any:  # noqa: ANN401
        """The model that makes `output` of the inputs."""
        return self._openvino.Model([output], [inputs], "encoder")

    def scaled(self, frames: Node, scaling: PixelScaling) -> Node:
        """(B, H, W, 3) uint8 to (B, 3, H, W) float32."""
        operations = self._operations
        hidden = operations.transpose(operations.convert(frames, np.float32), [0, 3, 1, 2])
        mean, scale = _channel_values(scaling.mean), _channel_values(scaling.scale)
        return operations.divide(operations.subtract(hidden, mean), scale)

    def convolve(self, layer: Convolution, pictures: Node) -> Node:
        """Apply a convolution to (B, C, H, W)."""
        values = np.ascontiguousarray(layer.weight)
        strides, no_padding, no_dilation = [layer.stride] * 2, [0, 0], [1, 1]
        arguments = (strides, no_padding, no_padding, no_dilation, "same_upper")
        kernel = self._constant(values[:, None] if layer.groups > 1 else values)
        if layer.groups > 1:
            hidden = self._operations.group_convolution(pictures, kernel, *arguments)
        else:
            hidden = self._operations.convolution(pictures, kernel, *arguments)
        return self._operations.add(hidden, self._constant(layer.bias[None, :, None, None]))

    def add(self, one: Node, other: Node) -> Node:
        """The sum of two nodes of one shape."""
        return self._operations.add(one, other)

    def relu(self, hidden: Node) -> Node:
        """Clip at 0."""
        return self._operations.relu(hidden)

    def relu6(self, hidden: Node) -> Node:
        """Clip to 0 ... 6."""
        return self._operations.clamp(hidden, 0.0, 6.0)

    def sigmoid(self, hidden: Node) -> Node:
        """1 / (1 + exp(-x))."""
        return self._operations.sigmoid(hidden)

    def doubled(self, pictures: Node) -> Node:
        """(B, C, H, W) to (B, C, 2 H, 2 W), bilinear."""
        scales, axes = np.array([2, 2], np.float32), np.array([2, 3])
        return self._operations.interpolate(
            pictures, scales, "linear_onnx", "scales", coordinate_transformation_mode="half_pixel", axes=axes
        )

    def joined(self, maps: Sequence[Node]) -> Node:
        """Maps (B, C, H, W), their channels one after the other."""
        return self._operations.concat(list(maps), 1)

    def mean(self, pictures: Node) -> Node:
        """The mean over the picture: (B, C, H, W) to (B, C)."""
        return self._operations.reduce_mean(pictures, [2, 3])

    def _constant(self, values: npt.NDArray[np.float32]) -> Node:
        """OpenVINO turns arrays into lists of Python's numbers where it makes the constants: 85 ms in place of 6."""
        return self._openvino.op.Constant(values)


def _channel_values(values: ChannelValues) -> Any:  # noqa: ANN401
    """One number for all channels, or (1, 3, 1, 1)."""
    return np.array(values, np.float32).reshape(1, 3, 1, 1) if isinstance(values, tuple) else np.float32(values)
