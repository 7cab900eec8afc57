"""What changed since an earlier frame, number by number."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from vidlabel.features.streams.motion import motion_picture

PICTURE = np.arange(4 * 7 * 3, dtype=np.uint8).reshape(4, 7, 3)
SMALL_PICTURES = arrays.arrays(np.uint8, (3, 2, 3))


@given(SMALL_PICTURES, SMALL_PICTURES)
def test_motion_is_the_doubled_difference_around_grey(
    picture: npt.NDArray[np.uint8], earlier: npt.NDArray[np.uint8]
) -> None:
    found = motion_picture(picture, earlier)
    for index in np.ndindex(picture.shape):
        assert found[index] == min(max(128 + 2 * (int(picture[index]) - int(earlier[index])), 0), 255)


@given(st.integers(1, 5), st.integers(1, 5))
def test_without_an_earlier_frame_nothing_moves(height: int, width: int) -> None:
    found = motion_picture(np.zeros((height, width, 3), np.uint8), None)
    np.testing.assert_array_equal(found, np.full((height, width, 3), 128))


def test_motion_is_eight_bit_like_any_picture() -> None:
    assert motion_picture(PICTURE, PICTURE).dtype == np.uint8
    assert motion_picture(PICTURE, None).dtype == np.uint8
