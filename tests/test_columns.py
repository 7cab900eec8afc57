"""Where the features of each stream stand."""

from __future__ import annotations

import pytest

from vidlabel.columns import stream_columns, unlike_sizes


def test_streams_of_one_size_share_the_width() -> None:
    assert stream_columns(("frames", "motion"), 8) == {"frames": slice(0, 4), "motion": slice(4, 8)}


def test_streams_may_have_any_size() -> None:
    found = stream_columns(("motion", "pose", "text"), 9, (5, 1, 3))
    assert list(found.items()) == [("motion", slice(0, 5)), ("pose", slice(5, 6)), ("text", slice(6, 9))]


@pytest.mark.parametrize("sizes", [(4, 5), (8,), (2, 2, 4)])
def test_sizes_make_up_the_width(sizes: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="do not make a feature of 8"):
        stream_columns(("frames", "motion"), 8, sizes)


def test_sizes_that_are_alike_are_not_kept() -> None:
    assert unlike_sizes((4, 4)) is None
    assert unlike_sizes((4,)) is None
    assert unlike_sizes((4, 3)) == (4, 3)
