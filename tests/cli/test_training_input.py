"""`vidlabel train` on what people have: each fault is named, with what to do, and what is sound is learnt from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from command_line import call
from evaluation.evaluated import telling_table
from training.sets import write_features, write_table
from vidlabel.heads.model import load_model

pytestmark = pytest.mark.usefixtures("short_windows")

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


def write_at(folder: Path, rates: dict[str, float], seconds: float) -> Path:
    """Files of features at these rates, whose second half is labelled, and whose first number says so."""
    rows = ""
    for name, rate in rates.items():
        times = np.arange(round(seconds * rate)) / rate
        features = np.random.default_rng(len(rows)).normal(0, 0.1, (len(times), 4)).astype(np.float32)
        features[times >= seconds / 2, 0] += 3
        np.savez(folder / f"{name}.npz", features=features, times=times)
        rows += f"{name}.npz,{seconds / 2},{seconds},on\n"
    return write_table(folder, rows)


@pytest.mark.parametrize(("rate", "seconds"), [(0.5, 200.0), (5.0, 20.0), (25.0, 8.0)])
def test_the_times_of_features_tell_their_rate(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, rate: float, seconds: float
) -> None:
    table = write_at(tmp_path, dict.fromkeys("abcd", rate), seconds)
    checked = call(capfd, "train", table, "--check")
    assert (checked.status, checked.errors) == (0, "")
    assert f"4 clips in 4 groups, {4 * seconds:.1f} s" in checked.output
    assert call(capfd, "train", table, "-o", tmp_path / "m.safetensors", *QUICK, "--epochs", "1").status == 0
    spec = load_model(tmp_path / "m.safetensors").spec
    assert spec.rate == pytest.approx(rate)
    assert spec.window_s == pytest.approx(min(max(2 * seconds, 32 / rate), 256 / rate))
    assert spec.minimum_durations_s[0] <= seconds / 4


def test_several_rates_go_together_only_resampled(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = write_at(tmp_path, {"a": 5.0, "b": 25.0, "c": 5.0, "d": 25.0}, 20.0)
    refused = call(capfd, "train", table, "--check")
    assert refused.status == 1
    assert "'a.npz' and 'b.npz' cannot be used together: 5 and 25 samples per second" in refused.errors
    resampled = call(capfd, "train", table, "-o", tmp_path / "m.safetensors", "--rate", "4", *QUICK, "--epochs", "1")
    assert resampled.status == 0
    assert "4 files of features are resampled, the first one, 'a.npz', from 5 to 4 samples a second" in resampled.errors
    assert load_model(tmp_path / "m.safetensors").spec.rate == 4


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "5000"])
def test_impossible_rates_are_refused(capfd: pytest.CaptureFixture[str], tmp_path: Path, rate: str) -> None:
    ended = call(capfd, "train", telling_table(tmp_path), "--check", "--rate", rate)
    assert (ended.status, "--rate: " in ended.errors) == (2, True)


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
