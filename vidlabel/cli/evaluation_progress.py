"""How far an evaluation has come, on standard error: first the videos, then the folds."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from vidlabel.cli.console import error_console, print_line
from vidlabel.cli.gathering_progress import GatheringProgress
from vidlabel.training.fitting import EpochFigures


class EvaluationProgress:
    """Tells of videos that are encoded, then of folds; a context manager.

    Args:
        videos: how many there are.
        quiet: whether only failures are told.
    """

    def __init__(self, videos: int, *, quiet: bool) -> None:
        self._gathering: GatheringProgress | None = GatheringProgress(videos, quiet=quiet)
        self._quiet = quiet
        self._bars: RichProgress | None = None
        self._bar: TaskID | None = None
        self._fold = ""
        self.failed = 0
        """Videos that could not be used."""

    def __enter__(self) -> EvaluationProgress:
        if self._gathering is not None:
            self._gathering.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_gathering()
        if self._bars is not None:
            self._bars.stop()

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """So many seconds of a video are encoded."""
        if self._gathering is not None:
            self._gathering.progress(encoded_s, duration_s, name)

    def ended(self, name: str, failure: str | None) -> None:
        """One video has its features, or cannot be used."""
        self.failed += failure is not None
        if self._gathering is not None:
            self._gathering.ended(name, failure)

    def fold_begun(self, number: int, folds: int) -> None:
        """Fold `number`, from 1, begins."""
        self._end_gathering()
        self._fold = f"fold {number} of {folds}"
        if self._quiet:
            return
        if not sys.stderr.isatty():
            print_line(self._fold)
            return
        if self._bars is None:
            columns = (TextColumn("{task.description}"), BarColumn())
            times = (TimeElapsedColumn(), TimeRemainingColumn())
            self._bars = RichProgress(*columns, *times, console=error_console(), transient=True)
            self._bars.start()
            self._bar = self._bars.add_task(self._fold, total=folds)
        if self._bar is not None:
            self._bars.update(self._bar, completed=number - 1, description=self._fold)

    def begun(self, stage: str, epochs: int) -> None:  # noqa: ARG002 - folds are counted, not epochs
        """A stage of training begins."""
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, description=f"{self._fold}: {stage}")

    def epoch_done(self, job: str, figures: EpochFigures) -> None:
        """Nothing: folds are what is counted."""

    def _end_gathering(self) -> None:
        if self._gathering is not None:
            self._gathering.__exit__(None, None, None)
            self._gathering = None
