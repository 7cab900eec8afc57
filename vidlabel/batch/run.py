"""Brings the tasks of a run to their ends: into a folder, into one file, or to standard output."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidlabel.batch.engines.base import Engine, Event
from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import read_output
from vidlabel.batch.locks import hold_folder
from vidlabel.batch.output_paths import plan_outputs
from vidlabel.batch.plan import STANDARD_OUTPUT, Outcome, Plan, WorkOptions, plan_task
from vidlabel.batch.records import STATE_FOLDER, Records
from vidlabel.batch.unit import settle_task
from vidlabel.errors import VideoError
from vidlabel.files import remove_leftovers
from vidlabel.labels.formats.registry import Format
from vidlabel.labels.result import Result


@dataclass(frozen=True, slots=True)
class Labelled:
    """A result of a run to standard output, in the order of the inputs."""

    result: Result


def plan_folder(videos: Sequence[VideoInput], format_: Format, options: WorkOptions) -> list[tuple[Task, Plan]]:
    """What `run_folder` would do with each video, and why; changes nothing."""
    return [(task, plan_task(options, task)) for task in folder_tasks(videos, format_.suffix, options)]


def run_folder(tasks: Sequence[Task], options: WorkOptions, engine: Engine) -> Iterator[Event]:
    """Bring tasks to their ends in an output folder, skipping what is done.

    Yields:
        Progress as it comes, and one outcome a task, in the order in which they end.

    Raises:
        OutputError: the folder cannot be written, or another run holds it; what is done is kept.
    """
    with hold_folder(options.folder):
        _remove_leftovers(options.folder, tasks)
        left = []
        for task in tasks:
            outcome = settle_task(options, task)
            if outcome is None:
                left.append(task)
            else:
                yield outcome
        try:
            if left:
                yield from engine(options, left)
        finally:
            _remove_leftovers(options.folder, tasks)  # Workers may have been ended in the middle of writing.


def run_file(task: Task, options: WorkOptions, engine: Engine) -> Iterator[Event]:
    """Bring one task to its end, recorded in the folder of its file; other runs may write there meanwhile.

    Yields:
        As `run_folder`.

    Raises:
        OutputError: the file cannot be written.
    """
    settled = settle_task(options, task)  # Work that is done needs no model.
    if settled is not None:
        yield settled
        return
    record = Records(options.folder).read(task.output)
    if record is not None and record.state == "started":  # Elsewhere, folders of many files are not searched.
        remove_leftovers([options.folder, options.folder / STATE_FOLDER / "records"])
    yield from engine(options, [task])


def plan_stream(videos: Sequence[VideoInput], options: WorkOptions) -> list[tuple[Task, Plan]]:
    """What `label_stream` would do with each video, and why."""
    plans = []
    for video in videos:
        try:
            plan = Plan("do", "new", options.job.fingerprint(video.shown), None)
        except VideoError as error:
            plan = Plan("fail", str(error), "", None)
        plans.append((Task(video.shown, STANDARD_OUTPUT), plan))
    return plans


def label_stream(videos: Sequence[VideoInput], options: WorkOptions, engine: Engine) -> Iterator[Event | Labelled]:
    """Label videos one after the other, keeping nothing.

    Yields:
        Progress as it comes; for each video, in the order given, its result if it has one, and its outcome.

    Raises:
        OutputError: there is no room for temporary files.
    """
    with tempfile.TemporaryDirectory(prefix="vidlabel-") as name:
        passing = replace(options, folder=Path(name))
        tasks = [Task(video.shown, Path(name) / f"{number}.json") for number, video in enumerate(videos)]
        ended: dict[Path, Outcome] = {}
        following = iter(tasks)
        expected = next(following, None)
        for event in engine(passing, tasks):
            if not isinstance(event, Outcome):
                yield event
                continue
            ended[event.task.output] = event
            while expected is not None and expected.output in ended:
                outcome = ended.pop(expected.output)
                if outcome.status == "done":
                    yield Labelled(read_output(expected.output))
                    expected.output.unlink()
                yield replace(outcome, task=replace(outcome.task, output=STANDARD_OUTPUT))
                expected = next(following, None)


def folder_tasks(videos: Sequence[VideoInput], suffix: str, options: WorkOptions) -> list[Task]:
    """Each video with its file in the output folder."""
    outputs = plan_outputs(videos, options.folder, suffix)
    return [Task(video.shown, output) for video, output in zip(videos, outputs, strict=True)]


def _remove_leftovers(folder: Path, tasks: Sequence[Task]) -> None:
    places = {task.output.parent for task in tasks}
    places.update(Path(root) for root, _, _ in os.walk(folder / STATE_FOLDER))
    remove_leftovers(places)
