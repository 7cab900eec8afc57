"""Runs `vidlabel report`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vidlabel.cli.console import print_error, print_line
from vidlabel.cli.render.report_progress import ReportProgress
from vidlabel.errors import DONE, INTERRUPTED, SOME_FAILED, UsageError
from vidlabel.report.results.write import ReportRequest, run_report


def run_report_command(
    results: Sequence[str],
    output: str,
    *,
    truth: str | None,
    videos: str | None,
    thumbnails: int,
    time_budget: str | None,
    quiet: bool,
) -> int:
    """Write the report, and name what could not be read.

    Returns:
        The exit status.
    """
    request = ReportRequest(
        results=[_path("RESULTS", name) for name in results],
        output=_path("--output", output),
        truth=None if truth is None else _path("--truth", truth),
        videos=None if videos is None else _path("--videos", videos),
        thumbnails=thumbnails,
        time_budget=None if time_budget is None else _path("--time-budget", time_budget),
    )
    try:
        with ReportProgress(quiet=quiet) as progress:
            report = run_report(request, progress)
    except KeyboardInterrupt:
        print_line("interrupted: no report was written")
        return INTERRUPTED
    for error in report.unreadable:
        print_error(error)
    if not quiet:
        videos_word = "1 video" if len(report.videos) == 1 else f"{len(report.videos)} videos"
        print_line(f"{report.path}: {videos_word}")
    return SOME_FAILED if report.unreadable else DONE


def _path(option: str, name: str) -> Path:
    if not name:
        raise UsageError(option, "is empty", "give a name")
    return Path(name)
