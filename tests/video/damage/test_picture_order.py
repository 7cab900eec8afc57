"""Leaps in time and order: losses that numbers of references do not tell, and pauses, which are none."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from vidlabel.video.container.packets import NO_TIME
from vidlabel.video.damage.picture_order import Leaps, find_leaps, order_losses, round_losses

PERIOD, NUMBERS = 64, 16


def stream(*groups: list[int], counts_by: str = "pictures") -> tuple[Leaps, npt.NDArray[np.int64]]:
    """A stream of groups, each given by the frame times of its pictures, the first of which refreshes.

    Pictures are decoded as they are shown. Their order counts `pictures` of the group, or `frames` of time; two of it
    a picture.
    """
    times, orders, refreshes = [], [], []
    for group in groups:
        for number, time in enumerate(group):
            times.append(40 * time)
            orders.append(2 * (number if counts_by == "pictures" else time - group[0]) % PERIOD)
            refreshes.append(number == 0)
    leaps = find_leaps(np.array(times, np.int64), np.array(refreshes))
    assert leaps is not None
    return leaps, np.array(orders, np.int64)


def frames(first: int, end: int, without: range = range(0)) -> list[int]:
    return [time for time in range(first, end) if time not in without]


@pytest.mark.parametrize("counts_by", ["pictures", "frames"])
def test_pauses_are_no_losses(counts_by: str) -> None:
    leaps, orders = stream(frames(0, 30), frames(30, 80, range(40, 45)), frames(90, 120), counts_by=counts_by)
    assert len(leaps.places) == 1
    assert order_losses(leaps, orders, PERIOD, NUMBERS) == []
    assert round_losses(leaps, np.zeros(len(orders), np.bool_), NUMBERS, np.array([0, 30, 75])) == []


def test_a_lost_refresh_is_seen_by_the_order_that_does_not_fit() -> None:
    """Frame 25 began a group, and is lost with nine more."""
    leaps, orders = stream(frames(0, 25), frames(25, 50), frames(50, 75), counts_by="frames")
    kept = np.array([not 23 <= index < 33 for index in range(75)])
    times = np.arange(75, dtype=np.int64)[kept] * 40
    refreshes = np.arange(75)[kept] % 25 == 0
    after = find_leaps(times, refreshes)
    assert after is not None
    assert order_losses(after, orders[kept], PERIOD, NUMBERS) == [23]
    assert order_losses(leaps, orders, PERIOD, NUMBERS) == []


def test_a_leap_over_a_whole_round_of_numbers_is_a_loss_unless_the_stream_pauses_elsewhere() -> None:
    lost = frames(0, 60, range(20, 36))
    leaps, orders = stream(lost, counts_by="frames")
    assert order_losses(leaps, orders, PERIOD, NUMBERS) == [20]
    with_pause, _ = stream(lost, frames(60, 90, range(70, 74)))
    by_pictures = np.concatenate([orders, 2 * np.arange(26) % PERIOD])
    assert order_losses(with_pause, by_pictures, PERIOD, NUMBERS) == []


def test_without_an_order_the_length_of_groups_tells() -> None:
    """Groups of 60 frames, one of which lacks as many as numbers take to go round, a few less, or none but pauses."""
    rest = [frames(start, start + 60) for start in (60, 120, 180)]
    for lost, count, expected in ((range(20, 36), 44, [20]), (range(20, 35), 45, []), (range(20, 52), 28, [20])):
        leaps, _ = stream(frames(0, 60, lost), *rest)
        nothing = np.zeros(count + 180, np.bool_)
        assert round_losses(leaps, nothing, NUMBERS, np.array([0, count, count + 60, count + 120])) == expected
        assert round_losses(leaps, nothing, NUMBERS, np.array([0, count, count + 60])) == []  # one whole group: no rule
        assert round_losses(leaps, nothing, NUMBERS, np.array([0, count, count + 50, count + 120])) == []
    leaps, _ = stream(frames(0, 76, range(20, 36)), *([time + 16 for time in group] for group in rest))
    assert round_losses(leaps, np.zeros(240, np.bool_), NUMBERS, np.array([0, 60, 120, 180])) == []


def test_a_leap_that_is_known_to_be_a_loss_is_no_pause() -> None:
    leaps, _ = stream(frames(0, 90, range(20, 25)), frames(90, 150, range(100, 116)))
    spoilt = np.arange(129) < 85
    starts = np.array([0, 85])
    assert round_losses(leaps, spoilt, NUMBERS, starts) == [95]
    assert round_losses(leaps, np.zeros(129, np.bool_), NUMBERS, starts) == []


def test_pictures_that_are_shown_in_another_order_than_decoded_are_put_right() -> None:
    """I P B B: the first picture after the loss that is decoded is not the first that is shown."""
    decoded = [0, *(time for group in range(12) for time in (3 * group + 3, 3 * group + 1, 3 * group + 2))]
    kept = [time for time in decoded if not 9 < time <= 28]
    times = np.array(kept, np.int64)
    leaps = find_leaps(times, np.array(kept) == 0)
    assert leaps is not None
    assert order_losses(leaps, 2 * times % PERIOD, PERIOD, NUMBERS) == [kept.index(30)]


def test_without_a_rule_nothing_is_said() -> None:
    leaps, orders = stream(frames(0, 60, range(20, 36)), counts_by="frames")
    for step in (3, 5, 7):
        orders[step::step] += step
    assert order_losses(leaps, orders, PERIOD, NUMBERS) == []
    assert find_leaps(np.full(20, NO_TIME), np.zeros(20, np.bool_)) is None
    assert find_leaps(np.zeros(20, np.int64), np.zeros(20, np.bool_)) is None
    assert find_leaps(np.arange(3), np.zeros(3, np.bool_)) is None
