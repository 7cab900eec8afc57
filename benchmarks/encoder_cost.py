"""What one picture costs each encoder on the CPU, on one thread.

    python benchmarks/encoder_cost.py [ENCODER ...] [--pictures 20] [--rounds 5]

An encoder is what `--encoder` takes; without any, the published ones that are installed. Pictures are squares of the
size that each was trained with. The least of rounds in which all are measured in turn: other work only adds.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from vidlabel.errors import InstallationError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.weights import PUBLISHED
from vidlabel.features.streams.base import StreamEncoder
from vidlabel.features.streams.registry import find_stream
from vidlabel.prediction.encoder_choice import with_encoder
from vidlabel.process import keep_freed_memory


def installed() -> list[str]:
    """The published encoders whose weights are here."""
    found = []
    for name in PUBLISHED:
        try:
            with_encoder(FeatureConfig(), name)
        except InstallationError:
            continue
        found.append(name)
    return found


def picture_ms(encoder: StreamEncoder, side: int, pictures: int) -> float:
    """CPU milliseconds for each of some pictures."""
    frames = np.random.default_rng(0).integers(0, 256, (pictures, side, side, 3), np.uint8)
    encoder.encode(frames[:1])
    before = time.process_time()
    encoder.encode(frames)
    return (time.process_time() - before) * 1000 / pictures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("encoders", nargs="*")
    options.add_argument("--pictures", type=int, default=20)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    keep_freed_memory()
    configs = [with_encoder(FeatureConfig(), name) for name in asked.encoders or installed()]
    stream = find_stream("frames")
    loaded = [(config, stream.load_encoder(config, "cpu", 1)) for config in configs]
    rounds = [
        [picture_ms(encoder, config.short_side, asked.pictures) for config, encoder in loaded]
        for _ in range(asked.rounds)
    ]
    print("| encoder | pixels | numbers in a feature | CPU milliseconds a picture |\n|---|---|---|---|")
    for (config, encoder), *times in zip(loaded, *rounds, strict=True):
        name, side, size = config.network.name, config.short_side, encoder.feature_size
        print(f"| {name} | {side} x {side} | {size} | {min(times):.1f} |")


if __name__ == "__main__":
    main()
