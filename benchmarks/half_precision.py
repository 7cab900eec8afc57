"""What half precision, as on a GPU, changes of the features, computed on the CPU by the same code.

    VIDLABEL_DATA=... python benchmarks/half_precision.py [--every 4]

Takes the first picture of every so many of the videos of VIDLABEL_DATA, and compares the encoder's features, and what
the published classifier makes of them, in half and in full precision. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

import vidlabel
from speed_measure import print_table
from vidlabel.features.encoders.efficientnet import load_network
from vidlabel.features.encoders.frame_encoder import load_classifier
from vidlabel.features.encoders.torch_networks import BatchedNetwork
from vidlabel.video.folder_search import VIDEO_SUFFIXES

Values = npt.NDArray[np.float32]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=4)
    asked = parser.parse_args()
    data = os.environ.get("VIDLABEL_DATA")
    if not data:
        raise SystemExit("set VIDLABEL_DATA to the folder of labelled videos")
    found = sorted(path for path in Path(data).rglob("*") if path.suffix in VIDEO_SUFFIXES)
    pictures = sorted((first_picture(path) for path in found[:: asked.every]), key=np.shape)
    full, half = (features(pictures, precision) for precision in (torch.float32, torch.float16))
    moved = np.abs(full - half)
    lengths = np.linalg.norm(full, axis=1) * np.linalg.norm(half, axis=1)
    before, after = classified(full), classified(half)
    changed = int((before.argmax(axis=1) != after.argmax(axis=1)).sum())
    rows = [
        ["mean of the features", f"{full.mean():.3f}"],
        ["change of a feature, mean", f"{moved.mean():.4f}"],
        ["change of a feature, largest", f"{moved.max():.3f}"],
        ["cosine of the features of a picture, least", f"{((full * half).sum(axis=1) / lengths).min():.5f}"],
        ["change of a probability of 1000 classes, largest", f"{np.abs(before - after).max():.4f}"],
        ["pictures whose most likely class changes", f"{changed} of {len(pictures)}"],
    ]
    print_table(f"Half precision: {len(pictures)} pictures of as many videos", ["", ""], rows)


def first_picture(path: Path) -> npt.NDArray[np.uint8]:
    """(H, W, 3), the shorter side 224."""
    with vidlabel.samples(path, rate=1) as samples:
        return next(samples).rgb


def features(pictures: list[npt.NDArray[np.uint8]], precision: torch.dtype) -> Values:
    """(B, D) of B pictures, those of one shape after one another."""
    network = load_network("efficientnet-lite0").eval().requires_grad_(False)
    encoder = BatchedNetwork(network, "cpu", precision)
    return np.concatenate([encoder.run(np.stack(list(alike))) for _, alike in groupby(pictures, np.shape)])


def classified(values: Values) -> Values:
    """(B, 1000) probabilities."""
    classifier = load_classifier()
    scores = values @ classifier.weight.T + classifier.bias
    shares: Values = torch.from_numpy(scores).softmax(dim=1).numpy()
    return shares


if __name__ == "__main__":
    main()
