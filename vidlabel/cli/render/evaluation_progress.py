"""How far an evaluation has come, on standard error: first the videos, then the folds."""

from __future__ import annotations

import sys

from rich.progress import BarColumn, TaskID, TextColumn

from vidlabel.cli.console import print_line
from vidlabel.cli.render.learning_progress import LearningProgress
from vidlabel.training.fitting.epochs import EpochFigures


class EvaluationProgress(LearningProgress):
    """Tells of videos that are encoded, then of folds; a context manager."""

    _bar: TaskID | None = None
    _fold = ""

    def fold_begun(self, number: int, folds: int) -> None:
        """Fold `number`, from 1, begins."""
        self._end_gathering()
        self._fold = f"fold {number} of {folds}"
        if self._quiet:
            return
        if not sys.stderr.isatty():
            print_line(self._fold)
            return
        bars = self._bars or self._start_bars(TextColumn("{task.description}"), BarColumn())
        if self._bar is None:
            self._bar = bars.add_task(self._fold, total=folds)
        bars.update(self._bar, completed=number - 1, description=self._fold)

    def begun(self, stage: str, epochs: int) -> None:  # noqa: ARG002 - folds are counted, not epochs
        """A stage of training begins."""
        self._end_gathering()
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, description=f"{self._fold}: {stage}")

    def epoch_done(self, job: str, figures: EpochFigures) -> None:
        """Nothing: folds are what is counted."""
