"""People drawn on frames: at the sample times, where the encoder finds them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from corpus import Recipe, read_number, write_video
from vidlabel.video.probe import probe
from vidlabel.video_writing.drawn import PeopleSettings
from vidlabel.video_writing.overlay import planes_of
from vidlabel.video_writing.people_marks import PeopleMarks


def person(y: float, x: float) -> np.ndarray:
    """A person whose left shoulder alone is seen, in the place that it has in a sample."""
    numbers = np.zeros((6, 56), np.float32)
    numbers[0, 15:18] = y, x, 0.9
    numbers[0, -1] = 0.9
    return numbers.reshape(1, -1)


def test_people_of_a_sample_are_drawn_until_the_next_one(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(width=320, height=240, frames=20))
    asked: list[int] = []

    def find(pictures: np.ndarray) -> np.ndarray:
        assert pictures.shape == (1, 120, 160, 3)
        asked.append(read_number(pictures[0]))
        return person(30, 40 * len(asked))

    marks = PeopleMarks(PeopleSettings(rate=4.0, short_side=120), probe(video), (320, 240), "601", find)
    places = []
    with av.open(str(video)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            picture = np.full((360, 320), 128, np.uint8)
            marks.draw(planes_of(picture), frame, Fraction(number, 25))
            rows, columns = np.nonzero(picture[:240] != 128)
            places.append((round(rows.mean()), round(columns.mean())))
    assert asked == [0, 7, 13, 19]  # the first frames at or after 0, 0.25, 0.5 and 0.75 s
    assert places[:7] == [(60, 80)] * 7  # twice the place in the sample
    assert places[7:13] == [(60, 160)] * 6


def test_nobody_is_drawn_where_nobody_is_found(tmp_path: Path) -> None:
    video = write_video(tmp_path / "a.mp4", Recipe(frames=1))
    marks = PeopleMarks(
        PeopleSettings(2.0, 120), probe(video), (160, 120), "601", lambda _: np.zeros((1, 6 * 56), np.float32)
    )
    picture = np.full((180, 160), 128, np.uint8)
    with av.open(str(video)) as container:
        marks.draw(planes_of(picture), next(container.decode(video=0)), Fraction(0))
    assert (picture == 128).all()
