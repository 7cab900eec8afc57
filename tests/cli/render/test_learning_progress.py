"""What is said in a log while models learn."""

from __future__ import annotations

import pytest

from vidlabel.cli.render.epoch_progress import TrainProgress
from vidlabel.cli.render.evaluation_progress import EvaluationProgress


@pytest.mark.parametrize("kind", [TrainProgress, EvaluationProgress])
def test_quiet_tells_failures_alone(
    capfd: pytest.CaptureFixture[str], kind: type[TrainProgress | EvaluationProgress]
) -> None:
    with kind(1, quiet=True) as progress:
        progress.ended("bad.mp4", "bad.mp4: is empty")
        if isinstance(progress, EvaluationProgress):
            progress.fold_begun(1, 2)
        progress.begun("training", 30)
        for _ in range(2):  # once for each time that the videos are gone through
            progress.warn("features are not kept")
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == (
        "",
        "warning: left out: bad.mp4: is empty\nwarning: features are not kept\n",
    )
