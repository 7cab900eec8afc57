"""Thumbnails show the frames at their times, and leave room."""

from __future__ import annotations

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from corpus import Recipe, read_number, write_video
from report.results import made
from vidlabel.errors import UsageError
from vidlabel.report.results.thumbnails import MOST_BYTES, check_thumbnails, thumbnails_each, with_thumbnails


def nothing(done: int, videos: int) -> None:
    pass


def test_they_show_the_middles_of_equal_parts(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", Recipe(frames=40, rate=Fraction(10)))
    video = replace(made.video("clip.mp4", [], 4.0), file=path)
    (found,), warnings = with_thumbnails([video], 2, nothing)
    assert warnings == []
    assert [one.time_s for one in found.thumbnails] == [1.0, 3.0]
    pictures = [np.asarray(Image.open(io.BytesIO(one.jpeg)).convert("RGB")) for one in found.thumbnails]
    assert [read_number(picture) for picture in pictures] == [10, 30]


def test_a_broken_video_has_none_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    video = replace(made.video("bad.mp4", [], 4.0), file=tmp_path / "bad.mp4")
    (found,), (warning,) = with_thumbnails([video], 2, nothing)
    assert found.thumbnails == ()
    assert "bad.mp4" in warning


def test_many_videos_share_the_room() -> None:
    assert thumbnails_each(4, 10) == 4
    assert 4000 * thumbnails_each(100, 1000) * 1000 <= MOST_BYTES
    assert thumbnails_each(4, 10**6) == 0


@pytest.mark.parametrize("number", [-1, 101])
def test_a_number_out_of_range_is_refused(number: int) -> None:
    with pytest.raises(UsageError, match="thumbnails"):
        check_thumbnails(number)
