"""What `vidlabel predict` does with the options it was given."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidlabel.batch.engines.local import Event, Working, default_workers
from vidlabel.batch.engines.messages import Profiled, Warned
from vidlabel.batch.inputs import Inputs, collect_inputs
from vidlabel.batch.jobs.label import label_one, label_to_file
from vidlabel.batch.output_paths import (
    Destination,
    Folder,
    OneFile,
    Stream,
    TableDestination,
    Terminal,
    choose_destination,
)
from vidlabel.batch.plan import Plan, Task, WorkOptions, plan_task
from vidlabel.batch.run import Labelled, label_folder, label_stream, plan_folder, plan_stream
from vidlabel.batch.summary import NOTHING_DONE, SOME_FAILED, RunSummary, check_summary, write_summary
from vidlabel.batch.table import label_table, plan_table
from vidlabel.cli.console import print_details, print_error, print_line, print_output, print_warning
from vidlabel.cli.render.inputs import left_out_words, report_inputs
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

INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for, beside its inputs."""

    options: PredictOptions
    output: str | None
    format_name: str | None
    workers: int | None
    overwrite: bool
    retry_failed: bool
    strict: bool
    summary: str | None
    profile: bool
    quiet: bool
    debug: bool


def run_predict(arguments: Sequence[str], asked: Asked, *, recursive: bool, dry_run: bool) -> int:
    """Label all that was asked for.

    Returns:
        The exit status.
    """
    inputs = collect_inputs(
        arguments, recursive=recursive, standard_input=sys.stdin.buffer, in_place_of_videos=holds_features
    )
    destination = choose_destination(
        asked.output, asked.format_name, len(inputs.videos) + inputs.refused, is_terminal=sys.stdout.isatty()
    )
    if asked.summary is not None:
        check_summary(Path(asked.summary))
    report_inputs(arguments, inputs)
    tally = RunSummary(inputs.errors)
    if dry_run:
        return _explain(inputs, destination, asked) if inputs.videos else NOTHING_DONE
    if not inputs.videos:
        _write_summary(inputs, asked, tally)
        return NOTHING_DONE
    keep_freed_memory()
    broken_off = False
    profiler = Profiler(asked.profile)
    started = time.monotonic()
    try:
        _label(inputs, destination, asked, tally, profiler)
    except KeyboardInterrupt:
        print_line(f"interrupted: {_counts(tally)} are kept; the same command goes on from there")
        return INTERRUPTED
    except OutputError as error:
        if asked.debug:
            raise
        print_error(error)
        broken_off = True
    finally:
        _write_summary(inputs, asked, tally)
    if not asked.quiet and (len(inputs.videos) > 1 or inputs.left_out or inputs.errors) and tally.outcomes:
        print_line(_closing_line(inputs, tally, time.monotonic() - started))
    profiler.show()
    return tally.exit_status(incomplete=broken_off)


def _write_summary(inputs: Inputs, asked: Asked, tally: RunSummary) -> None:
    if asked.summary is not None:
        write_summary(Path(asked.summary), [video.shown for video in inputs.videos], inputs.left_out, tally)


def _label(inputs: Inputs, destination: Destination, asked: Asked, tally: RunSummary, profiler: Profiler) -> None:
    shown = [video.shown for video in inputs.videos]
    with make_progress(len(shown), quiet=asked.quiet) as progress:
        if isinstance(destination, OneFile):
            options = _work_options(destination, asked)
            outcome = label_to_file(shown[0], destination.path, options, progress, profiler.stopwatch)
            _note(outcome, asked, tally, progress, profiler)
        elif isinstance(destination, Folder | TableDestination):
            for event in _start(inputs, destination, asked):
                _note(event, asked, tally, progress, profiler)
        else:
            _label_to_output(inputs, destination, asked, tally, progress, profiler)


def _start(inputs: Inputs, destination: Folder | TableDestination, asked: Asked) -> Iterator[Event]:
    options = _work_options(destination, asked)
    workers = _workers(inputs, asked)
    if isinstance(destination, Folder):
        return label_folder(inputs.videos, destination.format, options, workers)
    return label_table(inputs.videos, destination, options, workers)


def _label_to_output(
    inputs: Inputs,
    destination: Terminal | Stream,
    asked: Asked,
    tally: RunSummary,
    progress: Progress,
    profiler: Profiler,
) -> None:
    write = _result_writer(destination, progress)
    if len(inputs.videos) == 1:
        shown = inputs.videos[0].shown
        outcome, result = label_one(shown, _work_options(destination, asked), progress, profiler.stopwatch)
        if result is not None:
            with profiler.stopwatch.phase("write"):
                write(result)
        _note(outcome, asked, tally, progress, profiler)
        return
    for event in label_stream(inputs.videos, _work_options(destination, asked), _workers(inputs, asked)):
        if isinstance(event, Labelled):
            write(event.result)
        else:
            _note(event, asked, tally, progress, profiler)


def _result_writer(destination: Terminal | Stream, progress: Progress) -> Callable[[Result], None]:
    """What puts results on standard output."""
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


def _note(event: Event, asked: Asked, tally: RunSummary, progress: Progress, profiler: Profiler) -> None:
    """Show and count one event."""
    if isinstance(event, Working):
        progress.progress(event.progress.labelled_s, event.progress.duration_s, event.task.shown)
        return
    if isinstance(event, Warned):
        progress.warn(event.text)
        return
    if isinstance(event, Profiled):
        profiler.add(event.profile)
        return
    tally.add(event)
    progress.advance(event)
    if event.status == "failed":
        print_line(f"error: {event.reason}")
        if asked.debug:
            print_details(event.details)
    elif event.partial:
        print_warning(event.reason)


def _work_options(destination: Destination, asked: Asked) -> WorkOptions:
    model = find_model(asked.options.model)
    return WorkOptions(
        folder=_output_folder(destination),
        predict=asked.options,
        model_sha256=sha256_of(model),
        strict=asked.strict,
        overwrite=asked.overwrite,
        retry_failed=asked.retry_failed,
        profile=asked.profile,
    )


def _output_folder(destination: Destination) -> Path:
    match destination:
        case Folder():
            return destination.path
        case TableDestination() | OneFile():
            return destination.path.parent
        case Terminal() | Stream():
            return Path()


def _workers(inputs: Inputs, asked: Asked) -> int:
    if asked.workers is None:
        return min(default_workers(), len(inputs.videos))
    if asked.workers < 1:
        raise UsageError("--workers", f"{asked.workers} is not possible", "give a whole number, 1 or more")
    return asked.workers


def _explain(inputs: Inputs, destination: Destination, asked: Asked) -> int:
    """Tell what would be done with each input, and why."""
    for task, plan in _plans(inputs, destination, _work_options(destination, asked)):
        print_output(f"{plan.action:5}  {task.shown}  ({plan.why})")
    for path in inputs.left_out:
        print_output(f"leave  {path}  (not called like a video)")
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


def _counts(tally: RunSummary) -> str:
    return f"{tally.count('done')} done, {tally.count('skipped')} skipped, {tally.count('failed')} failed"


def _closing_line(inputs: Inputs, tally: RunSummary, seconds: float) -> str:
    words = [_counts(tally)]
    if tally.partial:
        words.append(f"{tally.partial} of them partial")
    if inputs.left_out:
        words.append(left_out_words(inputs))
    speed = tally.labelled_s / max(seconds, 1e-9)
    words.append(f"{tally.labelled_s / 3600:.2f} h of video in {seconds:.0f} s ({speed:.1f} x real time)")
    return "; ".join(words)
