"""The band of labels, and fonts for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vidlabel.video_writing.drawn import BandSegment
from vidlabel.video_writing.fonts import FontBook
from vidlabel.video_writing.label_band import LabelBand, label_colours
from vidlabel.video_writing.overlay import planes_of

WIDTH, HEIGHT = 320, 240
UNTOUCHED = 100


def drawn(segments: Sequence[BandSegment], *times_ms: int, size: tuple[int, int] = (WIDTH, HEIGHT)) -> list[np.ndarray]:
    """The brightness of frames at some times of a video of 10 s."""
    band = LabelBand(segments, 10_000, size, "601")
    pictures = []
    for time_ms in times_ms:
        picture = np.full((size[1] * 3 // 2, size[0]), UNTOUCHED, np.uint8)
        band.draw(planes_of(picture), time_ms)
        pictures.append(picture[: size[1]].astype(int))
    return pictures


def band_top(picture: np.ndarray) -> int:
    return int(np.flatnonzero((picture != UNTOUCHED).any(axis=1))[0])


def text_pixels(picture: np.ndarray) -> int:
    """Bright pixels above the timeline."""
    return int((picture[band_top(picture) : HEIGHT - 12] > 150).sum())


FALL = BandSegment(2000, 6000, "fall", "", 0.9)


def test_a_label_is_written_while_it_holds() -> None:
    before, first, last, after = drawn([FALL], 1999, 2000, 5999, 6000)
    assert text_pixels(before) == text_pixels(after) == 0
    assert text_pixels(first) > 50
    assert text_pixels(first) == text_pixels(last)


def test_the_playhead_moves_from_the_left_to_the_right() -> None:
    pictures = drawn([FALL], 0, 5000, 10_000)
    for picture, share in zip(pictures, (0.0, 0.5, 1.0), strict=True):
        columns = np.flatnonzero(picture[-1] == 235)
        assert abs(columns.mean() - share * (WIDTH - 2)) <= 3


def test_the_timeline_shows_where_segments_lie() -> None:
    (picture,) = drawn([FALL], 10_000)
    row = picture[-4]
    in_segment, outside = row[70:185], np.concatenate([row[:60], row[200:300]])
    assert np.ptp(in_segment) <= 1
    assert np.ptp(outside) <= 1
    assert abs(in_segment[0] - outside[0]) > 30


def test_the_band_covers_little_of_any_picture() -> None:
    for size in ((320, 240), (426, 240), (240, 426), (3840, 2160), (64, 48), (16, 16)):
        (picture,) = drawn([FALL, BandSegment(0, 9000, "walk", "other")], 3000, size=size)
        assert (picture != UNTOUCHED).any()
        if size[1] >= 240:
            assert band_top(picture) > 0.7 * size[1]


def test_models_have_lines_of_their_own() -> None:
    one = drawn([FALL], 3000)[0]
    two = drawn([FALL, BandSegment(0, 9000, "walk", "people", 0.5)], 3000)[0]
    assert band_top(two) < band_top(one)


def test_many_and_long_labels_stay_in_the_picture() -> None:
    many = [BandSegment(0, 10_000, f"label number {number}", "", 0.5) for number in range(50)]
    long = [BandSegment(0, 10_000, "x" * 300, "m" * 300, 0.5)]
    for segments in (many, long):
        (picture,) = drawn(segments, 100)
        assert text_pixels(picture) > 50


def test_a_video_without_segments_has_a_timeline() -> None:
    (picture,) = drawn([], 5000)
    assert text_pixels(picture) == 0
    assert (picture[-1] == 235).any()


def test_colours_are_stable_and_differ() -> None:
    assert label_colours(["fall"])["fall"] == label_colours(["fall", "fall"])["fall"]
    for number in range(50):
        labels = [f"label {number + place}" for place in range(14)]
        assert len(set(label_colours(labels[:7]).values())) == 7
        assert sorted(Counter(label_colours(labels).values()).values()) == [2] * 7


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system has no fonts beside Pillow's own."""
    monkeypatch.setattr(FontBook, "_paths", [])


@pytest.mark.usefixtures("no_fonts")
def test_letters_that_no_font_has_are_escaped_with_a_warning() -> None:
    fonts = FontBook(20)
    assert fonts.fit("fall!")[1] == "fall!"
    assert fonts.fit("倒れる")[1] == "\\u5012\\u308c\\u308b"
    assert fonts.fit("سقوط")[1].isascii()
    assert fonts.fit("a\nb")[1] == "a\\nb"
    band = LabelBand([BandSegment(0, 1000, "倒れる", "", 0.5)], 1000, (320, 240), "601")
    assert len(band.warnings) == 1
    assert "no font here shows '\\u5012\\u308c\\u308b'" in band.warnings[0]
    assert LabelBand([FALL], 1000, (320, 240), "601").warnings == ()


def test_fonts_that_cannot_be_opened_are_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "sans.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(FontBook, "_paths", [broken, tmp_path / "gone.ttf"])
    assert FontBook(20).fit("倒")[1] == "\\u5012"


def test_100_000_segments_are_drawn() -> None:
    segments = [BandSegment(number // 10, number // 10 + 1, f"l{number % 7}") for number in range(100_000)]
    before, after = drawn(segments, 0, 9_999)
    assert text_pixels(before) > 0 < text_pixels(after)
