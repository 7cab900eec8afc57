"""Crops and mirrored pictures, and several of them from one reading."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.errors import UsageError
from vidlabel.features.config import VIEWS, FeatureBlock, FeatureConfig, View, parse_streams
from vidlabel.features.encoders.frame_encoder import load_encoder
from vidlabel.features.views import extract_parts, view_picture
from vidlabel.video.request import Sample

WIDE = np.arange(4 * 10 * 3, dtype=np.uint8).reshape(4, 10, 3)
TALL = WIDE.transpose(1, 0, 2)


@pytest.mark.parametrize(
    ("view", "columns"), [("left", range(4)), ("centre", range(3, 7)), ("right", range(6, 10)), ("whole", range(10))]
)
def test_views_are_the_columns_of_wide_and_the_rows_of_upright_pictures(view: View, columns: range) -> None:
    np.testing.assert_array_equal(view_picture(WIDE, view), WIDE[:, list(columns)])
    np.testing.assert_array_equal(view_picture(TALL, view), TALL[list(columns)])


def test_flipped_views_are_mirrored_left_to_right() -> None:
    np.testing.assert_array_equal(view_picture(WIDE, "left-flipped"), WIDE[:, [3, 2, 1, 0]])
    np.testing.assert_array_equal(view_picture(TALL, "left-flipped"), TALL[:4, ::-1])


def test_a_square_has_one_crop() -> None:
    square = WIDE[:, :4]
    for view in VIEWS:
        if not view.endswith("flipped"):
            np.testing.assert_array_equal(view_picture(square, view), square)


def test_all_parts_come_from_one_pass() -> None:
    encoder = load_encoder(threads=2)
    pictures = np.random.default_rng(5).integers(0, 256, (4, 40, 56, 3), dtype=np.uint8)
    samples = [Sample(k / 2, pictures[k], pictures[k - 1] if k else None) for k in range(3)]
    parts = [
        FeatureBlock("motion", "right"),
        FeatureBlock("frames", "centre-flipped"),
        FeatureBlock("motion", "centre-flipped"),
    ]
    pieces = list(extract_parts(iter(samples), encoder, parts, batch_size=2))
    assert [len(piece.times) for piece in pieces] == [2, 1]
    right, mirrored, moving = (np.concatenate([piece.values[i] for piece in pieces]) for i in range(3))
    change = np.clip(128 + 2 * (pictures[1:3].astype(int) - pictures[:2]), 0, 255).astype(np.uint8)
    motion = np.concatenate([np.full_like(change[:1], 128), change])
    np.testing.assert_array_equal(right, encoder.encode(np.ascontiguousarray(motion[:, :, 16:])))
    np.testing.assert_array_equal(mirrored, encoder.encode(np.ascontiguousarray(pictures[:3, :, 8:48][:, :, ::-1])))
    np.testing.assert_array_equal(moving, encoder.encode(np.ascontiguousarray(motion[:, :, 8:48][:, :, ::-1])))


class Counting:
    """Remembers the shapes of what it was given; a picture's feature is its first pixel."""

    def __init__(self) -> None:
        self.given: list[tuple[int, ...]] = []

    def encode(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        self.given.append(frames.shape)
        return frames[:, 0, 0].astype(np.float32)


def test_pictures_of_one_size_are_encoded_in_one_call() -> None:
    pictures = np.random.default_rng(6).integers(0, 256, (3, 40, 56, 3), dtype=np.uint8)
    encoder, samples = Counting(), [Sample(float(k), pictures[k]) for k in range(3)]
    parts = [FeatureBlock("frames", view) for view in ("centre", "whole", "right", "whole-flipped")]
    (piece,) = extract_parts(samples, encoder, parts, batch_size=8)
    assert encoder.given == [(6, 40, 40, 3), (6, 40, 56, 3)]
    corners = [pictures[:, 0, column] for column in (8, 0, 16, 55)]
    for values, corner in zip(piece.values, corners, strict=True):
        np.testing.assert_array_equal(values, corner)


@pytest.mark.parametrize("text", ["", "frames,frames", "audio", "frames,", "frames motion"])
def test_streams_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(UsageError, match="--streams"):
        parse_streams(text)


def test_streams_in_the_order_given() -> None:
    assert parse_streams("motion, frames") == ("motion", "frames")


@pytest.mark.parametrize(
    "wrong",
    [
        {"encoder": "resnet"},
        {"runtime": "onnx"},
        {"rate": 0.0},
        {"rate": float("nan")},
        {"short_side": 0},
        {"lag_s": 0.0},
        {"decoder": "ffmpeg"},
    ],
)
def test_recipes_that_cannot_be_meant(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        FeatureConfig(**wrong)  # type: ignore[arg-type]
