"""Annotations mean something, or cannot be made."""

from __future__ import annotations

import math

import pytest

from vidlabel.labels.annotations import Annotation


@pytest.mark.parametrize(
    "row",
    [
        {"video": ""},
        {"label": " fall"},
        {"label": "a\0"},
        {"group": ""},
        {"start": 2.0},
        {"start": math.nan},
        {"start": None},
        {"score": math.inf},
        {"annotator": " ann"},
        {"annotator": "a\0"},
        {"kind": "point"},
        {"kind": "point", "start": None, "end": None},
        {"start": 1.0},
    ],
)
def test_rows_that_mean_nothing_cannot_be_made(row: dict[str, object]) -> None:
    whole: dict[str, object] = {"video": "a.mp4", "start": 0.0, "end": 1.0, "label": "fall", **row}
    with pytest.raises(ValueError, match=r"\w"):
        Annotation(**whole)  # type: ignore[arg-type]


def test_a_point_has_one_time() -> None:
    point = Annotation("a.mp4", 2.5, 2.5, "fall", kind="point")
    assert (point.start, point.end) == (2.5, 2.5)
