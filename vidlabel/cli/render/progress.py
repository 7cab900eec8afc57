"""Progress on standard error: bars on a terminal, plain lines in a log, nothing with `--quiet`."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from vidlabel.batch.plan import Outcome
from vidlabel.cli.console import error_console, print_line, print_warning
from vidlabel.errors import printable

if TYPE_CHECKING:
    from rich.progress import TaskID

NAME_WIDTH = 32


class Progress(Protocol):
    """Shows the progress of a command; a context manager."""

    def __enter__(self) -> Progress: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def progress(self, labelled_s: float, duration_s: float, name: str = "") -> None:
        """Show how many seconds of a video are labelled."""

    def alive(self) -> None:
        """Heartbeat: the video is being read."""

    def warn(self, text: str) -> None:
        """Show a warning; the work continues."""

    def advance(self, outcome: Outcome) -> None:
        """Show that a video is finished."""

    def hide(self) -> None:
        """Stop drawing, to make room for results on the same terminal."""


def make_progress(videos: int, *, quiet: bool) -> Progress:
    """Bars if standard error is a terminal, else lines."""
    if quiet:
        return NoProgress()
    return BarProgress(videos) if sys.stderr.isatty() else LineProgress(videos)


class NoProgress:
    """Shows warnings only."""

    def __enter__(self) -> NoProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing."""

    def progress(self, labelled_s: float, duration_s: float, name: str = "") -> None:
        """Nothing."""

    def alive(self) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Show a warning."""
        print_warning(text)

    def advance(self, outcome: Outcome) -> None:
        """Nothing."""

    def hide(self) -> None:
        """Nothing."""


class LineProgress(NoProgress):
    """One line per video, if there are several.

    Args:
        videos: how many there are.
    """

    def __init__(self, videos: int) -> None:
        self._videos = videos
        self._ended = 0

    def advance(self, outcome: Outcome) -> None:
        """Print the outcome of a video; errors have a line of their own."""
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
        # Imported here: it takes 0.04 s, which a program that reads the output need not wait for.
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

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
        """Remove the bars."""
        self._rich.stop()

    def progress(self, labelled_s: float, duration_s: float, name: str = "") -> None:
        """Advance the bar of one video."""
        if name not in self._bars:
            self._bars[name] = self._rich.add_task(_short(name), total=duration_s, amount="")
        amount = f"{labelled_s:.0f}/{duration_s:.0f} s"
        self._rich.update(self._bars[name], completed=labelled_s, total=duration_s, amount=amount)

    def advance(self, outcome: Outcome) -> None:
        """Advance the bar of all videos, and remove that of this one."""
        bar = self._bars.pop(outcome.task.shown, None)
        if bar is not None:
            self._rich.remove_task(bar)
        self._rich.advance(self._all)
        self._rich.update(self._all, amount=f"{self._rich.tasks[0].completed:.0f}/{self._videos}")

    def hide(self) -> None:
        """Stop drawing."""
        self._rich.stop()


def _short(name: str) -> str:
    text = printable(name)
    return text if len(text) <= NAME_WIDTH else "…" + text[1 - NAME_WIDTH :]
