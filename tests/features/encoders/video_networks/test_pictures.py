"""Pictures for video networks: sizes, places and values worked out by hand."""

from __future__ import annotations

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest
import torch

from vidlabel.features.encoders.video_networks.pictures import network_picture, resized
from vidlabel.features.encoders.video_networks.table import VIDEO_NETWORKS
from vidlabel.stream_spec import View

SQUASHED = dataclasses.replace(VIDEO_NETWORKS["r2plus1d_18"], resized=(6, 10), side=4)
SHORT_SIDE = dataclasses.replace(SQUASHED, resized=6)


def columns(height: int, width: int) -> npt.NDArray[np.uint8]:
    """A picture whose value is 10 times the column."""
    return np.broadcast_to(10 * np.arange(width, dtype=np.uint8)[None, :, None], (height, width, 3))


def test_pixels_lie_between_those_beside_them() -> None:
    # Twice as many columns: their centres lie a quarter from those of the old ones.
    assert resized(columns(2, 3), 2, 6)[0, :, 0].tolist() == [0, 2, 8, 12, 18, 20]
    # A third as many: the centres of every third old one, nothing is averaged.
    assert resized(columns(3, 9), 1, 3)[0, :, 0].tolist() == [10, 40, 70]


@pytest.mark.parametrize("size", [(128, 228), (256, 142), (360, 480)])
def test_values_are_those_that_torch_gives(size: tuple[int, int]) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    expected = torch.nn.functional.interpolate(pixels, (128, 171), mode="bilinear").round()[0].permute(1, 2, 0).numpy()
    different = np.abs(resized(picture, 128, 171) - expected)
    assert different.max() <= 1  # of halves, which were rounded to the other side
    assert different.mean() < 0.001


@pytest.mark.parametrize(
    ("view", "first_columns"),
    [
        ("centre", [30, 40, 50, 60]),
        ("left", [0, 10, 20, 30]),
        ("right", [60, 70, 80, 90]),
        ("centre-flipped", [60, 50, 40, 30]),
    ],
)
def test_the_square_is_where_the_view_says(view: View, first_columns: list[int]) -> None:
    assert network_picture(columns(6, 10), SQUASHED, view)[0, :, 0].tolist() == first_columns


def test_all_of_the_picture_is_squeezed_into_the_square() -> None:
    assert network_picture(columns(4, 12), SQUASHED, "whole")[0, :, 0].tolist() == [10, 40, 70, 100]


def test_an_upright_picture_keeps_its_shape_where_the_shorter_side_counts() -> None:
    rows = columns(3, 5).transpose(1, 0, 2)  # 5 high, 3 wide: 10 high, 6 wide, rows 3 to 6 of it
    assert network_picture(rows, SHORT_SIDE, "centre")[:, 0, 0].tolist() == [12, 18, 22, 28]
    assert network_picture(rows, SHORT_SIDE, "left")[:, 0, 0].tolist() == [0, 2, 8, 12]


def test_halves_of_pixels_are_rounded_as_torchvision_does() -> None:
    # round(59 / 2) is 30: 29.5 goes to the even number.
    assert network_picture(columns(128, 171)[:, ::-1], VIDEO_NETWORKS["r2plus1d_18"], "centre")[0, 0, 0] == (
        10 * (170 - 30) % 256
    )
