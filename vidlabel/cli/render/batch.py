"""Lines about a batch: inputs that cannot be used, plans, events while it runs, the closing line, and its status."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from vidlabel.batch.engines.base import Event, Profiled, Warned, Working
from vidlabel.batch.inputs import Inputs
from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome, Plan
from vidlabel.batch.records import Record
from vidlabel.batch.summary import RunSummary
from vidlabel.cli.console import print_details, print_error, print_line, print_output, print_warning
from vidlabel.cli.render.profile import Profiler
from vidlabel.cli.render.progress import Progress
from vidlabel.errors import InputError
from vidlabel.paths import exists
from vidlabel.video.folder_search import describe_left_out

_STATES = ("done", "partial", "failed", "unfinished")


def report_inputs(arguments: Sequence[str], inputs: Inputs) -> None:
    """Print one line for each input that cannot be used.

    Raises:
        InputError: the inputs could be used, and hold no videos.
    """
    for error in inputs.errors:
        print_error(error)
    if inputs.videos or inputs.errors:
        return
    left_out = f" ({left_out_words(inputs)})" if inputs.left_out else ""
    raise InputError(" ".join(arguments), f"holds no videos{left_out}", "name a file to take it whatever it is called")


def print_plans(plans: Iterable[tuple[Task, Plan]], inputs: Inputs) -> None:
    """Print what a run would do with each input, and why."""
    for task, plan in plans:
        action = "label" if plan.action == "do" else plan.action
        print_output(f"{action:5}  {task.shown}  ({plan.why})")
    for path in inputs.left_out:
        print_output(f"leave  {path}  (not called like a video)")


def status_lines(records: Sequence[tuple[Path, Record]]) -> list[str]:
    """How many outputs are in which state, then those that are not done, with the reason."""
    states = [(_state(path, record), record) for path, record in records]
    counted = [f"{sum(found == name for found, _ in states)} {name}" for name in _STATES]
    unfinished = [f"{state}: {record.reason or record.video}" for state, record in states if state != "done"]
    return [", ".join(counted), *unfinished]


def _state(path: Path, record: Record) -> str:
    if record.state == "failed":
        return "failed"
    if record.state == "started" or not exists(path):
        return "unfinished"
    return "partial" if record.partial else "done"


class BatchReporter:
    """Shows the events of a run as they come, and counts its outcomes.

    Args:
        summary: takes the outcomes.
        progress: shows progress and warnings.
        profiler: takes the profiles of workers.
        debug: whether errors are shown with their details.
    """

    def __init__(self, summary: RunSummary, progress: Progress, profiler: Profiler, *, debug: bool) -> None:
        self._summary = summary
        self._progress = progress
        self._profiler = profiler
        self._debug = debug

    def show(self, event: Event) -> None:
        """Show and count one event."""
        match event:
            case Working():
                self._progress.progress(event.done_s, event.duration_s, event.task.shown)
            case Warned():
                self._progress.warn(event.text)
            case Profiled():
                self._profiler.add(event.profile)
            case Outcome():
                self._show_outcome(event)

    def _show_outcome(self, outcome: Outcome) -> None:
        self._summary.add(outcome)
        self._progress.advance(outcome)
        if outcome.status == "failed":
            print_line(f"error: {outcome.reason}")
            if self._debug:
                print_details(outcome.details)
        elif outcome.partial and outcome.status == "done":
            print_warning(outcome.reason)


def counts(summary: RunSummary) -> str:
    """How many inputs ended in which way."""
    return f"{summary.count('done')} done, {summary.count('skipped')} skipped, {summary.count('failed')} failed"


def closing_line(inputs: Inputs, summary: RunSummary, seconds: float) -> str:
    """The counts of a run that took this many seconds, with its speed."""
    words = [counts(summary)]
    if summary.partial:
        words.append(f"{summary.partial} of them partial")
    if inputs.left_out:
        words.append(left_out_words(inputs))
    speed = summary.labelled_s / max(seconds, 1e-9)
    words.append(f"{summary.labelled_s / 3600:.2f} h of video in {seconds:.0f} s ({speed:.1f} x real time)")
    return "; ".join(words)


def left_out_words(inputs: Inputs) -> str:
    """The files that a folder search left out."""
    return f"left out: {describe_left_out(inputs.left_out)}"
