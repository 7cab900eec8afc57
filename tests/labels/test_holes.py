"""No segment claims time that nobody has seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vidlabel.labels.holes import cut_holes
from vidlabel.labels.result import Segment


def test_a_hole_in_the_middle_cuts_a_segment_in_two() -> None:
    assert cut_holes([Segment(1.0, 9.0, "dog", 0.5)], [(3.0, 4.0), (8.5, 20.0)]) == (
        Segment(1.0, 3.0, "dog", 0.5),
        Segment(4.0, 8.5, "dog", 0.5),
    )


def test_without_holes_nothing_changes() -> None:
    segments = (Segment(0.0, 1.0, "a", 1.0), Segment(0.5, 2.0, "b", 0.1))
    assert cut_holes(segments, []) == segments
    assert cut_holes(segments, [(2.0, 3.0)]) == segments


tenths = st.integers(0, 100)
spans = st.tuples(tenths, tenths).map(sorted).filter(lambda span: span[0] < span[1])


@given(spans, st.lists(tenths, max_size=8, unique=True).map(sorted))
def test_what_is_left_is_the_segment_without_the_holes(segment: list[int], edges: list[int]) -> None:
    holes = list(zip(edges[::2], edges[1::2], strict=False))
    pieces = cut_holes([Segment(segment[0] / 10, segment[1] / 10, "a", 0.5)], [(a / 10, b / 10) for a, b in holes])
    for tenth in range(101):
        seen = segment[0] <= tenth < segment[1] and not any(a <= tenth < b for a, b in holes)
        assert any(round(p.start * 10) <= tenth < round(p.end * 10) for p in pieces) == seen
