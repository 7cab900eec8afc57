"""How far training has come, on standard error: first the videos, then the epochs."""

from __future__ import annotations

import sys

from rich.progress import BarColumn, TaskID, TextColumn

from vidlabel.cli.console import print_line
from vidlabel.cli.render.learning_progress import LearningProgress
from vidlabel.training.fitting.epochs import EpochFigures


class TrainProgress(LearningProgress):
    """Tells of videos that are encoded, then of epochs; a context manager."""

    _bar: TaskID | None = None

    def begun(self, stage: str, epochs: int) -> None:
        """A stage of training begins."""
        self._end_gathering()
        if self._quiet:
            return
        if not sys.stderr.isatty():
            print_line(f"{stage}: {epochs} epochs")
            return
        bars = self._bars or self._start_bars(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} epochs")
        )
        self._bar = bars.add_task(stage, total=epochs)

    def epoch_done(self, job: str, figures: EpochFigures) -> None:
        """A head has been through its clips once more."""
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, advance=1, description=f"{job}: loss {figures.loss:.2f}")
