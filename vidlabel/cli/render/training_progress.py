"""Progress of `train` and `evaluate` on standard error: videos that are encoded first, then heads that are trained."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, ProgressColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome
from vidlabel.cli.console import error_console, print_line, print_warning
from vidlabel.cli.render.progress import Progress, make_progress
from vidlabel.training.fitting.epochs import EpochFigures


class _EncodingProgress:
    """Videos that are encoded, and those that cannot be used.

    Args:
        videos: how many there are.
        quiet: whether to show failures only.
    """

    def __init__(self, videos: int, *, quiet: bool) -> None:
        self._progress: Progress = make_progress(videos, quiet=quiet)
        self._durations: dict[str, float] = {}
        self._progress.__enter__()

    def close(self) -> None:
        """Remove the bars."""
        self._progress.__exit__(None, None, None)

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """Show how many seconds of a video are encoded."""
        self._durations[name] = duration_s
        self._progress.progress(encoded_s, duration_s, name)

    def ended(self, name: str, failure: str | None) -> None:
        """Show that a video has its features, or cannot be used."""
        task = Task(name, Path())
        if failure is not None:
            self._progress.advance(Outcome(task, "failed", failure))
            print_warning(f"left out: {failure}")
        elif name in self._durations:
            self._progress.advance(Outcome(task, "done", duration=self._durations[name]))
        elif sys.stderr.isatty():  # In a log, a line for each video whose features are cached would be noise.
            self._progress.advance(Outcome(task, "skipped"))


class LearningProgress:
    """Encoding, and where training stands; a context manager.

    Args:
        videos: how many there are.
        quiet: whether to show failures only.
    """

    def __init__(self, videos: int, *, quiet: bool) -> None:
        self._videos = videos
        self._encoding: _EncodingProgress | None = None
        self._quiet = quiet
        self._bars: RichProgress | None = None
        self._warned: set[str] = set()
        self._stage = ""
        self._heads = 0
        self._head = 0
        self._head_name = ""
        self.failed = 0
        """Videos that could not be used."""

    def __enter__(self) -> Self:
        self._encoding = _EncodingProgress(self._videos, quiet=self._quiet)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_encoding()
        if self._bars is not None:
            self._bars.stop()

    def feature_pass_begun(self, stage: str, videos: int) -> None:
        """Show how many videos are read once more."""
        self._end_encoding()
        if self._bars is not None:
            self._bars.stop()
        if not self._quiet:
            print_line(f"{stage}: {videos} videos")
        self._encoding = _EncodingProgress(videos, quiet=self._quiet)

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """Show how many seconds of a video are encoded."""
        if self._encoding is not None:
            self._encoding.progress(encoded_s, duration_s, name)

    def warn(self, text: str) -> None:
        """Show a warning once, however often videos are read."""
        if text not in self._warned:
            self._warned.add(text)
            print_warning(text)

    def ended(self, name: str, failure: str | None) -> None:
        """Show that a video has its features, or cannot be used."""
        self.failed += failure is not None
        if self._encoding is not None:
            self._encoding.ended(name, failure)

    def begun(self, stage: str, heads: int, epochs: int) -> None:  # noqa: ARG002 - for those who count epochs
        """A stage of training begins."""
        self._end_encoding()
        self._stage, self._heads, self._head, self._head_name = stage, heads, 0, ""

    def head_begun(self, name: str) -> None:
        """The next head of the stage begins."""
        self._head += 1
        self._head_name = name

    @property
    def _position(self) -> str:
        """Where training stands: `validating, head 3 of 12 (recurrent, fold 1)`."""
        if self._heads <= 1 or self._head == 0:
            return self._stage
        return f"{self._stage}, head {self._head} of {self._heads} ({self._head_name})"

    def _end_encoding(self) -> None:
        if self._encoding is not None:
            self._encoding.close()
            self._encoding = None
            if self._bars is not None:
                self._bars.start()

    def _start_bars(self, *columns: ProgressColumn) -> RichProgress:
        """Show bars, with the elapsed and the remaining time behind the columns."""
        times = (TimeElapsedColumn(), TimeRemainingColumn())
        self._bars = RichProgress(*columns, *times, console=error_console(), transient=True)
        self._bars.start()
        return self._bars


class TrainProgress(LearningProgress):
    """Progress of `train`: a bar of epochs for each stage."""

    _bar: TaskID | None = None

    def begun(self, stage: str, heads: int, epochs: int) -> None:
        """Show a new bar, or a line in a log."""
        super().begun(stage, heads, epochs)
        if self._quiet:
            return
        if not sys.stderr.isatty():
            print_line(f"{stage}: {heads} heads, {epochs} epochs" if heads > 1 else f"{stage}: {epochs} epochs")
            return
        bars = self._bars or self._start_bars(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} epochs")
        )
        self._bar = bars.add_task(stage, total=epochs)

    def epoch_done(self, run: str, figures: EpochFigures) -> None:  # noqa: ARG002 - the key of seeds and checkpoints
        """Advance the bar by an epoch."""
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, advance=1, description=f"{self._position}: loss {figures.loss:.2f}")


class EvaluationProgress(LearningProgress):
    """Progress of `evaluate`: one bar of folds."""

    _bar: TaskID | None = None
    _fold = ""

    def fold_begun(self, number: int, folds: int) -> None:
        """Advance the bar to fold `number`, from 1, or show a line in a log."""
        self._end_encoding()
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

    def begun(self, stage: str, heads: int, epochs: int) -> None:
        """Name the stage beside the bar."""
        super().begun(stage, heads, epochs)
        self._describe()

    def head_begun(self, name: str) -> None:
        """Name the head beside the bar."""
        super().head_begun(name)
        self._describe()

    def epoch_done(self, run: str, figures: EpochFigures) -> None:
        """Nothing: the bar counts folds."""

    def _describe(self) -> None:
        if self._bars is not None and self._bar is not None:
            self._bars.update(self._bar, description=f"{self._fold}: {self._position}")
