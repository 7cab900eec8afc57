"""Which packets are decoded, worked out by hand on small tables."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from vidlabel.video.container.packets import RESTART, PacketTable
from vidlabel.video.decoders.skip_plan import plan_omission
from vidlabel.video.request import SampleRequest


def probe(pts: list[int], restarts: tuple[int, ...] = (0,)) -> Any:  # noqa: ANN401
    """A video of 10 ticks a second, as far as planning looks at it."""
    flags = np.zeros(len(pts), np.uint8)
    flags[list(restarts)] = RESTART
    packets = PacketTable(np.array(pts, np.int64), flags)
    return cast("Any", SimpleNamespace(packets=packets, first_pts=min(pts), time_base=Fraction(1, 10), preceding=None))


def test_what_follows_the_last_sample_of_a_group_is_left_out() -> None:
    plan = plan_omission(probe(list(range(20)), restarts=(0, 10)), SampleRequest(rate=2))
    assert plan.chosen.tolist() == [0, 5, 10, 15]
    assert np.flatnonzero(plan.wanted).tolist() == [0, 5, 10, 15]
    assert np.flatnonzero(plan.left_out).tolist() == [6, 7, 8, 9, 16, 17, 18, 19]
    assert plan.end == 16


def test_a_group_without_samples_is_left_out_whole() -> None:
    plan = plan_omission(probe(list(range(40)), restarts=(0, 10, 20, 30)), SampleRequest(rate=0.5))
    assert plan.chosen.tolist() == [0, 20]
    assert np.flatnonzero(~plan.left_out).tolist() == [0, 20]


def test_times_of_the_file_are_not_its_order() -> None:
    plan = plan_omission(probe([3, 9, 6, 4, 5, 8, 7]), SampleRequest(rate=2))
    # Times from the first: 0, 6, 3, 1, 2, 5, 4; the sample at 0.5 s is the sixth packet.
    assert plan.chosen.tolist() == [0, 5]
    assert np.flatnonzero(plan.wanted).tolist() == [0, 5]
    assert np.flatnonzero(plan.left_out).tolist() == [6]


def test_earlier_pictures_are_wanted_too_where_there_are_any() -> None:
    plan = plan_omission(probe(list(range(12))), SampleRequest(rate=2, lag_s=0.2))
    assert plan.earlier is not None
    assert plan.chosen.tolist() == [0, 5, 10]
    assert plan.earlier.tolist() == [-1, 3, 8]
    assert plan.needed.tolist() == [0, 3, 5, 8, 10]


@pytest.mark.parametrize("count", [1, 2])
def test_videos_of_a_frame_or_two(count: int) -> None:
    plan = plan_omission(probe(list(range(count))), SampleRequest(rate=2))
    assert plan.chosen.tolist() == [0]
    assert plan.end == 1
