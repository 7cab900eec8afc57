"""A model that learnt from files of features labels files of features."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import vidlabel
from command_line import call
from corpus import Recipe, write_video
from training.sets import write_table

RATE = 5.0


def write_recording(
    path: Path, start: float, end: float, rate: float = RATE, without: tuple[float, float] = (0, 0)
) -> Path:
    """20 s of features whose first number is high while `on` holds."""
    times = np.arange(round(20 * rate)) / rate
    features = np.random.default_rng(round(10 * start)).normal(0, 0.1, (len(times), 4)).astype(np.float32)
    features[(times >= start) & (times < end), 0] += 3
    there = (times < without[0]) | (times >= without[1])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, features=features[there], times=times[there])
    return path


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table and a model that learnt from it."""
    folder = tmp_path_factory.mktemp("taught")
    rows = ""
    for number in range(6):
        start, end = 4.0 + number, 10.0 + number / 2
        write_recording(folder / f"{number}.npz", start, end)
        rows += f"{number}.npz,{start},{end},on\n"
    table = write_table(folder, rows)
    vidlabel.train(table, folder / "on.safetensors", task="single", hidden=8, members=1, epochs=30, inner_folds=2)
    return folder


def test_one_file(capfd: pytest.CaptureFixture[str], taught: Path, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "new.npz", 6.0, 12.0)
    ended = call(capfd, "predict", path, "--model", taught / "on.safetensors")
    assert (ended.status, ended.errors) == (0, "")
    result = json.loads(ended.output)
    (segment,) = result["segments"]
    assert (segment["label"], segment["start"], segment["end"]) == (
        "on",
        pytest.approx(6, abs=0.4),
        pytest.approx(12, abs=0.4),
    )
    assert result["status"] == "ok"
    assert (result["video"]["codec"], result["video"]["fps"], result["video"]["duration"]) == ("features", RATE, 20.0)
    assert (result["run"]["rate"], result["run"]["samples"], result["run"]["runtime"]) == (RATE, 100, "none")


@pytest.mark.usefixtures("in_one_process")
def test_a_folder_of_them_in_which_a_model_lies(
    capfd: pytest.CaptureFixture[str], taught: Path, tmp_path: Path
) -> None:
    for name, start in (("a", 3.0), ("sub/b", 9.0)):
        write_recording(tmp_path / "in" / f"{name}.npz", start, start + 6)
    shutil.copy(taught / "on.safetensors", tmp_path / "in" / "a-model.safetensors")
    command = ("predict", tmp_path / "in", "--model", taught / "on.safetensors", "-o", tmp_path / "out")
    ended = call(capfd, *command)
    assert ended.status == 0
    assert "2 done, 0 skipped, 0 failed" in ended.errors
    assert f"left out: {tmp_path / 'in' / 'a-model.safetensors'};" in ended.errors
    outputs = [tmp_path / "out" / name for name in ("a.npz.json", "sub/b.npz.json")]
    starts = [json.loads(path.read_bytes())["segments"][0]["start"] for path in outputs]
    assert starts == [pytest.approx(3.0, abs=0.4), pytest.approx(9.0, abs=0.4)]
    assert "2 skipped" in call(capfd, *command).errors


@pytest.mark.usefixtures("in_one_process")
def test_a_folder_with_videos_gives_its_videos(capfd: pytest.CaptureFixture[str], taught: Path, tmp_path: Path) -> None:
    write_recording(tmp_path / "in" / "a.npz", 3.0, 9.0)
    write_video(tmp_path / "in" / "a.mp4", Recipe(frames=4))
    ended = call(capfd, "predict", tmp_path / "in", "--model", taught / "on.safetensors")
    assert ended.status == 1
    assert (
        "a.mp4: on takes files of features made elsewhere, which cannot be computed from videos; give files"
        in ended.errors
    )


def test_another_rate_is_resampled_with_a_word(capfd: pytest.CaptureFixture[str], taught: Path, tmp_path: Path) -> None:
    path = write_recording(tmp_path / "new.npz", 6.0, 12.0, rate=25.0)
    ended = call(capfd, "predict", path, "--model", taught / "on.safetensors", "--start", "2", "--end", "18")
    assert ended.status == 0
    assert f"{path}: is resampled from 25 to 5 samples a second" in ended.errors
    result = json.loads(ended.output)
    assert result["segments"][0]["start"] == pytest.approx(6, abs=0.4)
    assert (result["run"]["samples"], result["video"]["fps"]) == (80, 25.0)


def test_no_segment_claims_time_without_samples(
    capfd: pytest.CaptureFixture[str], taught: Path, tmp_path: Path
) -> None:
    write_recording(tmp_path / "new.npz", 4.0, 16.0, without=(8.0, 12.0))
    ended = call(capfd, "predict", tmp_path / "new.npz", "--model", taught / "on.safetensors")
    result = json.loads(ended.output)
    assert (result["status"], result["run"]["decoded_ratio"]) == ("partial", 0.8)
    assert [(s["start"], s["end"]) for s in result["segments"]] == [
        (pytest.approx(4, abs=0.4), 8.0),
        (12.0, pytest.approx(16, abs=0.4)),
    ]
    table = write_table(tmp_path, "new.npz,4,16,on\n")
    (asked,) = vidlabel.evaluate(table, model=taught / "on.safetensors").predictions.segments
    assert [(s.start, s.end) for s in asked] == [(s["start"], s["end"]) for s in result["segments"]]


def test_what_the_model_says_of_itself(capfd: pytest.CaptureFixture[str], taught: Path) -> None:
    shown = call(capfd, "info", taught / "on.safetensors").output
    assert "  labels      1: on; and background\n" in shown
    assert "  features    external, 4 values per sample; the model labels feature files only\n" in shown
    assert "  rate        5 samples/s, trained on feature files\n" in shown
    assert "unknown" not in shown


@pytest.mark.usefixtures("in_one_process")
def test_files_of_another_kind_are_named(capfd: pytest.CaptureFixture[str], taught: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", features=np.zeros((9, 7)), times=np.arange(9) / RATE)
    (tmp_path / "b.npz").write_bytes(b"PK no features")
    write_recording(tmp_path / "c.npz", 4.0, 9.0)
    ended = call(capfd, "predict", tmp_path, "--model", taught / "on.safetensors", "-o", tmp_path / "out/")
    assert ended.status == 3
    assert "a.npz: holds 7 numbers a sample, and on takes 4" in ended.errors
    assert "b.npz: is no npz archive" in ended.errors
    assert "1 done, 0 skipped, 2 failed" in ended.errors
