"""`vidlabel tune`: what it prints and writes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import vidlabel
from command_line import call
from corpus import Picture, Recipe, write_video
from evaluation.evaluated import telling_table
from onnx_files import write_channel_encoder
from training.sets import write_table
from vidlabel.report import trials

pytestmark = pytest.mark.usefixtures("few_epochs")


def test_the_search_is_shown_and_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table, output = telling_table(tmp_path), tmp_path / "best.safetensors"
    options = ("--trials", "3", "--inner-folds", "2", "--nested", "--folds", "2")
    ended = call(capfd, "tune", table, "-o", output, *options)
    assert ended.status == 0, ended.errors
    assert "3 trials: 3 complete; accuracy with one standard error over groups" in ended.output
    assert "the defaults of train, 2/s" in ended.output
    assert "nested: searched anew in 2 outer folds" in ended.output
    assert ended.errors.index("trial 0: the defaults of train, 2/s: begun") < ended.errors.index("trial 1: ")
    assert "trial 2: mean; features" in ended.errors
    with (tmp_path / "best.trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["0", "1", "2"]
    assert sum(row["chosen"] == "yes" for row in rows) == 1
    assert all(0 <= float(row["quality"]) <= 1 and int(row["parameters"]) > 0 for row in rows)
    drawn = (tmp_path / "best.trials.svg").read_text(encoding="utf-8")
    assert "defaults of train" in drawn
    assert "\\mathdefault" not in drawn  # the numbers of the axes are read as they stand
    assert (tmp_path / "best.trials.png").read_bytes().startswith(b"\x89PNG")


def test_problems_are_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = telling_table(tmp_path, clips=4)
    ended = call(capfd, "tune", table, "-o", tmp_path / "b.safetensors", "--minutes", "0.001")
    assert ended.status == 1
    assert ended.errors.splitlines()[-1].startswith("error: --minutes: there is no time for a single trial")
    assert call(capfd, "tune", tmp_path / "none.csv").status == 1
    assert call(capfd, "tune", table, "--minutes", "-1").status == 2
    monkeypatch.setattr(trials, "find_spec", lambda name: None)
    ended = call(capfd, "tune", table)
    assert (ended.status, ended.errors.count("\n")) == (1, 1)
    assert "vidlabel[tune]" in ended.errors


def write_coloured_videos(folder: Path) -> Path:
    """Eight videos, two in a group, that are red or blue; how green they are tells nothing."""
    for number in range(8):
        red, green = number % 2, number // 2 % 2
        colour = np.array([200 * red, 100 * green, 200 * (1 - red)], np.uint8)

        def painted(picture: Picture, colour: Picture = colour) -> Picture:
            return np.broadcast_to(colour, picture.shape).copy()

        write_video(folder / f"{number}.mp4", Recipe(frames=25, width=64, height=64, stored=painted))
    rows = "".join(f"{number}.mp4,,,{('blue', 'red')[number % 2]},g{number // 2}\n" for number in range(8))
    return write_table(folder, rows, columns="video,start,end,label,group")


@pytest.mark.usefixtures("shared_decoding")
def test_the_encoder_that_sees_the_label_is_chosen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table, output = write_coloured_videos(tmp_path), tmp_path / "best.safetensors"
    green = write_channel_encoder(tmp_path / "green.onnx", 1)
    colours = write_channel_encoder(tmp_path / "colours.onnx", 0, 2)
    small = ("--streams", "frames", "--trials", "5", "--inner-folds", "2", "--cache-dir", tmp_path / "cache")
    ended = call(capfd, "tune", table, "-o", output, "--encoder", green, "--encoder", colours, *small)
    assert ended.status == 0, ended.errors
    with (tmp_path / "best.trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["encoder"] for row in rows] == [*[str(green)] * 4, str(colours)]
    assert [row["chosen"] for row in rows] == ["", "", "", "", "yes"]
    assert all(float(row["cpu_per_second"]) > 0 for row in rows if row["state"] == "complete")
    assert [segment.label for segment in vidlabel.predict(tmp_path / "1.mp4", output).segments] == ["red"]


def test_an_encoder_that_cannot_be_tried_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    table = telling_table(tmp_path, clips=4)
    absent = call(capfd, "tune", table, "--encoder", "efficientnet-lite0", "--encoder", tmp_path / "none.onnx")
    assert (absent.status, absent.errors.count("\n")) == (1, 1)
    assert "none.onnx: there is no such file" in absent.errors
    of_files = call(capfd, "tune", table, "--encoder", "efficientnet-lite0")
    assert (of_files.status, of_files.errors.count("\n")) == (2, 1)
    assert "--encoder: is for videos" in of_files.errors
