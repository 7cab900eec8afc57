"""The frame encoder: pictures in, feature vectors out.

B pictures of H x W pixels, D numbers in a feature.

The same picture gives the same bytes whatever is encoded beside it. On the CPU every picture therefore goes through the
network alone, on one torch thread, and several Python threads share the pictures. Measured on two x86 cores: batches
of 16 and more, and two torch threads for one picture, change features by up to 1e-5; and alone is also the fastest,
since the tensors of one picture stay in the cache and below the size from which glibc maps fresh pages.
OpenVINO takes pictures in the same way for two thirds of the CPU; its features differ from torch's by up to 1e-5.
On a GPU pictures go in batches of one fixed size, the last one filled up, and by default in half precision: that moves
features, which lie between 0 and 6, by 0.0014 on average and 0.06 at most (benchmarks/half_precision.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vidlabel.errors import DeviceError, UsageError
from vidlabel.features.encoders.efficientnet import EfficientNetLite
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights, put_tuned_weights
from vidlabel.features.encoders.hardware import Device, Runtime, UsedRuntime, resolve_hardware
from vidlabel.features.encoders.openvino import OpenvinoNetwork, efficientnet_graph
from vidlabel.features.encoders.weights import (
    PUBLISHED_SCALING,
    PixelScaling,
    PublishedWeights,
    published_weights,
    read_weights,
    weights_path,
)
from vidlabel.process import available_cores

CUDA_BATCH = 32


class EncoderNetwork(Protocol):
    """What computes the feature of one input, such as a picture."""

    def run(self, inputs: npt.NDArray[Any], /) -> npt.NDArray[np.float32]:
        """The feature (1, D), or maps (1, C, h, w), of an input (1, ...)."""
        ...


class Encoder:
    """A frozen network that turns pictures into features. Made by `load_encoder`; may be shared by threads."""

    def __init__(
        self,
        published: PublishedWeights,
        network: EfficientNetLite,
        device: str,
        runtime: UsedRuntime,
        threads: int,
        scaling: PixelScaling = PUBLISHED_SCALING,
    ) -> None:
        self.name = published.name
        """`efficientnet-lite0`."""
        self.sha256 = published.sha256
        """SHA-256 of the published weights, which those of a model may have replaced in part."""
        self.device = device
        """`cpu` or `cuda`."""
        self.runtime = runtime
        """`torch`, `torch-half` or `openvino`."""
        self.feature_size = network.feature_size
        """D."""
        self.batch_size = 1 if device == "cpu" else CUDA_BATCH
        """Pictures that go through the network at once."""
        frozen = network.eval().requires_grad_(False)
        self._compute: Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]
        if device != "cpu":
            precision = torch.float16 if runtime == "torch-half" else torch.float32
            self._compute = BatchedNetwork(frozen, device, precision, scaling=scaling).run
        elif runtime == "openvino":
            self._compute = SpreadNetwork(OpenvinoNetwork(efficientnet_graph(frozen, scaling), threads), threads).run
        else:
            self._compute = SpreadNetwork(TorchNetwork(frozen, scaling), threads).run

    def encode(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Encode pictures.

        Args:
            frames: (B, H, W, 3) RGB, values 0 to 255; any B, and any H and W of 32 or more.

        Returns:
            (B, D), all numbers >= 0.
        """
        if len(frames) == 0:
            return np.zeros((0, self.feature_size), np.float32)
        return self._compute(frames)


class SpreadNetwork:
    """Lets several threads share inputs, each of which goes through the network alone.

    Args:
        network: for one input at a time, in each of the threads.
        threads: how many.
    """

    def __init__(self, network: EncoderNetwork, threads: int) -> None:
        self._network = network
        self._workers = single_torch_threads(threads)

    def run(self, inputs: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """The features (B, D) of inputs (B, ...)."""
        single = (inputs[number : number + 1] for number in range(len(inputs)))
        return np.concatenate(list(self._workers.map(self._network.run, single)))


class TorchNetwork:
    """A network that torch runs on the CPU."""

    def __init__(self, network: nn.Module, scaling: PixelScaling = PUBLISHED_SCALING) -> None:
        self._network = network
        self._scaling = scaling

    def run(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """The feature (1, D) of a picture (1, H, W, 3)."""
        with torch.inference_mode():
            pictures = normalised(torch.from_numpy(frames), scaling=self._scaling)
            values: npt.NDArray[np.float32] = self._network(pictures).numpy()
        return values


class BatchedNetwork:
    """A network that torch runs on a GPU, on batches of one size, so that features depend on nothing beside a picture.

    Nothing waits for the GPU until all batches are on their way: they are sent from pinned memory, which it reads by
    itself, and features are fetched once.

    Args:
        network: the layers and weights; it is changed to the device and precision.
        device: of torch; the tests take `cpu`.
        precision: of weights and of what goes from layer to layer.
        batch_size: pictures in a batch.
        scaling: of the pixels.

    Raises:
        DeviceError: the GPU has too little memory left.
    """

    def __init__(
        self,
        network: nn.Module,
        device: str,
        precision: torch.dtype,
        batch_size: int = CUDA_BATCH,
        scaling: PixelScaling = PUBLISHED_SCALING,
    ) -> None:
        self._scaling = scaling
        with memory_errors():
            self._network = network.to(device, precision)
        self._device = device
        self._precision = precision
        self._batch_size = batch_size

    def run(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """The features (B, D) of pictures (B, H, W, 3).

        Raises:
            DeviceError: the GPU has too little memory left.
        """
        size = self._batch_size
        batches = (frames[first : first + size] for first in range(0, len(frames), size))
        with memory_errors(), torch.inference_mode(), exact_convolutions(self._device):
            sent = (normalised(self._send(batch), self._precision, self._scaling) for batch in batches)
            features = torch.cat([self._network(pictures) for pictures in sent])
            values: npt.NDArray[np.float32] = features[: len(frames)].float().cpu().numpy()
        return values

    def _send(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """One batch on the device, filled up. torch keeps pinned memory until it has been read."""
        shape = self._batch_size, *frames.shape[1:]
        batch = torch.zeros(shape, dtype=torch.uint8, pin_memory=self._device != "cpu")
        batch.numpy()[: len(frames)] = frames
        return batch.to(self._device, non_blocking=True)


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """The classifier that was published with an encoder: scores = weight @ feature + bias, then softmax."""

    weight: npt.NDArray[np.float32]
    """(1000, D); rows are the classes of ImageNet in the order of ILSVRC 2012."""
    bias: npt.NDArray[np.float32]
    """(1000,)."""


def load_encoder(
    name: str = "efficientnet-lite0",
    device: Device = "cpu",
    threads: int | None = None,
    runtime: Runtime = "auto",
    tuned: FinetunedWeights | None = None,
    scaling: PixelScaling = PUBLISHED_SCALING,
) -> Encoder:
    """Load an encoder whose weights are installed.

    Args:
        name: one of `vidlabel.features.encoders.weights.PUBLISHED`.
        device: where it runs.
        threads: pictures that are encoded at the same time on the CPU; None: as many as this process has cores.
        runtime: which library computes it; `auto` takes OpenVINO on the CPU where it is installed, else torch.
        tuned: weights of a model, in place of some of those that are installed.
        scaling: of the pixels, as a model asks for it.

    Raises:
        UsageError: there is no encoder of that name, or not this runtime; or the tuned weights are not of it.
        DeviceError: there is no GPU.
        InstallationError: the weights or the runtime are missing or damaged.
    """
    published = published_weights(name)
    used_device, used_runtime = resolve_hardware(device, runtime)
    network = load_network(name, tuned)
    return Encoder(published, network, used_device, used_runtime, threads or available_cores(), scaling)


def load_network(name: str, tuned: FinetunedWeights | None = None) -> EfficientNetLite:
    """The layers and weights of an encoder.

    Raises:
        UsageError, InstallationError: as `load_encoder`.
    """
    published = published_weights(name)
    network = EfficientNetLite(read_weights(published, weights_path(published)), published.depth)
    if tuned is not None:
        if tuned.published_sha256 != published.sha256:
            problem = f"was tuned from other weights ({tuned.published_sha256[:8]}, not {published.sha256[:8]})"
            raise UsageError(f"encoder {name}", problem, "train the model again")
        put_tuned_weights(network, tuned, name)
    return network


def load_classifier(name: str = "efficientnet-lite0") -> Classifier:
    """Load the classifier that was published with an encoder.

    Raises:
        UsageError, InstallationError: as `load_encoder`.
    """
    published = published_weights(name)
    weights = read_weights(published, weights_path(published))
    return Classifier(weights["_fc.weight"].numpy(), weights["_fc.bias"].numpy())


def normalised(
    frames: Tensor, precision: torch.dtype = torch.float32, scaling: PixelScaling = PUBLISHED_SCALING
) -> Tensor:
    """(B, H, W, 3) uint8 to (B, 3, H, W); without copying, that is torch's channels-last layout.

    Half precision has all numbers of the published scaling exactly: whole ones up to 255, and 128ths of whole ones up
    to 128.
    """
    return frames.permute(0, 3, 1, 2).to(precision).sub_(scaling.mean).div_(scaling.scale)


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn a GPU's lack of memory into an error with a remedy: no video is to blame."""
    try:
        yield
    except RuntimeError as error:  # not `OutOfMemoryError` where no context fits
        if "out of memory" not in str(error):
            raise
        remedy = "give fewer --workers, end other programs on it, or give --device cpu"
        raise DeviceError("--device cuda", "the GPU has too little memory left", remedy) from error


def exact_convolutions(device: str) -> AbstractContextManager[None]:
    """On a GPU, torch computes convolutions in TF32 by default: ten bits of mantissa instead of 23."""
    if device == "cpu":
        return nullcontext()
    exact: AbstractContextManager[None] = torch.backends.cudnn.flags(
        enabled=True, benchmark=False, deterministic=True, allow_tf32=False
    )
    return exact


def single_torch_threads(count: int) -> Executor:
    """Threads, each of which computes with one torch thread: what comes out does not depend on how many there are."""
    # A thread that has not asked yet would later take over the number that the workers set for themselves.
    torch.get_num_threads()
    return ThreadPoolExecutor(count, "encoder", initializer=torch.set_num_threads, initargs=(1,))
