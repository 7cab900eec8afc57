"""How much of the asked time was decoded: frames that do not come, counted by hand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.video.damage.coverage import Coverage, FrameClock, ShownOrder

TICKS = 10
"""Of a frame."""


def covered(
    come: list[int], errors_before: int = 0, frames: int = 100, first: int = 0, end: int | None = None
) -> Coverage:
    """Frames with these numbers come, of 100; this number of errors is reported with the first after a gap."""
    times = np.arange(frames, dtype=np.int64) * TICKS
    coverage = Coverage(times, Fraction(TICKS), first, frames * TICKS if end is None else end)
    errors, before = 0, -1
    for number in come:
        errors += errors_before if number > before + 1 else 0
        coverage.frame(number * TICKS, errors)
        before = number
    coverage.finish(errors, frames * TICKS)
    return coverage


def test_nothing_is_lost_where_all_frames_come() -> None:
    assert (covered(list(range(100))).lost, covered(list(range(100))).holes) == (0, [])


@pytest.mark.parametrize(
    ("missing", "errors", "lost", "holes"),
    [
        (range(50, 51), 0, 0, []),  # one frame far from an error may be the field of a picture
        (range(50, 51), 1, 10, []),
        (range(50, 52), 0, 20, []),
        (range(50, 53), 0, 30, [(500, 530)]),
        (range(50, 53), 2, 30, [(500, 530)]),
        (range(5), 0, 50, [(0, 50)]),
        (range(95, 100), 0, 50, [(950, 1000)]),
        (range(99, 100), 0, 0, []),
    ],
)
def test_lost_time_reaches_from_the_missing_frame_to_the_next(
    missing: range, errors: int, lost: int, holes: list[tuple[int, int]]
) -> None:
    found = covered([number for number in range(100) if number not in missing], errors)
    assert found.lost == lost
    assert found.holes == holes


def test_only_asked_time_counts() -> None:
    come = [number for number in range(100) if number not in range(40, 60)]
    assert covered(come, first=500).lost == 100
    assert covered(come, end=450).lost == 50
    assert covered(come, first=700).lost == 0


def shown(packets: list[tuple[int, bool]], lost: set[int]) -> list[int | None]:
    """Places that frames get whose packets lie in the file like this; a frame is (place, whether it is a B-frame).

    The decoder hands out a B-frame at once, and another when the next one comes.
    """
    order = ShownOrder(np.arange(len(packets), dtype=np.int64) * TICKS)
    held: int | None = None
    times = []
    for place, is_bidirectional in packets:
        if place in lost:
            order.damage()
            continue
        order.packet(place)
        if is_bidirectional:
            times.append(order.frame(place, True))
            continue
        if held is not None:
            times.append(order.frame(held, False))
        held = place
    times.append(order.frame(held, False))
    return [None if time is None else time // TICKS for time in times]


STORED = list(enumerate(letter == "B" for letter in "IPBBPBBPBB"))
"""Shown as 0 2 3 1 5 6 4 8 9 7."""


def test_frames_of_a_whole_file_take_its_places_in_turn() -> None:
    assert shown(STORED, set()) == list(range(10))


@pytest.mark.parametrize("lost", [4, 5, 6])
def test_what_follows_lost_frames_keeps_its_time(lost: int) -> None:
    assert shown(STORED, {lost})[:3] == [0, 1, 2]
    assert shown(STORED, {lost})[-3:] == [7, 8, 9]


@given(st.integers(1, 40))
def test_without_an_origin_frames_follow_each_other_to_the_end(frames: int) -> None:
    order = ShownOrder(np.arange(frames, dtype=np.int64))
    assert [order.frame(None, False) for _ in range(frames + 1)] == [*range(frames), None]


def test_frames_without_times_follow_by_one_step() -> None:
    clock = FrameClock(1000, Fraction(10, 3))
    assert [clock.time(pts) for pts in (None, None, None, None)] == [0, 3, 7, 10]
    assert clock.time(1050) == 50
    assert [clock.time(None), clock.time(-(1 << 63))] == [53, 57]
    assert clock.disordered == 0


def test_a_frame_never_lies_before_the_one_before() -> None:
    clock = FrameClock(100, Fraction(10))
    assert [clock.time(pts) for pts in (100, 130, 120, 125, 140)] == [0, 30, 30, 30, 40]
    assert clock.disordered == 2


def test_a_loss_reaches_to_the_end_from_the_last_frame_on_though_later_packets_are_not_promised() -> None:
    """Frames 40 to 44 are not in the file, and 45 to 49 refer to them."""
    times = np.array([number * TICKS for number in range(50) if number not in range(40, 45)], np.int64)
    coverage = Coverage(times, Fraction(TICKS), 0, 500)
    for number in range(40):
        coverage.frame(number * TICKS, 0)
    coverage.finish(5, 500)
    assert (coverage.lost, coverage.holes) == (100, [(400, 500)])


def test_where_a_file_has_no_times_only_errors_tell() -> None:
    coverage = Coverage(np.empty(0, np.int64), Fraction(TICKS), 0, 1000)
    for number in (*range(40), *range(60, 90)):
        coverage.frame(number * TICKS, 0 if number < 60 else 20)
    coverage.finish(30, 1000)
    assert (coverage.lost, coverage.holes) == (300, [(400, 600), (900, 1000)])


def test_frames_that_are_passed_over_move_the_clock_only_where_they_have_no_times() -> None:
    untimed, timed = FrameClock(0, Fraction(TICKS)), FrameClock(100, Fraction(TICKS))
    assert (untimed.time(None), timed.time(100)) == (0, 0)
    for _ in range(3):
        untimed.pass_over(None)
        timed.pass_over(190)
    assert (untimed.time(None), timed.time(110)) == (40, 10)
    assert timed.disordered == 0
