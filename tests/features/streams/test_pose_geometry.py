"""Numbers of stick figures, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from features.drawn_people import Joints, standing
from features.streams.stick_figures import row
from vidlabel.features.streams.pose_geometry import MovingBody, body_of, contact, distance, pair_numbers, person_numbers

TORSO = 50.0


def still(joints: Joints, unit: float = TORSO) -> MovingBody:
    return MovingBody(body_of(row(joints, margin=0.0)), unit, np.zeros((17, 2)))


def turned(joints: Joints, angle: float) -> Joints:
    """By so much around the hips, clockwise in the picture."""
    centre = joints[[11, 12]].mean(axis=0)
    rotation = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    found: Joints = (joints - centre) @ rotation.T + centre
    return found


def test_somebody_who_stands() -> None:
    joints = standing(200, 100, TORSO, arms=(0.3, 0.3), legs=0.12)
    found = person_numbers(still(joints))
    assert found.shape == (20,)
    wrist_down = 0.55 * math.cos(0.3) + 0.5 * math.cos(0.39)
    wrist_out = 0.35 + 0.55 * math.sin(0.3) + 0.5 * math.sin(0.39)
    ankle_down = 0.8 * math.cos(0.12) + 0.8 * math.cos(0.06)
    ankle_out = 0.2 + 0.8 * math.sin(0.12) + 0.8 * math.sin(0.06)
    assert found[0] == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(found[2:4], -wrist_down, rtol=1e-5)
    np.testing.assert_allclose(found[4:6], math.hypot(wrist_down, wrist_out), rtol=1e-5)
    np.testing.assert_allclose(found[6:8], math.hypot(ankle_down, ankle_out), rtol=1e-5)
    box_height, box_width = 1.53 + ankle_down, 2 * wrist_out
    assert found[1] == pytest.approx(math.log(box_width / box_height), rel=1e-5)
    np.testing.assert_array_equal(found[8:], 0)


@pytest.mark.parametrize(
    ("angle", "expected"), [(0.5, 0.5 / math.pi), (math.pi / 2, 0.5), (-math.pi / 2, 0.5), (3, 3 / math.pi)]
)
def test_the_angle_of_the_torso(angle: float, expected: float) -> None:
    found = person_numbers(still(turned(standing(200, 100, TORSO), angle)))
    assert found[0] == pytest.approx(expected, abs=1e-5)


def test_raised_hands_are_over_the_shoulders() -> None:
    found = person_numbers(still(standing(200, 100, TORSO, arms=(math.pi / 1.3, 0.0))))
    np.testing.assert_allclose(found[2:4], [-1.05, 0.5 - 0.55 * math.cos(math.pi / 1.3)], rtol=1e-4)


def test_speeds_are_in_torsos_a_second() -> None:
    velocities = np.zeros((17, 2))
    velocities[9] = 30, 40  # the left wrist, 50 pixels a second
    velocities[[11, 12]] = 25, 0
    found = person_numbers(MovingBody(body_of(row(standing(200, 100, TORSO))), TORSO, velocities))
    np.testing.assert_allclose(found[8:10], [0, 1])
    np.testing.assert_allclose(found[16:18], [0.5, 0.5])
    assert found[18] == 0
    assert found[19] == pytest.approx((1 + 0.5 + 0.5) / 17)


def test_somebody_who_bends_forward_keeps_a_unit() -> None:
    joints = standing(200, 100, TORSO)
    joints[[5, 6]] = joints[[11, 12]]
    body = body_of(row(joints, margin=0))
    assert body.torso == pytest.approx(0.25 * (joints[:, 0].max() - joints[:, 0].min()))


def test_two_people() -> None:
    """One stretches an arm out: the wrist touches the other's nose."""
    first, second = standing(200, 100, TORSO), standing(200, 250, TORSO)
    first[9] = second[0]
    one, other = still(first), still(second)
    found = pair_numbers(one, other)
    assert found.shape == (10,)
    assert found[0] == 0
    assert found[4] > 1  # the wrists of the other are far from the head of the one
    assert found[8] == pytest.approx(150 / TORSO)
    assert found[9] == 0
    assert contact(one, other) == 0
    assert distance(one, other) == pytest.approx(3)
    np.testing.assert_array_equal(found, pair_numbers(other, one))


def test_people_of_two_sizes_share_a_unit() -> None:
    one, other = still(standing(200, 100, 40), 40), still(standing(200, 250, 60), 60)
    assert distance(one, other) == pytest.approx(150 / 50)


def test_far_away_is_far_away() -> None:
    one, other = still(standing(200, 100, TORSO)), still(standing(200, 9000, TORSO))
    assert distance(one, other) == contact(one, other) == 8
    assert pair_numbers(one, other)[:9].max() == 8


def test_nothing_divides_by_nothing() -> None:
    """A body that is one point, in a box without a size."""
    point = np.zeros(56, np.float32)
    point[55] = 0.9
    body = body_of(point)
    moving = MovingBody(body, body.torso, np.full((17, 2), 1e30))
    assert np.isfinite(person_numbers(moving)).all()
    assert np.isfinite(pair_numbers(moving, moving)).all()
