"""Networks of pictures in torch: one at a time on the CPU, in batches of one size on a GPU.

B pictures of H x W pixels, D numbers in a feature.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from vidlabel.errors import DeviceError
from vidlabel.features.encoders.hardware import UsedRuntime
from vidlabel.features.encoders.networks import CUDA_BATCH, EncoderNetwork
from vidlabel.features.encoders.weights import PUBLISHED_SCALING, PixelScaling
from vidlabel.stream_spec import ChannelValues


def torch_network(network: nn.Module, device: str, runtime: UsedRuntime, scaling: PixelScaling) -> EncoderNetwork:
    """The network as torch runs it: one picture at a time on the CPU, in batches elsewhere.

    Args:
        network: the layers and weights; it is changed to the device and precision.
        device: `cpu`, or another one of torch.
        runtime: `torch-half` for half precision in batches.
        scaling: of the pixels.

    Raises:
        DeviceError: the GPU has too little memory left.
    """
    frozen = network.eval().requires_grad_(False)
    if device == "cpu":
        return TorchNetwork(frozen, scaling)
    precision = torch.float16 if runtime == "torch-half" else torch.float32
    return BatchedNetwork(frozen, device, precision, scaling=scaling)


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


def normalised(
    frames: Tensor, precision: torch.dtype = torch.float32, scaling: PixelScaling = PUBLISHED_SCALING
) -> Tensor:
    """(B, H, W, 3) uint8 to (B, 3, H, W); without copying, that is torch's channels-last layout.

    Half precision has all numbers of the published scaling exactly: whole ones up to 255, and 128ths of whole ones up
    to 128.
    """
    pictures = frames.permute(0, 3, 1, 2).to(precision)
    return pictures.sub_(_channel_values(scaling.mean, pictures)).div_(_channel_values(scaling.scale, pictures))


def _channel_values(values: ChannelValues, pictures: Tensor) -> float | Tensor:
    """One number for all channels, or (3, 1, 1) like the pictures."""
    return pictures.new_tensor(values).reshape(3, 1, 1) if isinstance(values, tuple) else values


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
