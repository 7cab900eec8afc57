"""What `train` and `evaluate` show while they work."""

from __future__ import annotations

import io
import re
import sys

import pytest

from terminal import ESCAPES
from vidlabel.cli.render.training_progress import EvaluationProgress, TrainProgress
from vidlabel.training.fitting.epochs import EpochFigures

FIGURES = EpochFigures(1.414, 0.5)


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def make_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """To be called in the test itself: pytest gives each phase of a test a standard error of its own."""
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    for name, value in (("TERM", "xterm"), ("COLUMNS", "120")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return shown


def last_line(terminal: Terminal) -> str:
    """The line that was drawn last, its bar left out."""
    lines = [line for line in re.split(r"[\r\n]", ESCAPES.sub("", terminal.getvalue())) if line.strip()]
    return lines[-1].partition("━")[0].strip()


def test_encoded_and_failed_videos_have_a_line_in_a_log_and_cached_ones_none(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with TrainProgress(3, quiet=False) as progress:
        progress.ended("known.mp4", None)
        progress.progress(1.0, 2.5, "new.mp4")
        progress.ended("new.mp4", None)
        progress.ended("bad.mp4", "bad.mp4: is empty; copy it again")
    assert progress.failed == 1
    assert capfd.readouterr().err.splitlines() == [
        "[1/3] done new.mp4: 2.5 s of video",
        "warning: left out: bad.mp4: is empty; copy it again",
    ]


def test_a_log_of_training_names_its_stages(capfd: pytest.CaptureFixture[str]) -> None:
    with TrainProgress(2, quiet=False) as progress:
        progress.begun("validating", 4, 60)
        progress.head_begun("recurrent, fold 1")
        progress.epoch_done("fold-0-recurrent-0", FIGURES)
        progress.begun("training", 1, 30)
    assert capfd.readouterr().err.splitlines() == ["validating: 4 heads, 60 epochs", "training: 30 epochs"]


def test_a_log_of_an_evaluation_names_its_folds(capfd: pytest.CaptureFixture[str]) -> None:
    with EvaluationProgress(1, quiet=False) as progress:
        for fold in (1, 2):
            progress.fold_begun(fold, 2)
            progress.begun("training", 1, 30)
            progress.head_begun("recurrent")
            progress.epoch_done("model-recurrent-0", FIGURES)
    assert capfd.readouterr().err.splitlines() == ["fold 1 of 2", "fold 2 of 2"]


def test_the_bar_of_training_says_which_head_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = make_terminal(monkeypatch)
    with TrainProgress(1, quiet=False) as progress:
        progress.begun("comparing streams", 12, 480)
        for name in ("motion, fold 3", "motion, fold 4"):
            progress.head_begun(name)
            progress.epoch_done("streams-motion-3-linear-0", FIGURES)
    assert last_line(terminal) == "comparing streams, head 2 of 12 (motion, fold 4): loss 1.41"


def test_a_stage_without_several_heads_is_named_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = make_terminal(monkeypatch)
    with TrainProgress(1, quiet=False) as progress:
        progress.begun("tuning the encoder", 1, 20)
        progress.epoch_done("encoder", FIGURES)
    assert last_line(terminal) == "tuning the encoder: loss 1.41"


def test_the_bar_of_an_evaluation_says_which_head_of_which_fold_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = make_terminal(monkeypatch)
    with EvaluationProgress(1, quiet=False) as progress:
        progress.fold_begun(2, 5)
        progress.begun("training", 3, 90)
        progress.head_begun("recurrent")
    assert last_line(terminal) == "fold 2 of 5: training, head 1 of 3 (recurrent)"


@pytest.mark.parametrize("kind", [TrainProgress, EvaluationProgress])
def test_quiet_shows_failures_and_warnings_alone(
    capfd: pytest.CaptureFixture[str], kind: type[TrainProgress | EvaluationProgress]
) -> None:
    with kind(2, quiet=True) as progress:
        progress.progress(1.0, 2.5, "new.mp4")
        progress.ended("new.mp4", None)
        progress.ended("bad.mp4", "bad.mp4: is empty")
        if isinstance(progress, EvaluationProgress):
            progress.fold_begun(1, 2)
        progress.begun("training", 3, 30)
        for _ in range(2):  # once for each time that the videos are read
            progress.warn("features are not kept")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "warning: left out: bad.mp4: is empty\nwarning: features are not kept\n",
    )
