from __future__ import annotations

import pytest

from vidlabel.labels.typos import similar_spellings


@pytest.mark.parametrize(
    ("counts", "pairs"),
    [
        ({"fall": 5, "Fall": 3}, [("Fall", "fall")]),
        ({"sit down": 5, "sit_down": 1, "Sit-Down": 2}, [("Sit-Down", "sit down"), ("sit_down", "sit down")]),
        ({"walking": 20, "walkng": 2}, [("walkng", "walking")]),
        ({"walking": 20, "walkng": 10}, []),
        ({"step 1": 50, "step 2": 1}, []),
        ({"falling (BW)": 7, "falling (FW)": 1}, []),
        ({"walk": 50, "talk": 1}, []),
        ({"open": 9, "close": 9}, []),
        ({}, []),
    ],
)
def test_pairs_that_may_be_one_label(counts: dict[str, int], pairs: list[tuple[str, str]]) -> None:

    assert list(similar_spellings(counts)) == pairs


def test_thousands_of_labels_are_still_compared_by_case() -> None:
    counts = {f"label {number}": 9 for number in range(5000)} | {"LABEL 7": 1}
    assert similar_spellings(counts) == (("LABEL 7", "label 7"),)
