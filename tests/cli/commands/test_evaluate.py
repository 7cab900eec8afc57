"""`vidlabel evaluate`, as a user runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from command_line import call
from corpus import Recipe, write_video
from evaluation.evaluated import QUICK_OPTIONS, telling_table
from vidlabel.evaluation.folds import FoldModels, train_fold
from vidlabel.features.encoders.hardware import is_openvino_installed
from vidlabel.labels.metrics.evaluation_json import evaluation_schema
from vidlabel.training.fitting.epochs import EpochFigures
from vidlabel.training.fitting.head_trainer import HeadTrainer


@pytest.mark.usefixtures("short_windows")
def test_a_table_for_people_and_json_for_programs(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The same seed gives the same bytes, in the folder and on standard output."""
    table, out = telling_table(tmp_path), tmp_path / "out"
    ended = call(capfd, "evaluate", table, "--folds", "2", *QUICK_OPTIONS, "-o", out)
    assert ended.status == 0
    assert "fold 2 of 2" in ended.errors
    for words in ("95 % interval", "majority", "macro F1", "12 videos in 6 groups", "2 folds of whole groups"):
        assert words in ended.output
    assert not (out / ".training").exists()
    ended = call(capfd, "evaluate", table, "--folds", "2", *QUICK_OPTIONS, "--json", "--quiet")
    assert (ended.status, ended.errors) == (0, "")
    jsonschema.Draft202012Validator(evaluation_schema()).validate(json.loads(ended.output))
    assert ended.output.encode() == (out / "evaluation.json").read_bytes()


def test_a_model_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table, model = telling_table(tmp_path), tmp_path / "m.safetensors"
    assert call(capfd, "train", table, "-o", model, "--quiet", *QUICK_OPTIONS).status == 0
    ended = call(capfd, "evaluate", table, "--model", model, "--json", "--quiet")
    assert ended.status == 0
    assert "was trained on these videos" in ended.errors
    assert json.loads(ended.output)["model"]["name"] == "m"


@pytest.mark.usefixtures("short_windows")
def test_an_evaluation_that_is_interrupted_in_its_second_fold_goes_on(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run trains nothing of the first fold again, and ends with the same bytes."""
    command = ("evaluate", telling_table(tmp_path), "--folds", "2", *QUICK_OPTIONS, "--quiet", "-o")
    folds, epochs = 0, 0
    train_epoch = HeadTrainer._train_epoch

    def interrupted(*arguments: Any) -> FoldModels:  # noqa: ANN401 - those of `train_fold`
        nonlocal folds
        folds += 1
        if folds == 2:
            raise KeyboardInterrupt
        return train_fold(*arguments)

    def counted(trainer: HeadTrainer, epoch: int) -> EpochFigures:
        nonlocal epochs
        epochs += 1
        return train_epoch(trainer, epoch)

    with monkeypatch.context() as patched:
        patched.setattr("vidlabel.evaluation.evaluate.train_fold", interrupted)
        ended = call(capfd, *command, tmp_path / "out")
    assert ended.status == 130
    assert "the same command continues" in ended.errors
    assert not (tmp_path / "out" / "evaluation.json").exists()
    monkeypatch.setattr(HeadTrainer, "_train_epoch", counted)
    assert call(capfd, *command, tmp_path / "out").status == 0
    resumed = epochs
    assert call(capfd, *command, tmp_path / "whole").status == 0
    assert 2 * resumed == epochs - resumed
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
def test_control_c_ends_an_evaluation_which_goes_on(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = telling_table(tmp_path)
    command = ("evaluate", str(table), "--folds", "3", *QUICK_OPTIONS, "--epochs", "5")
    process = [sys.executable, "-m", "vidlabel", *command, "-o", str(tmp_path / "out")]
    with subprocess.Popen(process, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        for line in running.stderr:
            if line.startswith("fold 2"):
                running.send_signal(signal.SIGINT)
                break
        rest = running.stderr.read()
    assert running.returncode == 130, rest
    assert "the same command continues" in rest
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / ".training").glob("fold-1-*/*")}
    assert kept
    assert not (tmp_path / "out" / "evaluation.json").exists()
    for name in ("out", "whole"):
        ended = call(capfd, *command, "--quiet", "-o", tmp_path / name)
        assert ended.status == 0, ended.errors
    whole = tmp_path / "whole"
    for path in whole.iterdir():
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(("arguments", "status", "problem"), [
    ((), 2, "needs a table of labels"),
    (("labels.csv", "--folds", "7"), 2, "7 folds cannot be made of 6 groups"),
    (("labels.csv", "--folds", "3", "--leave-one-group-out"), 2, "leave --folds out"),
    (("labels.csv", "--model", "objects", "--rate", "2"), 2, "cannot be changed for a model"),
    (("labels.csv", "--model", "objects", "--hidden", "3"), 2, "not trained"),
    (("labels.csv", "--model", "objects"), 2, "these files hold 6"),
    (("labels.csv", "--model", "nowhere.safetensors"), 1, "there is no such file"),
    (("labels.csv", "--tolerance", "nan"), 2, "out of range"),
    (("labels.csv", "-o", "labels.csv"), 2, "is a file"),
    (("missing.csv",), 1, "cannot be read"),
])  # fmt: skip
def test_what_cannot_be_meant(
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    status: int,
    problem: str,
) -> None:
    telling_table(tmp_path)
    monkeypatch.chdir(tmp_path)
    ended = call(capfd, "evaluate", "--quiet", *arguments)
    assert (ended.status, problem in ended.errors) == (status, True), ended.errors
    assert "Traceback" not in ended.errors


def test_the_runtime_can_be_chosen_and_is_named(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_video(tmp_path / "a.mp4", Recipe(frames=10))
    table = tmp_path / "labels.csv"
    table.write_text("video,start,end,label\na.mp4,0,0.2,vehicle\n")
    options = ("--model", "objects-coarse", "--json", "--quiet", "--cache-dir", tmp_path)
    command = ("evaluate", table, *options, "--runtime")
    assert json.loads(call(capfd, *command, "torch").output)["model"]["runtime"] == "torch"
    ended = call(capfd, *command, "openvino")
    if is_openvino_installed():
        assert json.loads(ended.output)["model"]["runtime"] == "openvino"
    else:
        assert (ended.status, "it is not installed" in ended.errors) == (2, True)


def test_files_of_features_name_no_runtime(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ended = call(capfd, "evaluate", telling_table(tmp_path), "--folds", "2", *QUICK_OPTIONS, "--json", "--quiet")
    assert json.loads(ended.output)["model"]["runtime"] is None


def test_one_label_is_refused(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    table = telling_table(tmp_path)
    table.write_text(table.read_text().replace("right", "left"))
    ended = call(capfd, "evaluate", table, "--quiet")
    assert ended.status == 1
    assert "only one label" in ended.errors
