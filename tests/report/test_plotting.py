"""Plots as files: the same bytes each time, and any label."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from matplotlib.image import imread

from vidlabel.errors import OutputError
from vidlabel.report.plotting import BLUE, light_grid, save_plot, shortened


def draw(figure: Figure) -> None:
    """A line under a title that a formula could be taken for, with a letter that no font has."""
    axes = figure.subplots()
    axes.plot([0, 1, 2], [1, 0, 2], color=BLUE)
    axes.set_title("cost: $5 or $x_ \U000e0001")
    light_grid(axes)


def test_both_files_are_pictures_and_the_same_each_time(tmp_path: Path) -> None:
    before = dict(rcParams)
    for name in ("first.v1", "second"):  # a dot in a name is no suffix
        save_plot(tmp_path / name, draw)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "first.v1.png",
        "first.v1.svg",
        "second.png",
        "second.svg",
    ]
    for suffix in (".png", ".svg"):
        content = (tmp_path / f"second{suffix}").read_bytes()
        assert (tmp_path / f"first.v1{suffix}").read_bytes() == content
        assert b"Matplotlib" not in content
    pixels = imread(tmp_path / "second.png")
    assert pixels.shape[0] > 300
    blue = (abs(pixels[:, :, :3] - [0, 0x72 / 255, 0xB2 / 255]) < 0.02).all(axis=2)
    assert blue.sum() > 500
    assert ElementTree.parse(tmp_path / "second.svg").getroot().tag.endswith("svg")
    assert dict(rcParams) == before


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError):
        save_plot(tmp_path / "file" / "plot", draw)


@pytest.mark.parametrize(
    ("text", "characters", "short"), [("walk", 4, "walk"), ("walks", 4, "wal…"), ("x" * 24, 24, "x" * 24)]
)
def test_labels_are_cut_to_fit(text: str, characters: int, short: str) -> None:
    assert shortened(text, characters) == short
