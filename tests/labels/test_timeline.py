from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labels.results import segments
from vidlabel.labels.result import Segment
from vidlabel.labels.timeline import TimelineRow, timeline


def test_bars_show_when_each_label_holds() -> None:
    some = [Segment(5, 10, "walk", 0.5), Segment(0, 2, "fall", 0.5), Segment(9, 10, "fall", 0.5)]
    assert timeline(some, 10, 10) == (TimelineRow("fall", "██       █"), TimelineRow("walk", "     █████"))


@pytest.mark.parametrize(
    ("end", "bar"), [(0.01, "░ "), (0.33, "░ "), (0.5, "▒ "), (0.9, "▓ "), (1.0, "█ "), (1.5, "█▒")]
)
def test_shade_tells_how_much_of_a_cell_is_covered(end: float, bar: str) -> None:
    assert timeline([Segment(0, end, "a", 0.5)], 2, 2)[0].bar == bar


def test_pieces_that_fill_a_cell_fill_it() -> None:
    pieces = [Segment(n / 10, (n + 1) / 10, "a", 0.5) for n in range(10)]
    assert timeline(pieces, 1, 3)[0].bar == "███"


def test_segment_beyond_the_end_is_cut() -> None:
    assert timeline([Segment(1, 9, "a", 0.5)], 2, 2)[0].bar == " █"


@given(st.lists(segments(st.sampled_from("abc"))), st.integers(1, 80))
def test_every_segment_leaves_a_mark(some: list[Segment], width: int) -> None:
    duration = max((segment.end for segment in some), default=1.0)
    rows = timeline(some, duration, width)
    assert {row.label for row in rows} == {segment.label for segment in some}
    assert all(len(row.bar) == width and row.bar.strip() for row in rows)


def test_no_segments_have_no_rows() -> None:
    assert timeline([], 10, 10) == ()


def test_no_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="for 0 s"):
        timeline([], 0, 10)
