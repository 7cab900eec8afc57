"""`vidlabel train` that is ended early: what it leaves can be used, and gone on from to the same model."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load

import vidlabel
from command_line import call
from evaluation.evaluated import telling_table

MOST_WAIT_S = 120.0
EPOCHS = 24
OPTIONS = ("--hidden", "4", "--members", "2", "--epochs", str(EPOCHS), "--inner-folds", "0", "--quiet")
SECOND_HEAD_RUNS = "recurrent-0"
"""Its state is kept when it is done; three other heads follow, of half a second together."""


def interrupted(folder: Path, kind: signal.Signals) -> subprocess.Popen[bytes]:
    """Begin to train, and end it by a signal as soon as the first head is done."""
    command = [sys.executable, "-m", "vidlabel", "train", "labels.csv", "-o", "m.safetensors", *OPTIONS]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)
    end = time.monotonic() + MOST_WAIT_S
    while not list(folder.glob(f"m.safetensors.training/*{SECOND_HEAD_RUNS}*")) and process.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.01)
    process.send_signal(kind)
    return process


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, which holds a table of clips."""
    monkeypatch.chdir(tmp_path)
    telling_table(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The tensors of a training that was left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    trained = vidlabel.train(
        telling_table(folder), folder / "m.safetensors", hidden=4, members=2, epochs=EPOCHS, inner_folds=0
    )
    return tensors(trained.path)


def tensors(model: Path) -> dict[str, bytes]:
    """The numbers of a model; its description tells the command, which says --resume in one of two."""
    return {name: values.tobytes() for name, values in load(model.read_bytes()).items()}


@pytest.mark.slow
def test_control_c_keeps_a_model_and_resume_ends_with_the_same(
    capfd: pytest.CaptureFixture[str], folder: Path, undisturbed: dict[str, bytes]
) -> None:
    process = interrupted(folder, signal.SIGINT)
    _, errors = process.communicate(timeout=MOST_WAIT_S)
    assert process.returncode == 130
    assert b"--resume" in errors
    shown = call(capfd, "info", "m.safetensors")
    assert shown.status == 0
    assert "left" in shown.output
    assert tensors(folder / "m.safetensors") != undisturbed
    assert call(capfd, "train", "labels.csv", "-o", "m.safetensors", *OPTIONS, "--resume").status == 0
    assert tensors(folder / "m.safetensors") == undisturbed
    assert not list(folder.glob("*.training"))


@pytest.mark.slow
def test_a_kill_leaves_no_model_and_what_was_done(
    capfd: pytest.CaptureFixture[str], folder: Path, undisturbed: dict[str, bytes]
) -> None:
    process = interrupted(folder, signal.SIGKILL)
    process.communicate(timeout=MOST_WAIT_S)
    assert not (folder / "m.safetensors").exists()
    assert call(capfd, "train", "labels.csv", "-o", "m.safetensors", *OPTIONS, "--resume").status == 0
    assert tensors(folder / "m.safetensors") == undisturbed
