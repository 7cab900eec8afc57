"""How far the gathering of features has come, on standard error."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType

from vidlabel.batch.plan import Outcome, Task
from vidlabel.cli.console import print_warning
from vidlabel.cli.render.progress import Progress, make_progress


class GatheringProgress:
    """Tells of videos that are encoded and of those that cannot be used; a context manager.

    Args:
        videos: how many there are.
        quiet: whether only failures are told.
    """

    def __init__(self, videos: int, *, quiet: bool) -> None:
        self._progress: Progress = make_progress(videos, quiet=quiet)
        self._durations: dict[str, float] = {}

    def __enter__(self) -> GatheringProgress:
        self._progress.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.__exit__(kind, error, trace)

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """So many seconds of a video are encoded."""
        self._durations[name] = duration_s
        self._progress.progress(encoded_s, duration_s, name)

    def warn(self, text: str) -> None:
        """Something is odd, and the work goes on."""
        self._progress.warn(text)

    def ended(self, name: str, failure: str | None) -> None:
        """One video has its features, or cannot be used."""
        task = Task(name, Path())
        if failure is not None:
            self._progress.advance(Outcome(task, "failed", failure))
            print_warning(f"left out: {failure}")
        elif name in self._durations:
            self._progress.advance(Outcome(task, "done", duration=self._durations[name]))
        elif sys.stderr.isatty():  # A bar moves on; in a log, a line for each video that is known says nothing.
            self._progress.advance(Outcome(task, "skipped"))
