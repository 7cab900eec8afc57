"""Runs the work of a command on many videos: shows it, counts it, and gives the exit status."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from vidlabel.batch.engines.base import Engine, Event
from vidlabel.batch.inputs import Inputs
from vidlabel.batch.summary import RunSummary, write_summary
from vidlabel.cli.console import print_error, print_line
from vidlabel.cli.render.batch import BatchReporter, closing_line, counts
from vidlabel.cli.render.profile import Profiler
from vidlabel.cli.render.progress import Progress, make_progress
from vidlabel.errors import INTERRUPTED, NOTHING_DONE, OutputError, UsageError
from vidlabel.process import keep_freed_memory
from vidlabel.profiling import Stopwatch

Begin = Callable[[Progress, Stopwatch], Iterable[Event]]
"""Begins the work: what happens, as it comes. Work in this process uses the progress and the stopwatch itself."""


def run_batch(
    inputs: Inputs, begin: Begin, *, summary: str | None, profile: bool = False, quiet: bool, debug: bool
) -> int:
    """Do the work on all inputs, and show it.

    Args:
        inputs: the videos, and what cannot be used.
        begin: begins the work; not called where there are no videos.
        summary: file for one row an input, whatever happens.
        profile: whether the times of the phases are shown.
        quiet: whether warnings and errors alone are shown.
        debug: whether errors are shown with their details.

    Returns:
        The exit status.
    """
    outcomes, profiler, started = RunSummary(inputs.errors), Profiler(profile), time.monotonic()
    status = NOTHING_DONE
    try:
        if inputs.videos:
            keep_freed_memory()
            with make_progress(len(inputs.videos), quiet=quiet) as progress:
                reporter = BatchReporter(outcomes, progress, profiler, debug=debug)
                status = _follow(begin(progress, profiler.stopwatch), reporter, outcomes, debug=debug)
    finally:
        if summary is not None:
            write_summary(Path(summary), [video.shown for video in inputs.videos], inputs.left_out, outcomes)
    if status != INTERRUPTED and inputs.videos:
        if not quiet and (len(inputs.videos) > 1 or inputs.left_out or inputs.errors) and outcomes.outcomes:
            print_line(closing_line(inputs, outcomes, time.monotonic() - started))
        profiler.show()
    return status


def choose_engine(workers: int | None, inputs: Inputs) -> Engine:
    """The worker processes of `--workers`, or as many as there is room for.

    Raises:
        UsageError: less than one.
    """
    from vidlabel.batch.engines.local import LocalWorkers, default_workers  # 15 ms, which one video does without

    if workers is None:
        return LocalWorkers(min(default_workers(), len(inputs.videos)))
    if workers < 1:
        raise UsageError("--workers", f"{workers} is not possible", "give a whole number, 1 or more")
    return LocalWorkers(workers)


def _follow(events: Iterable[Event], reporter: BatchReporter, outcomes: RunSummary, *, debug: bool) -> int:
    """Show events until they end or are interrupted.

    Returns:
        The exit status.
    """
    try:
        for event in events:
            reporter.show(event)
    except KeyboardInterrupt:
        print_line(f"interrupted: {counts(outcomes)} are kept; the same command continues from there")
        return INTERRUPTED
    except OutputError as error:
        if debug:
            raise
        print_error(error)
        return outcomes.exit_status(incomplete=True)
    return outcomes.exit_status()
