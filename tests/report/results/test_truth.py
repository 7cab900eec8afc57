"""Rows of annotation files find their videos, or are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.results.made import video
from vidlabel.report.results.truth import read_truth, with_truth

NAMES = ["videos/a/clip.mp4", "videos/b/clip.mp4", "videos/one.mp4"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("videos/one.mp4", "videos/one.mp4"),
        ("one.mp4", "videos/one.mp4"),
        ("one", "videos/one.mp4"),
        ("else/where/one.mp4", "videos/one.mp4"),
        ("a/clip.mp4", "videos/a/clip.mp4"),
        ("c:\\data\\b\\clip.mp4", "videos/b/clip.mp4"),
        ("clip.mp4", None),
        ("none.mp4", None),
    ],
)
def test_rows_find_their_video(tmp_path: Path, row: str, found: str | None) -> None:
    table = tmp_path / "truth.csv"
    table.write_text(f"video,start,end,label\n{row},1,2,dog\n")
    matched, warnings = with_truth([video(name, [], 10.0) for name in NAMES], read_truth(table))
    assert [one.path for one in matched if one.truth is not None] == ([] if found is None else [found])
    assert len(warnings) == (found is None)
