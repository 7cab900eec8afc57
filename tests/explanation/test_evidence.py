"""Which samples are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from vidlabel.explanation.evidence import choose_steps


@pytest.mark.parametrize(
    ("values", "most", "chosen"),
    [
        ([0.1, 0.9, 0.8, 0.2, 0.5], 5, [1, 4]),  # 2 and 0 are beside 1, 3 beside 4
        ([1.0, 0, 0.9, 0, 0.8, 0, 0.7], 3, [0, 2, 4]),
        ([1.0, 0, 0.09, 0, 0.11], 5, [0, 4]),  # less than a tenth is not looked at
        ([-1.0, -2, 0], 5, []),
        ([0.5, 0, 0.5], 5, [0, 2]),
        ([0.5], 5, [0]),
        ([0.5, 0.2], 0, []),
    ],
)
def test_the_highest_that_are_apart(values: list[float], most: int, chosen: list[int]) -> None:
    assert choose_steps(np.array(values), most) == chosen
