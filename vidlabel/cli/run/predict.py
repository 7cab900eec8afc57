"""Runs `vidlabel predict`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.batch.engines.base import Event
from vidlabel.batch.engines.in_process import InProcess
from vidlabel.batch.inputs import Inputs, collect_inputs, refuse_shared_subtitles
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import LabelJob, label_one
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
from vidlabel.batch.run import Labelled, folder_tasks, label_stream, plan_folder, plan_stream, run_file, run_folder
from vidlabel.batch.summary import check_summary
from vidlabel.batch.table import label_table, plan_table
from vidlabel.cli.console import print_line, print_warning
from vidlabel.cli.render.batch import print_plans, report_inputs
from vidlabel.cli.render.progress import Progress
from vidlabel.cli.run.batch import choose_engine, run_batch
from vidlabel.errors import INTERRUPTED, NOTHING_DONE, SOME_FAILED, UsageError
from vidlabel.features.feature_file import holds_features
from vidlabel.labels.result import Result
from vidlabel.prediction.chosen_models import chosen_names, describe_labels, describe_models
from vidlabel.prediction.options import PredictOptions
from vidlabel.prediction.video_inputs import video_streams
from vidlabel.profiling import Stopwatch
from vidlabel.video.subtitles.sidecar import is_taken_for_subtitles

if TYPE_CHECKING:
    from vidlabel.cli.run.render import Rendering


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
    render: str | None,
    profile: bool,
    quiet: bool,
    debug: bool,
) -> int:
    """Label all inputs, and render them where that is asked for.

    Returns:
        The exit status.
    """
    inputs = collect_inputs(
        arguments, recursive=recursive, standard_input=sys.stdin.buffer, in_place_of_videos=holds_features
    )
    refuse_shared_subtitles(inputs, options.subtitles)
    destination = choose_destination(
        output, format_name, len(inputs.videos) + inputs.refused, is_terminal=sys.stdout.isatty()
    )
    rendering = None if render is None else _plan_rendering(render, arguments, inputs, output)
    if summary is not None:
        check_summary(Path(summary))
    report_inputs(arguments, inputs)
    _show_labels(options, quiet=quiet)
    work_options = partial(
        _work_options,
        inputs,
        destination,
        options,
        strict=strict,
        overwrite=overwrite,
        retry_failed=retry_failed,
        profile=profile,
    )
    if dry_run:
        return _explain(inputs, destination, work_options) if inputs.videos else NOTHING_DONE

    def begin(progress: Progress, stopwatch: Stopwatch) -> Iterator[Event]:
        """Label, and keep what is found for rendering."""
        labelling = _events(inputs, destination, options, work_options, workers, rendering, progress, stopwatch)
        return labelling if rendering is None else rendering.follow(labelling)

    status = run_batch(inputs, begin, summary=summary, profile=profile, quiet=quiet, debug=debug)
    if rendering is None or status in (NOTHING_DONE, INTERRUPTED):
        return status
    rendered = rendering.run(inputs, options, overwrite=overwrite, retry_failed=retry_failed, quiet=quiet, debug=debug)
    return rendered or status


def _plan_rendering(render: str, arguments: Sequence[str], inputs: Inputs, output: str | None) -> Rendering:
    from vidlabel.cli.run.render import Rendering, choose_render_destination  # 15 ms, at the start of each prediction

    return Rendering(choose_render_destination(render, arguments, inputs, output))


def _show_labels(options: PredictOptions, *, quiet: bool) -> None:
    """Say what is found in place of labels in words."""
    lines, warnings = describe_labels(options)
    for line in () if quiet else lines:
        print_line(line)
    for warning in warnings:
        print_warning(warning)


def _work_options(
    inputs: Inputs,
    destination: Destination,
    options: PredictOptions,
    *,
    strict: bool,
    overwrite: bool,
    retry_failed: bool,
    profile: bool,
) -> WorkOptions:
    """Read the model files; the rest is as given."""
    models = describe_models(options)
    streams = video_streams(model.spec for model in models)
    if "text" in streams and options.subtitles is None and isinstance(destination, OneFile):
        _refuse_output_beside(Path(inputs.videos[0].shown), destination.path)
    return WorkOptions(
        folder=_output_folder(destination),
        job=LabelJob(options, tuple(model.sha256 for model in models), streams),
        strict=strict,
        overwrite=overwrite,
        retry_failed=retry_failed,
        profile=profile,
    )


def _refuse_output_beside(video: Path, output: Path) -> None:
    """Refuse labels that the next run would read as subtitles.

    Raises:
        UsageError: it would.
    """
    if is_taken_for_subtitles(output, video):
        problem = f"{output} would be read as the subtitles of {video.name}"
        raise UsageError("--output", problem, f"name it {video.name}{output.suffix}")


def _output_folder(destination: Destination) -> Path:
    match destination:
        case Folder():
            return destination.path
        case TableDestination() | OneFile():
            return destination.path.parent
        case Terminal() | Stream():
            return Path()


def _events(
    inputs: Inputs,
    destination: Destination,
    predict: PredictOptions,
    work_options: Callable[[], WorkOptions],
    workers: int | None,
    rendering: Rendering | None,
    progress: Progress,
    stopwatch: Stopwatch,
) -> Iterator[Event]:
    """Label all inputs, and write those results that go to standard output."""
    options = work_options()
    match destination:
        case OneFile():
            task = Task(inputs.videos[0].shown, destination.path)
            yield from run_file(task, options, InProcess(progress, stopwatch))
        case Folder():
            tasks = folder_tasks(inputs.videos, destination.format.suffix, options)
            yield from run_folder(tasks, options, choose_engine(workers, inputs))
        case TableDestination():
            yield from label_table(inputs.videos, destination, options, choose_engine(workers, inputs))
        case Terminal() | Stream():
            keep = _forget if rendering is None else rendering.take
            write = _result_writer(destination, chosen_names(predict).count, progress)
            if len(inputs.videos) == 1:
                outcome, result = label_one(inputs.videos[0].shown, predict, progress, stopwatch, strict=options.strict)
                if result is not None:
                    keep(result)
                    with stopwatch.phase("write"):
                        write(result)
                yield outcome
                return
            for event in label_stream(inputs.videos, options, choose_engine(workers, inputs)):
                if isinstance(event, Labelled):
                    keep(event.result)
                    write(event.result)
                else:
                    yield event


def _forget(result: Result) -> None:
    """Keep nothing of a result that was written."""


def _result_writer(destination: Terminal | Stream, models: int, progress: Progress) -> Callable[[Result], None]:
    """A function that writes a result to standard output."""
    if isinstance(destination, Terminal):
        from vidlabel.cli.render.table import print_result  # with rich, which a program's output does without

        def show(result: Result) -> None:
            """Print one for a person."""
            progress.hide()
            print_result(result)

        return show
    destination.format.begin(sys.stdout.buffer, models)

    def pass_on(result: Result) -> None:
        """Write one for a program, at once."""
        destination.format.add(result, sys.stdout.buffer)
        sys.stdout.buffer.flush()

    return pass_on


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
