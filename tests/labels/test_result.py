from __future__ import annotations

import math

import pytest

from vidlabel.labels.result import Segment


@pytest.mark.parametrize(
    ("start", "end"), [(-0.001, 1.0), (2.0, 1.0), (math.nan, 1.0), (0.0, math.nan), (0.0, math.inf)]
)
def test_segment_with_impossible_times_is_refused(start: float, end: float) -> None:
    with pytest.raises(ValueError, match=f"from {start} to {end}"):
        Segment(start, end, "fall", 0.5)


@pytest.mark.parametrize("score", [-0.1, 1.1, math.nan])
def test_segment_with_impossible_score_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match=f"not {score}"):
        Segment(0.0, 1.0, "fall", score)
