"""The pose encoder: pictures in, people with their keypoints out.

B pictures of H x W pixels.

Pictures go through the network as they are, padded with black to multiples of 32, on all sides alike; larger ones are
made smaller first, since the network was trained on 256 pixels. In one of 480 x 640 a drawn person scored 0.47 in
place of 0.77, with joints out of place by more than a torso; in 51 pictures of gmdcsa24 somebody was found (score
0.35) in 73, 78 and 73 % with a shorter side of 160, 224 and 320. On ut-interaction, 160 in place of 224 cost a logistic
regression on the stream `pose` one clip of 96. A picture takes twice the CPU of EfficientNet-Lite0, whatever its size
(at 224 x 224, 18 against 9 ms of one thread under OpenVINO).

As with the frame encoder, the same picture gives the same bytes whatever is encoded beside it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from vidlabel.features.encoders.hardware import Device, Runtime, UsedRuntime, resolve_hardware
from vidlabel.features.encoders.movenet_layers import KEYPOINTS, MoveNetLayers, movenet_graph, movenet_layers
from vidlabel.features.encoders.networks import CUDA_BATCH, EncoderNetwork, SpreadNetwork, encoder_threads
from vidlabel.features.encoders.openvino import OpenvinoNetwork
from vidlabel.features.encoders.people import BOX_COLUMNS, KEYPOINT_COLUMNS, MOST_PEOPLE, PERSON_SIZE, find_people
from vidlabel.features.encoders.shipped_weights import MOVENET, MOVENET_SCALING
from vidlabel.process import available_cores

_STEP = 32
"""Pixels of a cell of the coarsest level of the network."""

_SIDE = 224
"""Pixels of the shorter side; a larger picture is scaled down by the whole number that comes nearest to it."""

Frames = npt.NDArray[np.uint8]


class PoseEncoder:
    """A frozen network that finds people. Made by `load_pose_encoder`; may be shared by threads."""

    def __init__(self, layers: MoveNetLayers, device: str, runtime: UsedRuntime, threads: int) -> None:
        self.name = MOVENET.name
        """`movenet-multipose-lightning`."""
        self.sha256 = MOVENET.sha256
        """Of the weights."""
        self.device = device
        """`cpu` or `cuda`."""
        self.runtime = runtime
        """`torch`, `torch-half` or `openvino`."""
        self.feature_size = MOST_PEOPLE * PERSON_SIZE
        self.batch_size = 1 if device == "cpu" else CUDA_BATCH
        """Pictures that go through the network at once."""
        self._network: EncoderNetwork
        if runtime == "openvino":
            own = PeopleNetwork(OpenvinoNetwork(movenet_graph(layers, MOVENET_SCALING), threads))
            self._network = SpreadNetwork(own, encoder_threads(threads))
        else:
            from vidlabel.features.encoders.movenet import MoveNet  # torch takes a second to load
            from vidlabel.features.encoders.torch_networks import single_torch_threads, torch_network

            own = PeopleNetwork(torch_network(MoveNet(layers), device, runtime, MOVENET_SCALING))
            self._network = own if device != "cpu" else SpreadNetwork(own, single_torch_threads(threads))

    def encode(self, frames: Frames) -> npt.NDArray[np.float32]:
        """Find the people in pictures.

        Args:
            frames: (B, H, W, 3) RGB, values 0 to 255; any size.

        Returns:
            (B, 6 * 56), the rows of `people.find_people` one after the other, in pixels of the pictures.
        """
        if len(frames) == 0:
            return np.zeros((0, self.feature_size), np.float32)
        return self._network.run(frames)


class PeopleNetwork:
    """Makes pictures fit the network, and finds the people in its maps."""

    def __init__(self, network: EncoderNetwork) -> None:
        self._network = network

    def run(self, frames: Frames) -> npt.NDArray[np.float32]:
        """The people (B, 6 * 56) in pictures (B, H, W, 3)."""
        factor = max(round(min(frames.shape[1:3]) / _SIDE), 1)
        smaller = _averaged(frames, factor)
        before, after = zip(*(_margins(size) for size in smaller.shape[1:3]), strict=True)
        padded = np.pad(smaller, [(0, 0), *zip(before, after, strict=True), (0, 0)])
        return np.stack([_placed(find_people(maps), before, factor).ravel() for maps in self._network.run(padded)])


def _averaged(frames: Frames, factor: int) -> Frames:
    """Pictures (B, H, W, 3) scaled down by `factor`: the means of blocks, without what is left over at the end."""
    if factor == 1:
        return frames
    count, height, width, _ = frames.shape
    height, width = height // factor, width // factor
    blocks = frames[:, : height * factor, : width * factor].reshape(count, height, factor, width, factor, 3)
    means: Frames = np.rint(blocks.mean(axis=(2, 4), dtype=np.float32)).astype(np.uint8)
    return means


def _margins(size: int) -> tuple[int, int]:
    """Pixels of padding before and after `size` pixels."""
    missing = -size % _STEP
    return missing // 2, missing - missing // 2


def _placed(people: npt.NDArray[np.float32], margins: tuple[int, ...], factor: int) -> npt.NDArray[np.float32]:
    """People of a padded, smaller picture (P, 56), in pixels of the picture; margins are those at the top and left."""
    there = people.any(axis=1)
    shift = np.array(margins, np.float32)
    keypoints = people[:, KEYPOINT_COLUMNS].reshape(-1, KEYPOINTS, 3)
    keypoints[there, :, :2] = factor * (keypoints[there, :, :2] - shift)
    people[there, BOX_COLUMNS] = factor * (people[there, BOX_COLUMNS] - np.tile(shift, 2))
    return people


def load_pose_encoder(device: Device = "cpu", threads: int | None = None, runtime: Runtime = "auto") -> PoseEncoder:
    """Load the pose encoder.

    Args:
        device: where it runs.
        threads: pictures that are encoded at the same time on the CPU; None: as many as this process has cores.
        runtime: which library computes it; `auto` takes OpenVINO on the CPU where it is installed, else torch.

    Raises:
        UsageError: there is no such runtime.
        DeviceError: there is no GPU.
        InstallationError: the weights or the runtime are missing or damaged.
    """
    used_device, used_runtime = resolve_hardware(device, runtime)
    return PoseEncoder(movenet_layers(MOVENET.read()), used_device, used_runtime, threads or available_cores())
