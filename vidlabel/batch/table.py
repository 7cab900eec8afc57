"""Labels many videos into one table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from vidlabel.batch.engines.base import Engine, Event
from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import read_output
from vidlabel.batch.locks import hold_output
from vidlabel.batch.output_paths import TableDestination
from vidlabel.batch.plan import (
    Outcome,
    Plan,
    WorkOptions,
    changed_output,
    digest_of,
    is_changed,
    is_unknown,
    unknown_output,
)
from vidlabel.batch.records import Record, Records, table_state_folder
from vidlabel.batch.run import folder_tasks, plan_folder, run_folder
from vidlabel.batch.unit import write_recorded
from vidlabel.errors import OutputError
from vidlabel.files import remove_leftovers
from vidlabel.labels.formats.registry import FORMATS

_KEPT = FORMATS["json"]
"""What each video's labels are kept in, beside the table."""


def plan_table(videos: Sequence[VideoInput], table: TableDestination, options: WorkOptions) -> list[tuple[Task, Plan]]:
    """What `label_table` would do with each video, and why; changes nothing.

    Raises:
        OutputError: the table has been changed since it was written.
    """
    _check_table(table.path, options)
    return plan_folder(videos, _KEPT, _kept(table, options))


def label_table(
    videos: Sequence[VideoInput], table: TableDestination, options: WorkOptions, engine: Engine
) -> Iterator[Event]:
    """Label videos into one file; each video's labels are kept beside it, so that a rerun skips what is done.

    Yields:
        As `run_folder`, the table being the output of every video; it is written when all videos are done.

    Raises:
        OutputError: as `run_folder`; or the table has been changed since it was written.
    """
    _check_table(table.path, options)
    kept = _kept(table, options)
    outcomes: dict[Path, Outcome] = {}
    tasks = folder_tasks(videos, _KEPT.suffix, kept)
    for event in run_folder(tasks, kept, engine):
        if isinstance(event, Outcome):
            outcomes[event.task.output] = event
            yield replace(event, task=replace(event.task, output=table.path))
        else:
            yield event
    _write_table(table, options, [task.output for task in tasks if outcomes[task.output].status != "failed"])


def _kept(table: TableDestination, options: WorkOptions) -> WorkOptions:
    return replace(options, folder=table_state_folder(table.path))


def _check_table(path: Path, options: WorkOptions) -> Record:
    """What is known of the table, if it may be written.

    Raises:
        OutputError: people correct tables by hand, too.
    """
    found, record = digest_of(path), Records(path.parent).read(path)
    if not options.overwrite:
        if is_unknown(record, found):
            raise unknown_output(path)
        if record is not None and is_changed(record, found):
            raise changed_output(path)
    return Record("", "", "done", replaced_sha256=found or "")


def _write_table(table: TableDestination, options: WorkOptions, whole: Sequence[Path]) -> None:
    folder = table.path.parent

    def write(file: BinaryIO) -> None:
        """Put all labels into the file, in the order of the inputs."""
        results = map(read_output, whole)
        first = next(results, None)
        table.format.begin(file, 1 if first is None else len(first.models))
        for result in () if first is None else chain([first], results):
            table.format.add(result, file)

    with hold_output(folder, table.path) as is_held:
        if not is_held:
            raise OutputError(table.path, "another run is writing this file", "wait for its end")
        remove_leftovers([folder])
        write_recorded(table.path, Records(folder), _check_table(table.path, options), write)
