"""Places in what an encoder sees are those in the frame, however it is cut and mirrored."""

from __future__ import annotations

import numpy as np
import pytest

from vidlabel.explanation.frame_places import FramePlaces
from vidlabel.features.streams.pictures import view_picture
from vidlabel.stream_spec import VIEWS, View

SIZES = ((30, 52), (52, 30), (40, 40), (31, 53))


def numbered(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A frame (H, W, 3) that says at each pixel its row and its column."""
    rows, columns = np.indices((height, width), np.uint8)
    return np.stack([rows, columns, rows], axis=2)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("view", VIEWS)
def test_values_and_places_come_back_to_where_they_were_painted(size: tuple[int, int], view: View) -> None:
    frame = numbered(*size)
    seen = view_picture(frame, view)
    places = FramePlaces.of_view(frame, view)
    found = places.in_frame(seen[..., 1].astype(np.float32))
    there = ~np.isnan(found)
    assert there.sum() == seen.shape[0] * seen.shape[1]
    np.testing.assert_array_equal(found[there], frame[..., 1][there])
    for row, column in ((0, 0), (3, 7), (seen.shape[0] - 1, seen.shape[1] - 1)):
        x, y = places.place(row + 0.5, column + 0.5)
        painted_row, painted_column, _ = seen[row, column].tolist()
        assert (x * size[1], y * size[0]) == pytest.approx((painted_column + 0.5, painted_row + 0.5), abs=1e-3)


def test_what_is_seen_of_the_frame() -> None:
    assert FramePlaces.of_view(numbered(30, 40), "left-flipped").seen == (0, 0, 0.75, 1)
    assert FramePlaces.of_view(numbered(40, 30), "right").seen == (0, 0.25, 1, 1)
    assert FramePlaces.of_view(numbered(30, 50), "centre").seen == (0.2, 0, 0.8, 1)
