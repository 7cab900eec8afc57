"""Labels many videos: into a folder, into one table, or one after the other to standard output."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from vidlabel.batch.destination import Table
from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.local import Event, run_local
from vidlabel.batch.outputs import plan_outputs
from vidlabel.batch.records import STATE_FOLDER, table_state_folder
from vidlabel.batch.work import Outcome, Plan, Task, WorkOptions, plan_task, read_output, settle_task
from vidlabel.errors import OutputError
from vidlabel.files import TEMPORARY_SUFFIX, atomic_write
from vidlabel.labels.formats import FORMATS, Format
from vidlabel.labels.result import Result


@dataclass(frozen=True, slots=True)
class Labelled:
    """A result of a run to standard output, in the order of the inputs."""

    result: Result


def plan_folder(videos: Sequence[VideoInput], format_: Format, options: WorkOptions) -> list[tuple[Task, Plan]]:
    """What `label_folder` would do with each video, and why; changes nothing."""
    return [(task, plan_task(options, task)) for task in _tasks(videos, format_, options)]


def label_folder(videos: Sequence[VideoInput], format_: Format, options: WorkOptions, workers: int) -> Iterator[Event]:
    """Label videos into a folder, one file each, skipping what is done.

    Yields:
        Progress as it comes, and one outcome a video, in the order in which they end.

    Raises:
        OutputError: the folder cannot be written, or another run holds it; what is done is kept.
    """
    tasks = _tasks(videos, format_, options)
    with _hold(options.folder):
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
                yield from run_local(options, left, workers)
        finally:
            _remove_leftovers(options.folder, tasks)  # Workers may have been ended in the middle of writing.


def label_table(videos: Sequence[VideoInput], table: Table, options: WorkOptions, workers: int) -> Iterator[Event]:
    """Label videos into one file; each video's labels are kept beside it, so that a rerun skips what is done.

    Yields:
        As `label_folder`; the table is written when all videos are.

    Raises:
        OutputError: as `label_folder`.
    """
    kept = replace(options, folder=table_state_folder(table.path))
    outcomes: dict[Path, Outcome] = {}
    for event in label_folder(videos, FORMATS["json"], kept, workers):
        if isinstance(event, Outcome):
            outcomes[event.task.output] = event
        yield event
    whole = [task.output for task in _tasks(videos, FORMATS["json"], kept) if outcomes[task.output].status != "failed"]
    with atomic_write(table.path) as file:
        table.format.begin(file)
        for output in whole:
            table.format.add(read_output(output), file)


def label_stream(videos: Sequence[VideoInput], options: WorkOptions, workers: int) -> Iterator[Event | Labelled]:
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
        for event in run_local(passing, tasks, workers):
            if not isinstance(event, Outcome):
                yield event
                continue
            ended[event.task.output] = event
            while expected is not None and expected.output in ended:
                outcome = ended.pop(expected.output)
                if outcome.status == "done":
                    yield Labelled(read_output(expected.output))
                    expected.output.unlink()
                yield outcome
                expected = next(following, None)


def _tasks(videos: Sequence[VideoInput], format_: Format, options: WorkOptions) -> list[Task]:
    outputs = plan_outputs(videos, options.folder, format_.suffix)
    return [Task(video.shown, output) for video, output in zip(videos, outputs, strict=True)]


@contextlib.contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Keep a second run out of an output folder; the lock goes with its process, also when that is killed."""
    state = folder / STATE_FOLDER
    try:
        state.mkdir(parents=True, exist_ok=True)
        lock = FileLock(state / "lock", timeout=0)
        lock.acquire()
    except Timeout:
        problem = "another run is writing here"
        raise OutputError(folder, problem, "wait for its end, or choose another folder") from None
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error.strerror})", "choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def _remove_leftovers(folder: Path, tasks: Sequence[Task]) -> None:
    """Delete the temporary files that a killed run left; nobody else writes here while the lock is held."""
    places = {task.output.parent for task in tasks}
    for root, _, _ in os.walk(folder / STATE_FOLDER):
        places.add(Path(root))
    for place in places:
        for path in place.glob(f".*{TEMPORARY_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
