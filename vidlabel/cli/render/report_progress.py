"""Progress of a report: a bar on a terminal while thumbnails are made, warnings as lines."""

from __future__ import annotations

import sys
from types import TracebackType

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from vidlabel.cli.console import error_console, print_warning


class ReportProgress:
    """Shows how many videos have their thumbnails; a context manager.

    Args:
        quiet: whether warnings alone are shown.
    """

    def __init__(self, *, quiet: bool) -> None:
        columns = (TextColumn("thumbnails"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        is_shown = not quiet and sys.stderr.isatty()
        self._rich = Progress(*columns, console=error_console(), transient=True, disable=not is_shown)
        self._bar = self._rich.add_task("", total=None, visible=False)

    def __enter__(self) -> ReportProgress:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bar."""
        self._rich.stop()

    def warn(self, text: str) -> None:
        """Show a warning."""
        print_warning(text)

    def progress(self, done: int, videos: int) -> None:
        """Advance the bar."""
        self._rich.update(self._bar, completed=done, total=videos, visible=True)
