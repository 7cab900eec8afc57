"""`vidlabel train` on what people have: each fault is named, with what to do, and what is sound is learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from command_line import call
from training.evaluated import telling_table
from training.sets import write_features, write_table
from vidlabel.heads.model import load_model

QUICK = ("--hidden", "4", "--members", "1", "--epochs", "5", "--inner-folds", "2", "--quiet")


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_file_of_features_that_are_not_finite_is_left_out(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, wrong: float
) -> None:
    table = telling_table(tmp_path)
    values = np.zeros((8, 6), np.float32)
    values[3, 2] = wrong
    np.savez(tmp_path / "5.npz", features=values, times=np.arange(8) / 2)
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 3
    assert "5.npz" in ended.errors
    assert "finite" in ended.errors
    assert load_model(tmp_path / "m.safetensors").spec.data["clips"] == 11


def test_features_of_different_widths_are_refused(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = telling_table(tmp_path)
    write_features(tmp_path / "5.npz", width=7)
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 1
    assert "5.npz" in ended.errors
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize("rows", ["0.npz,,,even\n", "0.npz,0,5,even\n0.npz,5,9,odd\n"])
def test_a_single_clip_is_refused(capfd: pytest.CaptureFixture[str], tmp_path: Path, rows: str) -> None:
    table = write_table(tmp_path, rows, ["0.npz"])
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 1
    assert "only one clip" in ended.errors
    assert not (tmp_path / "m.safetensors").exists()


def test_a_group_that_holds_all_of_a_label_is_named(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    telling_table(tmp_path)
    rows = "".join(f"{n}.npz,,,{'left' if n < 4 else 'right'},{'a' if n < 4 else n}\n" for n in range(12))
    table = write_table(tmp_path, rows, columns="video,start,end,label,group")
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 0
    assert "label 'left' are in group 'a'" in ended.errors


def test_a_video_that_cannot_be_decoded_is_left_out(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = telling_table(tmp_path)
    (tmp_path / "5.npz").write_bytes(b"PK\x03\x04 cut short")
    ended = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 3
    assert "left out: " in ended.errors
    assert "5.npz" in ended.errors


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_of_a_spreadsheet(capfd: pytest.CaptureFixture[str], tmp_path: Path, encoding: str) -> None:
    """As Excel writes it in much of Europe: semicolons and decimal commas."""
    ended = call(capfd, "train", spreadsheet(tmp_path, encoding), "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 0
    assert load_model(tmp_path / "m.safetensors").spec.labels == ("läuft", "steht", "background")


def test_a_table_in_an_old_encoding_is_refused_with_its_lines(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ended = call(capfd, "train", spreadsheet(tmp_path, "cp1252"), "-o", tmp_path / "m.safetensors", *QUICK)
    assert ended.status == 1
    assert "line 2: is not UTF-8" in ended.errors
    assert "save the table as CSV UTF-8" in ended.errors


def spreadsheet(folder: Path, encoding: str) -> Path:
    """Two videos, each with two labels one after the other."""
    for name in "ab":
        write_features(folder / f"{name}.npz")
    rows = "".join(f"{name}.npz;0,5;4,5;läuft\n{name}.npz;5,5;9,25;steht\n" for name in "ab")
    path = folder / "labels.csv"
    path.write_bytes(f"video;start;end;label\n{rows}".encode(encoding))
    return path
