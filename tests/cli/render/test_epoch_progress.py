"""What is said in a log while a model is trained."""

from __future__ import annotations

import pytest

from vidlabel.cli.render.epoch_progress import TrainProgress
from vidlabel.training.fitting.epochs import EpochFigures


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
