"""`vidlabel train` that is ended early: what it leaves can be used, and gone on from to the same model."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.numpy import load

from command_line import start
from evaluation.evaluated import telling_table

MOST_WAIT_S = 120.0
OPTIONS = ("--hidden", "4", "--members", "2", "--epochs", "400", "--inner-folds", "0", "--quiet")
SECOND_HEAD_RUNS = "recurrent-0"
"""Its state is kept when it is done; three other heads follow, of a second or more each."""


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
    """Holds a table of clips; models made on different days are the same."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    telling_table(tmp_path)
    return tmp_path


def undisturbed(folder: Path) -> bytes:
    """The model of a training that was left alone."""
    assert start("train", "labels.csv", "-o", "m.safetensors", *OPTIONS, folder=folder).status == 0
    model = folder / "m.safetensors"
    content = model.read_bytes()
    model.unlink()
    return content


def tensors(model: bytes) -> dict[str, bytes]:
    """The numbers of a model; its description tells the command, which says --resume in one of two."""
    return {name: values.tobytes() for name, values in load(model).items()}


def test_control_c_keeps_a_model_and_resume_ends_with_the_same(folder: Path) -> None:
    whole = undisturbed(folder)
    process = interrupted(folder, signal.SIGINT)
    _, errors = process.communicate(timeout=MOST_WAIT_S)
    assert process.returncode == 130
    assert b"--resume" in errors
    shown = start("info", "m.safetensors", folder=folder)
    assert shown.status == 0
    assert "left" in shown.output
    resumed = start("train", "labels.csv", "-o", "m.safetensors", *OPTIONS, "--resume", folder=folder)
    assert resumed.status == 0
    again = (folder / "m.safetensors").read_bytes()
    assert tensors(again) == tensors(whole)
    assert not list(folder.glob("*.training"))


def test_a_kill_leaves_no_model_and_what_was_done(folder: Path) -> None:
    whole = undisturbed(folder)
    process = interrupted(folder, signal.SIGKILL)
    process.communicate(timeout=MOST_WAIT_S)
    assert not (folder / "m.safetensors").exists()
    assert start("train", "labels.csv", "-o", "m.safetensors", *OPTIONS, "--resume", folder=folder).status == 0
    assert tensors((folder / "m.safetensors").read_bytes()) == tensors(whole)
