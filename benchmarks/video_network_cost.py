"""What one clip costs each video network on the CPU, on one thread; random numbers in place of weights cost the same.

    python benchmarks/video_network_cost.py [--rounds 3]

Needs torchvision (`vidlabel[video]`), and no weights that were pulled. The least of rounds in which all are measured in
turn: other work only adds.
"""

from __future__ import annotations

import argparse
import importlib
import time

import numpy as np

from vidlabel.features.encoders.video_networks.clip_encoder import ClipEncoder
from vidlabel.features.encoders.video_networks.table import VIDEO_NETWORKS, VideoNetwork
from vidlabel.features.encoders.video_networks.torchvision_networks import build_network
from vidlabel.process import keep_freed_memory


def with_random_weights(network: VideoNetwork) -> ClipEncoder:
    """The encoder as it is loaded, but for its weights."""
    models = importlib.import_module("torchvision.models")
    weights = models.get_model(network.name, weights=None).state_dict()
    layers = build_network(network, {name: tensor.numpy() for name, tensor in weights.items()})
    return ClipEncoder(network, layers, "cpu", 1)


def clip_s(encoder: ClipEncoder, network: VideoNetwork) -> float:
    """CPU seconds for a clip."""
    shape = 1, network.clip.count, network.side, network.side, 3
    clip = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    before = time.process_time()
    encoder.encode(clip)
    return time.process_time() - before


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    keep_freed_memory()
    loaded = [(network, with_random_weights(network)) for network in VIDEO_NETWORKS.values()]
    rounds = [[clip_s(encoder, network) for network, encoder in loaded] for _ in range(asked.rounds)]
    print("| network | clip | pictures | numbers in a feature | CPU seconds a clip |\n|---|---|---|---|---|")
    for (network, encoder), *times in zip(loaded, *rounds, strict=True):
        clip = f"{network.clip.count} frames at {network.clip.rate:g} per second"
        pictures = f"{network.side} x {network.side}"
        print(f"| {network.name} | {clip} | {pictures} | {encoder.feature_size} | {min(times):.1f} |")


if __name__ == "__main__":
    main()
