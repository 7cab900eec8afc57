"""People out of maps that were made by hand: one cell is four pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.features.encoders.people import find_people

H, W = 20, 30
FIRST_PLACE, BOX_PLACE, BOX_SIZE, OFFSETS = 18, 52, 54, 56
"""Channels: 17 keypoints, 1 centre, 34 places, 2 of the box, 2 of its size, 34 offsets."""

Floats = npt.NDArray[np.float32]


@pytest.fixture
def maps() -> Floats:
    return np.zeros((90, H, W), np.float32)


def put_person(maps: Floats, row: int, column: int, score: float, size: float = 10.0) -> None:
    """A person whose keypoints all lie three cells to the right of the centre."""
    maps[17, row, column] = score
    maps[FIRST_PLACE + 1 : BOX_PLACE : 2, row, column] = 3.0
    maps[BOX_SIZE : BOX_SIZE + 2, row, column] = size
    maps[:17, row, column + 3] = 0.9


def test_a_keypoint_is_where_its_map_is_highest(maps: Floats) -> None:
    put_person(maps, 10, 12, 0.8)
    maps[4, 10, 15] = 0.0
    maps[4, 8, 14] = 0.5
    maps[OFFSETS + 8 : OFFSETS + 10, 8, 14] = 0.25, -0.5
    person = find_people(maps)[0]
    keypoints = person[:51].reshape(17, 3)
    np.testing.assert_allclose(keypoints[0, :2], (4 * 10, 4 * 15))
    np.testing.assert_allclose(keypoints[4, :2], (4 * 8.25, 4 * 13.5))
    # two rows and a column from where the centre points to
    assert keypoints[4, 2] == pytest.approx(0.5 * np.exp(-(4 + 1) / (0.3 * H)))
    assert keypoints[0, 2] == pytest.approx(0.9)


def test_the_score_of_a_person_is_its_centre_times_its_visible_keypoints(maps: Floats) -> None:
    put_person(maps, 10, 12, 0.8)
    maps[5:17, 10, 15] = 0.1
    assert find_people(maps)[0, 55] == pytest.approx(0.8 * 0.9)
    maps[:17, 10, 15] = 0.1
    assert find_people(maps)[0, 55] == 0


def test_boxes_end_at_the_edges(maps: Floats) -> None:
    put_person(maps, 3, 12, 0.8)
    maps[BOX_PLACE : BOX_PLACE + 2, 3, 12] = -1.0, 2.0
    np.testing.assert_allclose(find_people(maps)[0, 51:55], (0, 4 * 9, 4 * 7, 4 * 19))


def test_keypoints_outside_the_box_are_of_others(maps: Floats) -> None:
    put_person(maps, 10, 12, 0.8, size=8)
    maps[2, 10, 15] = 0.2
    maps[2, 10, 16] = 0.9
    assert find_people(maps)[0, :51].reshape(17, 3)[2, 1] == 4 * 15


def test_the_six_highest_centres_are_people_best_first(maps: Floats) -> None:
    scores = [0.3, 0.9, 0.5, 0.2, 0.7, 0.6, 0.8, 0.4]
    for number, score in enumerate(scores):
        put_person(maps, 3 + 7 * (number // 4), 3 + 6 * (number % 4), score, size=7)
    found = find_people(maps)
    np.testing.assert_allclose(found[:, 55], 0.9 * np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]), rtol=1e-5)


@pytest.mark.parametrize("second", [0.6, 0.5])
def test_centres_side_by_side_are_one_person(maps: Floats, second: float) -> None:
    put_person(maps, 10, 12, 0.6)
    put_person(maps, 11, 13, second)
    assert (find_people(maps)[:, 55] > 0).sum() == 1


def test_empty_maps_and_empty_boxes_give_nobody(maps: Floats) -> None:
    assert not find_people(maps).any()
    put_person(maps, 10, 12, 0.8, size=-5)
    assert find_people(maps)[0, 55] == 0
    assert np.isfinite(find_people(maps)).all()
