"""What is said in a log while models learn."""

from __future__ import annotations

import pytest

from vidlabel.cli.epoch_progress import TrainProgress
from vidlabel.cli.evaluation_progress import EvaluationProgress
from vidlabel.training.learning.epochs import EpochFigures


def test_training_names_its_stages(capfd: pytest.CaptureFixture[str]) -> None:
    with TrainProgress(2, quiet=False) as progress:
        progress.ended("known.mp4", None)
        progress.ended("bad.mp4", "bad.mp4: is empty")
        progress.begun("validating", 60)
        progress.epoch_done("validating-0", EpochFigures(1.0, 0.5))
        progress.begun("training", 30)
    assert progress.failed == 1
    assert capfd.readouterr().err.splitlines() == [
        "warning: left out: bad.mp4: is empty",
        "validating: 60 epochs",
        "training: 30 epochs",
    ]


def test_an_evaluation_names_its_folds(capfd: pytest.CaptureFixture[str]) -> None:
    with EvaluationProgress(1, quiet=False) as progress:
        for fold in (1, 2):
            progress.fold_begun(fold, 2)
            progress.begun("training", 30)
            progress.epoch_done("training-0", EpochFigures(1.0, 0.5))
    assert capfd.readouterr().err.splitlines() == ["fold 1 of 2", "fold 2 of 2"]


@pytest.mark.parametrize("kind", [TrainProgress, EvaluationProgress])
def test_quiet_tells_failures_alone(
    capfd: pytest.CaptureFixture[str], kind: type[TrainProgress | EvaluationProgress]
) -> None:
    with kind(1, quiet=True) as progress:
        progress.ended("bad.mp4", "bad.mp4: is empty")
        if isinstance(progress, EvaluationProgress):
            progress.fold_begun(1, 2)
        progress.begun("training", 30)
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "warning: left out: bad.mp4: is empty\n")
