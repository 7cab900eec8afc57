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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.efficientnet_layers import LiteLayers, efficientnet_graph, load_layers
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.hardware import Device, Runtime, UsedRuntime, resolve_hardware
from vidlabel.features.encoders.networks import CUDA_BATCH, EncoderNetwork, SpreadNetwork, encoder_threads
from vidlabel.features.encoders.openvino import OpenvinoNetwork
from vidlabel.features.encoders.weights import (
    PUBLISHED_SCALING,
    PixelScaling,
    PublishedWeights,
    published_weights,
    read_weights,
    weights_path,
)
from vidlabel.process import available_cores


class Encoder:
    """A frozen network that turns pictures into features. Made by `load_encoder`; may be shared by threads."""

    def __init__(
        self,
        published: PublishedWeights,
        layers: LiteLayers,
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
        self.feature_size = layers.feature_size
        """D."""
        self.batch_size = 1 if device == "cpu" else CUDA_BATCH
        """Pictures that go through the network at once."""
        self._network: EncoderNetwork
        if runtime == "openvino":
            own = OpenvinoNetwork(efficientnet_graph(layers, scaling), threads)
            self._network = SpreadNetwork(own, encoder_threads(threads))
        else:
            from vidlabel.features.encoders.efficientnet import EfficientNetLite  # torch takes a second to load
            from vidlabel.features.encoders.torch_networks import single_torch_threads, torch_network

            single = torch_network(EfficientNetLite(layers), device, runtime, scaling)
            self._network = single if device != "cpu" else SpreadNetwork(single, single_torch_threads(threads))

    def encode(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Encode pictures.

        Args:
            frames: (B, H, W, 3) RGB, values 0 to 255; any B, and any H and W of 32 or more.

        Returns:
            (B, D), all numbers >= 0.
        """
        if len(frames) == 0:
            return np.zeros((0, self.feature_size), np.float32)
        return self._network.run(frames)


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
    layers = load_layers(name, tuned)
    return Encoder(published, layers, used_device, used_runtime, threads or available_cores(), scaling)


def load_classifier(name: str = "efficientnet-lite0") -> Classifier:
    """Load the classifier that was published with an encoder.

    Raises:
        UsageError, InstallationError: as `load_encoder`.
    """
    published = published_weights(name)
    weights = read_weights(published, weights_path(published))
    return Classifier(weights["_fc.weight"], weights["_fc.bias"])
