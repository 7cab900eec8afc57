"""Crops and mirrored pictures."""

from __future__ import annotations

import numpy as np
import pytest

from vidlabel.features.streams.pictures import view_picture
from vidlabel.stream_spec import VIEWS, View

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


def test_the_whole_picture_is_not_copied() -> None:
    assert view_picture(WIDE, "whole") is WIDE
