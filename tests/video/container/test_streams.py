"""Video streams of one file that follow each other in time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from video.joined_parts import FRAMES, frames, joined, part, shown, write_tracks


def two_tracks(path: Path, second_starts: int) -> Path:
    """Tracks with frames 0 to 19, and 20 to 39 from so many frames after the start on."""
    return write_tracks(path, [{n: n for n in range(FRAMES)}, {second_starts + n: FRAMES + n for n in range(FRAMES)}])


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_a_track_that_starts_where_another_ends_is_read_after_it(name: str, tmp_path: Path) -> None:
    found, report = shown(two_tracks(tmp_path / name, FRAMES))
    assert found == frames(*range(2 * FRAMES))
    assert report.decoded_ratio == 1.0


def test_a_track_that_starts_a_second_later_keeps_its_time(tmp_path: Path) -> None:
    found, _ = shown(two_tracks(tmp_path / "a.mkv", FRAMES + 25))
    assert found == {Fraction(n if n < FRAMES else n + 25): n for n in range(2 * FRAMES)}


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_tracks_side_by_side_do_not_continue_each_other(name: str, tmp_path: Path) -> None:
    found, report = shown(two_tracks(tmp_path / name, 3))
    assert found == frames(*range(FRAMES))
    assert report.warnings == ()


def other_program_stream(folder: Path) -> bytes:
    recipe = Recipe(codec="mpeg2video", b_frames=2)
    return part(folder, "a.mpg", 1, recipe).replace(b"\0\0\x01\xe0", b"\0\0\x01\xe1")


def test_a_program_stream_that_goes_on_under_another_identifier_is_read_on(tmp_path: Path) -> None:
    first = part(tmp_path, "a.mpg", 0, Recipe(codec="mpeg2video", b_frames=2))
    found, report = shown(joined(tmp_path, "a.mpg", first, other_program_stream(tmp_path)))
    assert found == frames(*range(2 * FRAMES))
    assert report.decoded_ratio == 1.0


def test_so_it_is_beyond_what_is_looked_at_on_opening(tmp_path: Path) -> None:
    shows = [number % 100 for number in range(300)]
    first = write_video(tmp_path / "long.mpg", Recipe(codec="mpeg2video", b_frames=2), shows).read_bytes()
    path = joined(tmp_path, "a.mpg", first, other_program_stream(tmp_path))
    assert list(shown(path)[0].values()) == [*shows, *range(FRAMES, 2 * FRAMES)]
