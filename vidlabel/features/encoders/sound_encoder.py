"""The sound encoder YAMNet: windows of sound in, feature vectors out.

Architecture: A. Howard et al., "MobileNets", 2017 (arXiv 1704.04861), on log-mel spectrograms; M. Plakal and D. Ellis
trained it on AudioSet. T windows of sound, D = 1024 numbers in a feature.

As with pictures, the same window gives the same bytes whatever is encoded beside it: on the CPU each goes through the
network alone, on a GPU in batches of one fixed size. The network is small: it runs in full precision everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.hardware import Device, Runtime, UsedRuntime, resolve_hardware
from vidlabel.features.encoders.layers import Convolution, Weights
from vidlabel.features.encoders.log_mel import BANDS, FRAMES, log_mel
from vidlabel.features.encoders.network_graph import NetworkGraph
from vidlabel.features.encoders.networks import CUDA_BATCH, EncoderNetwork, SpreadNetwork, encoder_threads
from vidlabel.features.encoders.openvino import OpenvinoNetwork
from vidlabel.features.encoders.shipped_weights import YAMNET
from vidlabel.process import available_cores
from vidlabel.video.request import SOUND_WINDOW

_HALVING = frozenset({0, 3, 7, 11, 23})
"""Numbers of the convolutions that halve both sides; the first and every second one are of one channel each."""


class SoundEncoder:
    """A frozen network that turns windows of sound into features. Made by `load_sound_encoder`."""

    def __init__(self, layers: Sequence[Convolution], device: str, runtime: UsedRuntime, threads: int) -> None:
        self.name = YAMNET.name
        """`yamnet`."""
        self.sha256 = YAMNET.sha256
        """Of the weights."""
        self.device = device
        """`cpu` or `cuda`."""
        self.runtime = runtime
        """`torch`, `torch-half` or `openvino`."""
        self.feature_size = len(layers[-1].bias)
        """D."""
        self.batch_size = 1 if device == "cpu" else CUDA_BATCH
        """Windows that go through the network at once."""
        self._network: EncoderNetwork
        if runtime == "openvino":
            own = _MelFirst(OpenvinoNetwork(yamnet_graph(layers), threads))
            self._network = SpreadNetwork(own, encoder_threads(threads))
        else:
            from vidlabel.features.encoders.torch_networks import single_torch_threads  # torch takes a second to load
            from vidlabel.features.encoders.yamnet import yamnet_network

            own = _MelFirst(yamnet_network(layers, device))
            self._network = own if device != "cpu" else SpreadNetwork(own, single_torch_threads(threads))

    def encode(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Encode windows of sound.

        Args:
            windows: (T, 15600) 16 kHz, mono, full scale at -1 and 1.

        Returns:
            (T, D), all numbers >= 0.
        """
        heard = windows.any(axis=1)
        features = np.empty((len(windows), self.feature_size), np.float32)
        if heard.any():
            features[heard] = self._network.run(windows if heard.all() else windows[heard])
        if not heard.all():
            features[~heard] = self._silence
        return features

    @cached_property
    def _silence(self) -> npt.NDArray[np.float32]:
        """(D,) of zeros: a third of the clips of surveillance cameras that were looked at hold nothing else."""
        features: npt.NDArray[np.float32] = self._network.run(np.zeros((1, SOUND_WINDOW), np.float32))[0]
        return features


class _MelFirst:
    """A network of log-mel spectrograms, given windows of sound."""

    def __init__(self, network: EncoderNetwork) -> None:
        self._network = network

    def run(self, windows: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
        """(B, 15600) to (B, D)."""
        return self._network.run(spectrograms(windows))


def spectrograms(windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """What the network takes of windows of sound: (B, 15600) to (B, 1, 96, 64)."""
    return np.stack([log_mel(window) for window in windows])[:, None]


def yamnet_graph(layers: Sequence[Convolution]) -> Callable[[NetworkGraph], Any]:
    """What builds the model as a graph: (B, 1, 96, 64) float32 to (B, D) float32."""

    def build(graph: NetworkGraph) -> Any:  # noqa: ANN401
        patches = graph.patches(FRAMES, BANDS)
        hidden = patches
        for layer in layers:
            hidden = graph.relu(graph.convolve(layer, hidden))
        return graph.model(graph.mean(hidden), patches)

    return build


@dataclass(frozen=True, slots=True, eq=False)
class SoundClassifier:
    """The classifier that was published with the encoder: scores = sigmoid(weight @ feature + bias)."""

    weight: npt.NDArray[np.float32]
    """(521, D); rows are classes of AudioSet, in the order of `weights/audioset_classes.csv`."""
    bias: npt.NDArray[np.float32]
    """(521,)."""


def load_sound_encoder(device: Device = "cpu", threads: int | None = None, runtime: Runtime = "auto") -> SoundEncoder:
    """Load the sound encoder.

    Args:
        device: where it runs.
        threads: windows that are encoded at the same time on the CPU; None: as many as this process has cores.
        runtime: which library computes it; `auto` takes OpenVINO on the CPU where it is installed, else torch.

    Raises:
        UsageError: there is no such runtime here.
        DeviceError: there is no GPU.
        InstallationError: the weights or the runtime are missing or damaged.
    """
    used_device, used_runtime = resolve_hardware(device, runtime)
    return SoundEncoder(load_yamnet_layers(), used_device, used_runtime, threads or available_cores())


def load_yamnet_layers() -> tuple[Convolution, ...]:
    """The layers of the encoder.

    Raises:
        InstallationError: the weights are missing or damaged.
    """
    numbers = YAMNET.read()
    count = sum(name.startswith("convolution.") and name.endswith(".scale") for name in numbers)
    return tuple(_layer(numbers, number) for number in range(count))


def load_sound_classifier() -> SoundClassifier:
    """Load the classifier that was published with the encoder.

    Raises:
        InstallationError: the weights are missing or damaged.
    """
    return SoundClassifier(*_dequantized(YAMNET.read(), "classifier"))


def _layer(numbers: Weights, number: int) -> Convolution:
    weight, bias = _dequantized(numbers, f"convolution.{number}")
    return Convolution(weight, bias, 2 if number in _HALVING else 1, groups=len(bias) if number % 2 else 1)


def _dequantized(numbers: Weights, name: str) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weight and bias of a layer: the weight is kept as integers and the step of each output."""
    weight, scale = numbers[f"{name}.weight"], numbers[f"{name}.scale"]
    return weight * scale.reshape(-1, *[1] * (weight.ndim - 1)), numbers[f"{name}.bias"]
