"""Runs `vidlabel predict`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from vidlabel.batch.engines.base import Event
from vidlabel.batch.engines.local import LocalWorkers, default_workers
from vidlabel.batch.inputs import Inputs, collect_inputs
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import LabelJob, label_one, label_to_file
from vidlabel.batch.output_paths import (
    Destination,
    Folder,
    OneFile,
    Stream,
    TableDestination,
    Terminal,
    choose_destination,
)
from vidlabel.batch.plan import Plan, WorkOptions, plan_task
from vidlabel.batch.run import Labelled, folder_tasks, label_stream, plan_folder, plan_stream, run_folder
from vidlabel.batch.summary import NOTHING_DONE, SOME_FAILED, RunSummary, check_summary, write_summary
from vidlabel.batch.table import label_table, plan_table
from vidlabel.cli.console import print_error, print_line
from vidlabel.cli.render.batch import BatchReporter, closing_line, counts, print_plans, report_inputs
from vidlabel.cli.render.profile import Profiler
from vidlabel.cli.render.progress import Progress, make_progress
from vidlabel.cli.render.table import print_result
from vidlabel.errors import OutputError, UsageError
from vidlabel.features.feature_file import holds_features
from vidlabel.files import sha256_of
from vidlabel.heads.bundled_models import find_model
from vidlabel.labels.result import Result
from vidlabel.prediction.options import PredictOptions
from vidlabel.process import keep_freed_memory
from vidlabel.profiling import Stopwatch

INTERRUPTED = 130


def run_predict(
    arguments: Sequence[str],
    options: PredictOptions,
    *,
    output: str | None,
    format_name: str | None,
    workers: int | None,
    recursive: bool,
    overwrite: bool,
    retry_failed: bool,
    dry_run: bool,
    strict: bool,
    summary: str | None,
    profile: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Label all inputs.

    Returns:
        The exit status.
    """
    inputs = collect_inputs(
        arguments, recursive=recursive, standard_input=sys.stdin.buffer, in_place_of_videos=holds_features
    )
    destination = choose_destination(
        output, format_name, len(inputs.videos) + inputs.refused, is_terminal=sys.stdout.isatty()
    )
    if summary is not None:
        check_summary(Path(summary))
    report_inputs(arguments, inputs)
    work_options = partial(
        _work_options,
        destination,
        options,
        strict=strict,
        overwrite=overwrite,
        retry_failed=retry_failed,
        profile=profile,
    )
    if dry_run:
        return _explain(inputs, destination, work_options) if inputs.videos else NOTHING_DONE
    outcomes, profiler, started = RunSummary(inputs.errors), Profiler(profile), time.monotonic()
    status = NOTHING_DONE
    try:
        if inputs.videos:
            keep_freed_memory()
            with make_progress(len(inputs.videos), quiet=quiet) as progress:
                reporter = BatchReporter(outcomes, progress, profiler, debug=debug)
                events = _events(inputs, destination, options, work_options, workers, progress, profiler.stopwatch)
                status = _follow(events, reporter, outcomes, debug=debug)
    finally:
        if summary is not None:
            write_summary(Path(summary), [video.shown for video in inputs.videos], inputs.left_out, outcomes)
    if status != INTERRUPTED and inputs.videos:
        if not quiet and (len(inputs.videos) > 1 or inputs.left_out or inputs.errors) and outcomes.outcomes:
            print_line(closing_line(inputs, outcomes, time.monotonic() - started))
        profiler.show()
    return status


def _work_options(
    destination: Destination,
    options: PredictOptions,
    *,
    strict: bool,
    overwrite: bool,
    retry_failed: bool,
    profile: bool,
) -> WorkOptions:
    """Read the model file; the rest is as given."""
    return WorkOptions(
        folder=_output_folder(destination),
        job=LabelJob(options, sha256_of(find_model(options.model))),
        strict=strict,
        overwrite=overwrite,
        retry_failed=retry_failed,
        profile=profile,
    )


def _output_folder(destination: Destination) -> Path:
    match destination:
        case Folder():
            return destination.path
        case TableDestination() | OneFile():
            return destination.path.parent
        case Terminal() | Stream():
            return Path()


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


def _events(
    inputs: Inputs,
    destination: Destination,
    predict: PredictOptions,
    work_options: Callable[[], WorkOptions],
    workers: int | None,
    progress: Progress,
    stopwatch: Stopwatch,
) -> Iterator[Event]:
    """Label all inputs, and write those results that go to standard output."""
    options = work_options()
    match destination:
        case OneFile():
            yield label_to_file(inputs.videos[0].shown, destination.path, options, progress, stopwatch)
        case Folder():
            tasks = folder_tasks(inputs.videos, destination.format.suffix, options)
            yield from run_folder(tasks, options, _engine(workers, inputs))
        case TableDestination():
            yield from label_table(inputs.videos, destination, options, _engine(workers, inputs))
        case Terminal() | Stream():
            write = _result_writer(destination, progress)
            if len(inputs.videos) == 1:
                outcome, result = label_one(inputs.videos[0].shown, predict, progress, stopwatch, strict=options.strict)
                if result is not None:
                    with stopwatch.phase("write"):
                        write(result)
                yield outcome
                return
            for event in label_stream(inputs.videos, options, _engine(workers, inputs)):
                if isinstance(event, Labelled):
                    write(event.result)
                else:
                    yield event


def _result_writer(destination: Terminal | Stream, progress: Progress) -> Callable[[Result], None]:
    """A function that writes a result to standard output."""
    if isinstance(destination, Terminal):

        def show(result: Result) -> None:
            """Print one for a person."""
            progress.hide()
            print_result(result)

        return show
    destination.format.begin(sys.stdout.buffer)

    def pass_on(result: Result) -> None:
        """Write one for a program, at once."""
        destination.format.add(result, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    return pass_on


def _engine(workers: int | None, inputs: Inputs) -> LocalWorkers:
    if workers is None:
        return LocalWorkers(min(default_workers(), len(inputs.videos)))
    if workers < 1:
        raise UsageError("--workers", f"{workers} is not possible", "give a whole number, 1 or more")
    return LocalWorkers(workers)


def _explain(inputs: Inputs, destination: Destination, work_options: Callable[[], WorkOptions]) -> int:
    """Show what would be done with each input, and why."""
    print_plans(_plans(inputs, destination, work_options()), inputs)
    return SOME_FAILED if inputs.errors else 0


def _plans(inputs: Inputs, destination: Destination, options: WorkOptions) -> list[tuple[Task, Plan]]:
    match destination:
        case Folder():
            return plan_folder(inputs.videos, destination.format, options)
        case TableDestination():
            return plan_table(inputs.videos, destination, options)
        case OneFile():
            task = Task(inputs.videos[0].shown, destination.path)
            return [(task, plan_task(options, task))]
        case Terminal() | Stream():
            return plan_stream(inputs.videos, options)
