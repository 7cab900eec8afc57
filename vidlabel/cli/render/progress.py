"""How far the work has come, on standard error: bars for a terminal, plain lines for a log, nothing for `--quiet`."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol

from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

from vidlabel.batch.plan import Outcome
from vidlabel.cli.console import error_console, print_line, print_warning
from vidlabel.errors import printable

NAME_WIDTH = 32


class Progress(Protocol):
    """What is told while a command works."""

    def __enter__(self) -> Progress: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def progress(self, labelled_s: float, duration_s: float, name: str = "") -> None:
        """So much of the video is labelled."""

    def alive(self) -> None:
        """The video is being read, and there is nothing new to tell."""

    def warn(self, text: str) -> None:
        """Something is odd, and the work goes on."""

    def advance(self, outcome: Outcome) -> None:
        """One video has come to its end."""

    def hide(self) -> None:
        """Make room for results on the same terminal."""


def make_progress(videos: int, *, quiet: bool) -> Progress:
    """The progress that fits where standard error goes."""
    if quiet:
        return NoProgress()
    return BarProgress(videos) if sys.stderr.isatty() else LineProgress(videos)


class NoProgress:
    """Tells nothing."""

    def __enter__(self) -> NoProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing to end."""

    def progress(self, labelled_s: float, duration_s: float, name: str = "") -> None:
        """Tell nothing."""

    def alive(self) -> None:
        """Tell nothing."""

    def warn(self, text: str) -> None:
        """Warnings are told all the same."""
        print_warning(text)

    def advance(self, outcome: Outcome) -> None:
        """Tell nothing."""

    def hide(self) -> None:
        """Nothing is in the way."""


class LineProgress(NoProgress):
    """One line a video, if there are several.

    Args:
        videos: how many there are.
    """

    def __init__(self, videos: int) -> None:
        self._videos = videos
        self._ended = 0

    def advance(self, outcome: Outcome) -> None:
        """Tell how one video ended; failures have a line of their own."""
        self._ended += 1
        if self._videos > 1 and outcome.status != "failed":
            words = f" ({outcome.reason})" if outcome.status == "skipped" else f": {outcome.duration:.1f} s of video"
            print_line(f"[{self._ended}/{self._videos}] {outcome.status} {outcome.task.shown}{words}")


class BarProgress(NoProgress):
    """A bar for all videos and one for each that is being labelled.

    Args:
        videos: how many there are.
    """

    def __init__(self, videos: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[amount]}"))
        times = (TimeElapsedColumn(), TimeRemainingColumn())
        self._rich = RichProgress(*columns, *times, console=error_console(), transient=True)
        self._all = self._rich.add_task("all videos", total=videos, amount=f"0/{videos}", visible=videos > 1)
        self._videos = videos
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> BarProgress:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bars away."""
        self._rich.stop()

    def progress(self, labelled_s: float, duration_s: float, name: str = "") -> None:
        """Move the bar of one video."""
        if name not in self._bars:
            self._bars[name] = self._rich.add_task(_short(name), total=duration_s, amount="")
        amount = f"{labelled_s:.0f}/{duration_s:.0f} s"
        self._rich.update(self._bars[name], completed=labelled_s, total=duration_s, amount=amount)

    def advance(self, outcome: Outcome) -> None:
        """Move the bar of all videos, and take away that of the one."""
        bar = self._bars.pop(outcome.task.shown, None)
        if bar is not None:
            self._rich.remove_task(bar)
        self._rich.advance(self._all)
        self._rich.update(self._all, amount=f"{self._rich.tasks[0].completed:.0f}/{self._videos}")

    def hide(self) -> None:
        """Stop drawing, so that what follows is not drawn over."""
        self._rich.stop()


def _short(name: str) -> str:
    text = printable(name)
    return text if len(text) <= NAME_WIDTH else "…" + text[1 - NAME_WIDTH :]
