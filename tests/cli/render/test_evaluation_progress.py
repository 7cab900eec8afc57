"""What is said in a log while models of folds are trained."""

from __future__ import annotations

import pytest

from vidlabel.cli.render.evaluation_progress import EvaluationProgress
from vidlabel.training.fitting.epochs import EpochFigures


def test_an_evaluation_names_its_folds(capfd: pytest.CaptureFixture[str]) -> None:
    with EvaluationProgress(1, quiet=False) as progress:
        for fold in (1, 2):
            progress.fold_begun(fold, 2)
            progress.begun("training", 30)
            progress.epoch_done("training-0", EpochFigures(1.0, 0.5))
    assert capfd.readouterr().err.splitlines() == ["fold 1 of 2", "fold 2 of 2"]
