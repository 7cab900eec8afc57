"""Progress of a pull on standard error: a bar for each file on a terminal, some lines in a log, and what was pulled."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Protocol, Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from vidlabel.cli.console import error_console, print_line, print_warning
from vidlabel.features.encoders.pulled.folder import PulledModel
from vidlabel.features.encoders.pulled.table import PullableModel

LINE_EVERY_S = 5.0


class PullProgress(Protocol):
    """Shows how far files are downloaded; a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def update(self, path: str, there: int, total: int | None) -> None:
        """Show how many bytes of a file are there."""


def pull_progress(*, quiet: bool) -> PullProgress:
    """Bars if standard error is a terminal, else lines, or nothing."""
    if quiet:
        return NoPullProgress()
    return PullBars() if sys.stderr.isatty() else PullLines()


class NoPullProgress:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing."""

    def update(self, path: str, there: int, total: int | None) -> None:
        """Nothing."""


class PullLines(NoPullProgress):
    """A line when a file begins, and one every five seconds."""

    def __init__(self) -> None:
        self._path = ""
        self._begun_s = self._shown_s = 0.0
        self._begun_at = 0

    def update(self, path: str, there: int, total: int | None) -> None:
        """Print how many bytes of a file are there, from time to time."""
        now = time.monotonic()
        if path != self._path:
            self._path, self._begun_s, self._shown_s, self._begun_at = path, now, now, there
            from_there = f", {shown_bytes(there)} are there" if there else ""
            print_line(f"{path}: {'size not known' if total is None else shown_bytes(total)}{from_there}")
        elif now - self._shown_s >= LINE_EVERY_S:
            self._shown_s = now
            rate = (there - self._begun_at) / (now - self._begun_s)
            of_all = "" if total is None else f" of {shown_bytes(total)}"
            left = "" if total is None or rate == 0 else f", {(total - there) / rate:.0f} s left"
            print_line(f"{path}: {shown_bytes(there)}{of_all}, {shown_bytes(rate)}/s{left}")


class PullBars:
    """A bar for each file, with rate and remaining time."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        times = (TransferSpeedColumn(), TimeRemainingColumn())
        self._rich = Progress(*columns, *times, console=error_console(), transient=True)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._rich.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the bars."""
        self._rich.stop()

    def update(self, path: str, there: int, total: int | None) -> None:
        """Advance the bar of a file."""
        if path not in self._bars:
            self._bars[path] = self._rich.add_task(path, total=total, completed=there)
        self._rich.update(self._bars[path], completed=there)


def print_pulled(model: PullableModel, pulled: PulledModel, *, quiet: bool) -> None:
    """Print what is there now, and the digests that no table could confirm, also with `--quiet`."""
    for file, seen in zip(model.files, pulled.files, strict=True):
        if not file.is_verified:
            print_warning(f"{model.name}: {file.path} is unverified, its SHA-256 is {seen.sha256}")
    if not quiet:
        print_line(f"{model.name}: {shown_bytes(pulled.size)}, {model.licence}, from {model.source}")


def shown_bytes(size: float) -> str:
    """`88.2 MB`."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size:.0f} B"
