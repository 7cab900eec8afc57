"""The motion of a first sample is that of the second; nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from vidlabel.heads.inputs import filled_motion

VALUES = np.arange(24, dtype=np.float32).reshape(3, 8)


@pytest.mark.parametrize(
    ("streams", "first"),
    [
        (("frames", "motion"), [0, 1, 2, 3, 12, 13, 14, 15]),
        (("motion", "frames"), [8, 9, 10, 11, 4, 5, 6, 7]),
        (("motion",), [8, 9, 10, 11, 12, 13, 14, 15]),
        (("frames", "motion", "audio", "text"), [0, 1, 10, 11, 4, 5, 6, 7]),
    ],
)
def test_the_second_sample_stands_in(streams: tuple[str, ...], first: list[int]) -> None:
    before = VALUES.copy()
    found = filled_motion(VALUES, streams)
    assert found[0].tolist() == first
    np.testing.assert_array_equal(found[1:], before[1:])
    np.testing.assert_array_equal(VALUES, before)


def test_there_is_nothing_to_fill_in() -> None:
    assert filled_motion(VALUES, ("frames",)) is VALUES
    alone = VALUES[:1]
    assert filled_motion(alone, ("motion",)) is alone
