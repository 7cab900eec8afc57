"""Encoders of files: opened and tried once before anything is computed, then run as the published ones are.

B pictures of H x W pixels, D numbers in a feature. ONNX runs in OpenVINO on the CPU, an ExportedProgram in torch, and
so does one of timm's networks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from vidlabel.checks import MAX_SIZE
from vidlabel.errors import EncoderFileError, InstallationError
from vidlabel.features.encoders.hardware import UsedDevice, is_openvino_installed
from vidlabel.features.encoders.network_files.declaration import KEY, PictureDeclaration, find_declaration
from vidlabel.features.encoders.network_files.encoder_file import NetworkFile, read_encoder_file
from vidlabel.features.encoders.network_files.onnx_file import describe_onnx
from vidlabel.features.encoders.network_files.onnx_network import onnx_graph, picture_input
from vidlabel.features.encoders.networks import CUDA_BATCH, EncoderNetwork, SpreadNetwork, encoder_threads
from vidlabel.features.encoders.openvino import OpenvinoNetwork, first_reason
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.process import available_cores
from vidlabel.stream_spec import NetworkFormat, NetworkInterface

if TYPE_CHECKING:
    from torch import nn

_EXPORT = "export it again, or give another file"
_NO_SCALING = PixelScaling(mean=0.0, scale=1.0)
"""Of networks that take the values 0 to 255."""


class FileEncoder:
    """The network of a file, which turns pictures into features; may be shared by threads.

    Args:
        file: what is known of it.
        device: where it runs.
        threads: pictures that are encoded at the same time on the CPU; None: as many as this process has cores.

    Raises:
        EncoderFileError: the file cannot be used, or is another one than before.
        InstallationError: what runs it is missing.
    """

    def __init__(self, file: NetworkFile, device: UsedDevice, threads: int | None) -> None:
        content, sha256 = read_encoder_file(file.path)
        if sha256 != file.sha256:
            raise EncoderFileError(file.path, "has changed meanwhile", "run the command again")
        self._path = file.path
        self._network = _load(file.path, content, file.interface, file.scaling, device, threads)
        self.feature_size = file.feature_size
        """D."""
        self.batch_size = 1 if device == "cpu" else CUDA_BATCH
        """Pictures that go through the network at once."""

    def encode(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Encode pictures.

        Args:
            frames: (B, H, W, 3) RGB, values 0 to 255.

        Returns:
            (B, D).

        Raises:
            EncoderFileError: the network does not take such pictures, or gives numbers that are not finite.
        """
        if len(frames) == 0:
            return np.zeros((0, self.feature_size), np.float32)
        values = _run(self._path, self._network, frames)
        if values.shape[1] != self.feature_size:
            problem = f"gives {values.shape[1]} numbers, and not the {self.feature_size} of before"
            raise EncoderFileError(self._path, problem, "give pictures of the declared size")
        return values


def open_encoder_file(path: Path, short_side: int | None = None) -> NetworkFile:
    """Open a file, and try its network on two pictures.

    Args:
        path: with the suffix `.onnx` or `.pt2`.
        short_side: pixels of the shorter side of a frame; None: as declared.

    Raises:
        EncoderFileError: it cannot be used as an encoder.
        InstallationError: what runs it is missing.
    """
    content, sha256 = read_encoder_file(path)
    kind = cast("NetworkFormat", path.suffix[1:].lower())
    declared, element, shape = _described(path, content, kind)
    side = short_side or declared.short_side
    scaling = _scaling(path, declared, element)
    interface = NetworkInterface(
        format=kind,
        layout=declared.layout,
        channels=declared.channels,
        pooling=declared.pooling,
        output=declared.output,
    )
    _check_shape(path, shape, interface, side)
    network = _load(path, content, interface, scaling, "cpu", 1)
    size = _try(path, network, side)
    return NetworkFile(
        path=path, sha256=sha256, feature_size=size, short_side=side, scaling=scaling, interface=interface
    )


def open_timm_encoder(encoder: str, short_side: int | None = None) -> NetworkFile:
    """Open the weights of one of timm's networks, and try it on two pictures.

    Args:
        encoder: `timm:NAME`, with weights that were pulled, or `timm:NAME=PATH`.
        short_side: pixels of the shorter side of a frame; None: as the weights were published.

    Raises:
        UsageError: there are no such weights, or timm does not know the network.
        EncoderFileError: the weights cannot be used.
        InstallationError: timm is missing, or the weights were not pulled.
    """
    from vidlabel.features.encoders.network_files.timm_network import build_timm, parse_timm  # torch

    chosen = parse_timm(encoder)
    content, sha256 = read_encoder_file(chosen.path)
    interface = NetworkInterface(format="timm", architecture=chosen.architecture)
    try:
        found = build_timm(chosen.architecture, content)
    except ValueError as error:
        raise EncoderFileError(chosen.path, str(error), "give the weights of that network") from error
    side = short_side or found.short_side
    size = _try(chosen.path, _torch_network(found.module, found.scaling, "cpu", 1), side)
    return NetworkFile(
        path=chosen.path, sha256=sha256, feature_size=size, short_side=side, scaling=found.scaling, interface=interface
    )


def _described(
    path: Path, content: bytes, kind: NetworkFormat
) -> tuple[PictureDeclaration, str, tuple[int | None, ...]]:
    """The declaration of a file, and type and shape of the input that the file itself states."""
    try:
        if kind == "onnx":
            found = describe_onnx(content)
            pictures = picture_input(found)
            return find_declaration(path, found.metadata.get(KEY)), pictures.element, pictures.shape
        from vidlabel.features.encoders.network_files.exported_program import read_exported_program  # torch

        network = read_exported_program(content, KEY)
        element = str(network.dtype).removeprefix("torch.")
        return find_declaration(path, network.declaration), element, network.shape
    except ValueError as error:
        raise EncoderFileError(path, str(error), _EXPORT) from error


def _scaling(path: Path, declared: PictureDeclaration, element: str) -> PixelScaling:
    """The scaling of the pixels; without a declared one no number is sure."""
    if declared.dtype not in (None, element):
        problem = f"takes {element}, and {declared.dtype} is declared"
        raise EncoderFileError(path, problem, "correct dtype in the declaration, or leave it out")
    if declared.mean is not None and declared.scale is not None:
        if element == "uint8":
            raise EncoderFileError(path, "takes whole numbers, 0 to 255", "leave mean and scale out of the declaration")
        return PixelScaling(declared.mean, declared.scale)
    if element != "uint8":
        problem = f"takes {element}, and mean and scale are not declared"
        raise EncoderFileError(path, problem, 'add "mean" and "scale", of the values 0 to 255')
    return _NO_SCALING


def _check_shape(path: Path, shape: tuple[int | None, ...], interface: NetworkInterface, side: int) -> None:
    """Refuse pictures that the file says it does not take."""
    if len(shape) != 4:
        raise EncoderFileError(path, f"takes {len(shape)} axes, and pictures have 4", _EXPORT)
    _, *rest = shape
    (channels, *sides) = rest if interface.layout == "NCHW" else [rest[2], *rest[:2]]
    if channels not in (None, 3):
        other = "NHWC" if interface.layout == "NCHW" else "NCHW"
        problem = f"takes {channels} channels in the layout {interface.layout}, and pictures have 3"
        raise EncoderFileError(path, problem, f'declare "layout": "{other}", or give another file')
    if any(size not in (None, side) for size in sides):
        taken = " x ".join("?" if size is None else str(size) for size in sides)
        problem = f"takes pictures of {taken} pixels, and their short side is {side}"
        raise EncoderFileError(path, problem, "declare its own short_side, and leave --short-side out")


def _load(
    path: Path,
    content: bytes,
    interface: NetworkInterface,
    scaling: PixelScaling,
    device: UsedDevice,
    threads: int | None,
) -> EncoderNetwork:
    """The network for any number of pictures."""
    count = threads or available_cores()
    try:
        if interface.format == "onnx":
            return _load_onnx(content, interface, scaling, count)
        if interface.architecture is not None:
            from vidlabel.features.encoders.network_files.timm_network import build_timm  # torch

            built = build_timm(interface.architecture, content)
            return _torch_network(built.module, built.scaling, device, count)
        return _load_exported(content, interface, scaling, device, count)
    except ValueError as error:
        raise EncoderFileError(path, str(error), _EXPORT) from error


def _load_onnx(content: bytes, interface: NetworkInterface, scaling: PixelScaling, threads: int) -> EncoderNetwork:
    if not is_openvino_installed():
        problem, remedy = "runs ONNX files, and is not installed", "run: pip install openvino, or give a .pt2 file"
        raise InstallationError("openvino", problem, remedy)
    found = describe_onnx(content)
    names = ", ".join(found.outputs)
    output = interface.output or (found.outputs[0] if len(found.outputs) == 1 else "")
    if output not in found.outputs:
        wanted = f"has no output {output!r}" if output else 'has several outputs, and "output" does not name one'
        raise ValueError(f"{wanted}: {names}")
    build = onnx_graph(content, picture_input(found).element, output, interface, scaling)
    return SpreadNetwork(OpenvinoNetwork(build, threads), encoder_threads(threads))


def _load_exported(
    content: bytes, interface: NetworkInterface, scaling: PixelScaling, device: UsedDevice, threads: int
) -> EncoderNetwork:
    from vidlabel.features.encoders.network_files.exported_network import ExportedModule
    from vidlabel.features.encoders.network_files.exported_program import read_exported_program

    if interface.output is not None:
        raise ValueError("has one output, without a name: leave output out of the declaration")
    network = read_exported_program(content, KEY)
    batch_size = CUDA_BATCH if network.shape[0] is None else 1
    return _torch_network(ExportedModule(network, interface, device), scaling, device, threads, batch_size)


def _torch_network(
    module: nn.Module, scaling: PixelScaling, device: UsedDevice, threads: int, batch_size: int = CUDA_BATCH
) -> EncoderNetwork:
    """One that torch runs: a picture at a time on the CPU, by several threads, or in batches on a GPU."""
    import torch

    from vidlabel.features.encoders.torch_networks import BatchedNetwork, TorchNetwork, single_torch_threads

    if device == "cpu":
        return SpreadNetwork(TorchNetwork(module, scaling), single_torch_threads(threads))
    return BatchedNetwork(module, device, torch.float32, batch_size, scaling)


_FAILURES = (InstallationError, RuntimeError, ValueError, TypeError, LookupError, AssertionError)
"""What running a network raises that does not take such pictures."""


def _run(path: Path, network: EncoderNetwork, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """The features (B, D) of pictures."""
    try:
        values = network.run(frames)
    except _FAILURES as error:
        what = f"one picture of {frames.shape[2]} x {frames.shape[1]} pixels"
        problem = f"cannot be run on {what} ({first_reason(error.__cause__ or error)})"
        remedy = "export it for one picture or any number of them, and declare the size that it takes"
        raise EncoderFileError(path, problem, remedy) from error
    if values.ndim != 2 or len(values) != len(frames):
        shape = " x ".join(map(str, values.shape))
        problem = f"gives {shape} numbers for {len(frames)} pictures that are taken one by one"
        raise EncoderFileError(path, problem, "export it for one picture or any number of them")
    if not np.isfinite(values).all():
        raise EncoderFileError(path, "gives numbers that are not finite", "check mean and scale, or give another file")
    return values


def _try(path: Path, network: EncoderNetwork, side: int) -> int:
    """Run a network on two unlike pictures, one of them twice.

    Returns:
        The size of a feature.
    """
    noise = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
    slope = np.broadcast_to(np.linspace(0, 255, side).astype(np.uint8)[:, None, None], noise.shape)
    first, other, again = _run(path, network, np.stack([noise, slope, noise]))
    if first.size > MAX_SIZE or first.size == 0:
        problem = f"gives {first.size} numbers for a picture, and a feature has 1 to {MAX_SIZE}"
        raise EncoderFileError(path, problem, 'declare "pooling", or give another file')
    if first.tobytes() != again.tobytes():
        problem = "gives other numbers for the same picture the second time"
        raise EncoderFileError(path, problem, "call .eval() before it is exported")
    if (first == other).all():
        raise EncoderFileError(path, "gives the same numbers for unlike pictures", _EXPORT)
    return int(first.size)
