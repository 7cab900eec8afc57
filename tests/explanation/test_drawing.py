"""What is drawn, and that the same content gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image

from vidlabel.explanation.drawing import (
    DrawnPerson,
    colour_map,
    heat_picture,
    people_picture,
    spectrogram_picture,
    write_picture,
)

GREY = np.full((60, 80, 3), 128, np.uint8)


def test_colours_are_those_of_inferno() -> None:
    expected = mpl.colormaps["inferno"](np.arange(256))[:, :3]
    assert np.abs(colour_map() / 255 - expected).max() < 0.04
    lightness = colour_map().astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) > -1).all()


def test_hot_places_are_bright_cold_ones_grey_and_unseen_ones_dark() -> None:
    heat = np.full((60, 80), -1.0)
    heat[10:20, 30:40] = 2
    heat[:, 70:] = np.nan
    picture = heat_picture(GREY, heat)
    red, green, blue = picture[15, 35].tolist()
    assert red > 200
    assert green > 200
    assert red - blue > 40
    assert picture[40, 20].tolist() == [128] * 3
    assert picture[40, 75].max() < 64


def test_a_frame_without_heat_stays_grey() -> None:
    assert (heat_picture(GREY, np.zeros((60, 80))) == 128).all()


def test_joints_that_count_are_larger_and_brighter() -> None:
    person = DrawnPerson(((20.0, 30.0), (60.0, 30.0)), (1.0, 0.0), (10.0, 10.0, 70.0, 50.0), counts_most=True)
    picture = people_picture(GREY, [person], [(0, 1)])
    scale = picture.shape[1] // 80
    around = [picture[20 * scale : 40 * scale, (x - 9) * scale : (x + 10) * scale].astype(int) for x in (20, 60)]
    coloured = [(np.ptp(one, axis=2) > 60).sum() for one in around]
    assert coloured[0] > 5 * max(1, coloured[1])
    assert (picture[10 * scale, 30 * scale] == 255).all()


def test_a_spectrogram_has_time_to_the_right_and_high_bands_on_top() -> None:
    levels = np.zeros((100, 16))
    levels[60:70, 12:14] = 1
    picture = spectrogram_picture(levels, slice(50, 80), None).astype(int).sum(axis=2)
    bright = np.argwhere(picture > 600)
    inside = bright[(bright[:, 1] > 104) & (bright[:, 1] < 156)]
    assert (inside.min(axis=0).tolist(), inside.max(axis=0).tolist()) == ([8, 120], [15, 139])


def test_files_are_png_of_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.png", "other.png"):
        write_picture(GREY, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "other.png").read_bytes()
    with Image.open(tmp_path / "one.png") as image:
        assert (image.format, image.size) == ("PNG", (640, 480))
    assert len(list(tmp_path.iterdir())) == 2
