"""Mixing drawings into frames."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from vidlabel.video_writing.overlay import Overlay, matrix_of, planes_of


def grey(width: int = 8, height: int = 8) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = np.full((height * 3 // 2, width), 128, np.uint8)
    picture[:height] = 100
    return picture


@pytest.mark.parametrize(
    ("matrix", "colour", "values"),
    [  # the usual tables of colour bars
        ("601", (255, 0, 0), (81, 90, 240)),
        ("601", (0, 0, 255), (41, 240, 110)),
        ("709", (255, 0, 0), (63, 102, 240)),
        ("709", (0, 255, 0), (173, 42, 26)),
        ("709", (255, 255, 255), (235, 128, 128)),
        ("601", (0, 0, 0), (16, 128, 128)),
    ],
)
def test_colours_are_those_of_colour_bars(
    matrix: str, colour: tuple[int, int, int], values: tuple[int, int, int]
) -> None:
    picture = grey()
    planes = planes_of(picture)
    Overlay(Image.new("RGBA", (4, 2), (*colour, 255)), 2, 4, matrix).draw(planes)
    for plane, value in zip((planes.luma[4:6, 2:6], planes.blue[2:3, 1:3], planes.red[2:3, 1:3]), values, strict=True):
        assert np.abs(plane.astype(int) - value).max() <= 1
    assert (planes.luma == 100).sum() == 64 - 8
    assert (planes.blue == 128).sum() >= 16 - 2
    assert picture[4, 2] != 100  # the planes are views


def test_half_a_colour_is_mixed() -> None:
    picture = grey()
    Overlay(Image.new("RGBA", (8, 8), (255, 255, 255, 128)), 0, 0, "601").draw(planes_of(picture))
    assert np.abs(picture[:8].astype(int) - 168).max() <= 1  # between 100 and 235
    Overlay(Image.new("RGBA", (8, 8)), 0, 0, "601").draw(planes_of(picture))
    assert np.abs(picture[:8].astype(int) - 168).max() <= 1


def test_matrices_that_are_not_stated_follow_the_height() -> None:
    assert [matrix_of(colorspace, height) for colorspace, height in ((1, 240), (5, 1080), (9, 2160))] == [
        "709",
        "601",
        "2020",
    ]
    assert (matrix_of(2, 576), matrix_of(2, 720)) == ("601", "709")
