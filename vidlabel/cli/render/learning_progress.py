"""What the progress of training and of evaluation share: first the videos are told, then a bar of what is learnt."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.progress import Progress as RichProgress
from rich.progress import ProgressColumn, TimeElapsedColumn, TimeRemainingColumn

from vidlabel.cli.console import error_console, print_line, print_warning
from vidlabel.cli.render.gathering_progress import GatheringProgress


class LearningProgress:
    """Tells of videos that are encoded; a context manager.

    Args:
        videos: how many there are.
        quiet: whether only failures are told.
    """

    def __init__(self, videos: int, *, quiet: bool) -> None:
        self._gathering: GatheringProgress | None = GatheringProgress(videos, quiet=quiet)
        self._quiet = quiet
        self._bars: RichProgress | None = None
        self._warned: set[str] = set()
        self.failed = 0
        """Videos that could not be used."""

    def __enter__(self) -> Self:
        if self._gathering is not None:
            self._gathering.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_gathering()
        if self._bars is not None:
            self._bars.stop()

    def gathering_begun(self, stage: str, videos: int) -> None:
        """Videos are gone through once more."""
        self._end_gathering()
        if self._bars is not None:
            self._bars.stop()
        if not self._quiet:
            print_line(f"{stage}: {videos} videos")
        self._gathering = GatheringProgress(videos, quiet=self._quiet)
        self._gathering.__enter__()

    def progress(self, encoded_s: float, duration_s: float, name: str) -> None:
        """So many seconds of a video are encoded."""
        if self._gathering is not None:
            self._gathering.progress(encoded_s, duration_s, name)

    def warn(self, text: str) -> None:
        """Something is odd, and the work goes on; told once, however often videos are gone through."""
        if text not in self._warned:
            self._warned.add(text)
            print_warning(text)

    def ended(self, name: str, failure: str | None) -> None:
        """One video has its features, or cannot be used."""
        self.failed += failure is not None
        if self._gathering is not None:
            self._gathering.ended(name, failure)

    def _end_gathering(self) -> None:
        if self._gathering is not None:
            self._gathering.__exit__(None, None, None)
            self._gathering = None
            if self._bars is not None:
                self._bars.start()

    def _start_bars(self, *columns: ProgressColumn) -> RichProgress:
        """Show bars, with the time that went by and the time that is left behind the columns."""
        times = (TimeElapsedColumn(), TimeRemainingColumn())
        self._bars = RichProgress(*columns, *times, console=error_console(), transient=True)
        self._bars.start()
        return self._bars
