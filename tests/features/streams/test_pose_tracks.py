"""Who is who: stick figures that walk, leave and come back."""

from __future__ import annotations

import numpy as np
import pytest

from features.drawn_people import standing
from features.streams.stick_figures import row
from vidlabel.features.streams.pose_geometry import Body, body_of
from vidlabel.features.streams.pose_tracks import Track, Tracker

TORSO = 40.0


def body(x: float, torso: float = TORSO, score: float = 0.7) -> Body:
    return body_of(row(standing(200, x, torso), score))


def hips(track: Track) -> float:
    return float(track.body.places[[11, 12], 1].mean())


def test_somebody_who_walks_is_one_person() -> None:
    tracker = Tracker()
    first = tracker.push([body(100)], 0.0)[0]
    for step in range(1, 40):
        assert tracker.push([body(100 + 10 * step)], step / 8) == [first]
    np.testing.assert_allclose(first.velocities[:, 1], 80, rtol=1e-6)
    np.testing.assert_allclose(first.velocities[:, 0], 0, atol=1e-6)


@pytest.mark.parametrize("rate", [1, 2, 4, 6.25, 8, 12.5, 25])
def test_speeds_do_not_depend_on_the_rate(rate: float) -> None:
    tracker = Tracker()
    for step in range(8):
        (track,) = tracker.push([body(100 + 20 * step / rate)], step / rate)
    np.testing.assert_allclose(track.velocities[:, 1], 20, rtol=1e-4)


def test_uneven_steps_give_the_same_speed() -> None:
    tracker = Tracker()
    for time_s in (0.0, 0.1, 0.26, 0.4, 0.5, 0.633, 0.766):
        (track,) = tracker.push([body(100 + 20 * time_s)], time_s)
    np.testing.assert_allclose(track.velocities[:, 1], 20, rtol=1e-4)


def test_people_who_walk_past_each_other_stay_themselves() -> None:
    tracker = Tracker()
    left, right = sorted(tracker.push([body(100), body(300, 44)], 0.0), key=hips)
    for step in range(1, 6):
        tracker.push([body(300 - 12 * step, 44), body(100 + 12 * step)], step / 8)
    assert (hips(left), hips(right)) == pytest.approx((160, 240))


@pytest.mark.parametrize(("away", "same"), [(2, True), (7, True), (9, False), (30, False)])
def test_somebody_who_comes_back_soon_is_the_same(away: int, same: bool) -> None:
    tracker = Tracker()
    (first,) = tracker.push([body(100)], 0.0)
    for step in range(1, away + 1):
        tracks = tracker.push([], step / 8)
        assert [track.present for track in tracks] == ([False] if step / 8 <= 1.1 else [])
    (back,) = tracker.push([body(105)], (away + 1) / 8)
    assert (back is first) == same
    assert back.present
    if not same:
        np.testing.assert_array_equal(back.velocities, 0)


def test_somebody_else_at_another_place_is_new() -> None:
    tracker = Tracker()
    (first,) = tracker.push([body(100)], 0.0)
    later = tracker.push([body(400)], 0.125)
    assert [track is first for track in later if track.present] == [False]


def test_the_largest_come_first_and_a_glimpse_changes_nothing() -> None:
    tracker = Tracker()
    for step in range(16):
        tracks = tracker.push([body(100, 30), body(200, 40), body(300, 35)], step / 8)
    assert [round(hips(track)) for track in tracks] == [200, 300, 100]
    tracks = tracker.push([body(100, 30), body(200, 40), body(300, 35), body(500, 80)], 2.0)
    assert [round(hips(track)) for track in tracks][:2] == [200, 300]
    for step in range(17, 60):
        tracks = tracker.push([body(100, 30), body(200, 40), body(300, 35), body(500, 80)], step / 8)
    assert round(hips(tracks[0])) == 500


def test_the_unit_is_the_usual_torso() -> None:
    tracker = Tracker()
    for step in range(9):
        bent = standing(200, 100, TORSO)
        if step in (4, 5):
            bent[[5, 6], 0] += 25
        (track,) = tracker.push([body_of(row(bent))], step / 8)
    assert track.unit == pytest.approx(TORSO, rel=1e-6)


def test_memory_stays_bounded() -> None:
    tracker = Tracker()
    for step in range(2000):
        (track,) = tracker.push([body(100 + step % 5)], step / 25)
    assert len(track._torsos) <= 8 * 25 + 1
    assert len(track._places) <= 8
