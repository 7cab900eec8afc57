"""Labels one video in this process: to standard output, or into one file."""

from __future__ import annotations

from pathlib import Path

from vidlabel.batch.destination import OneFile
from vidlabel.batch.fingerprint import fingerprint
from vidlabel.batch.listener import Listener
from vidlabel.batch.loading import load_labeller
from vidlabel.batch.work import Outcome, Task, WorkOptions, partial_reason, read_output
from vidlabel.errors import AnnotationError, OutputError, UsageError, VidlabelError, details_of
from vidlabel.files import atomic_write
from vidlabel.labels.result import Result
from vidlabel.stopwatch import OFF, Stopwatch
from vidlabel.video.decode_pool import DecodePool


def label_one(
    shown: str, options: WorkOptions, listener: Listener, output: Path = Path(), stopwatch: Stopwatch = OFF
) -> tuple[Outcome, Result | None]:
    """Label one video.

    Args:
        shown: its path as given.
        options: of the run.
        listener: told how it goes.
        output: where its result will go, for the outcome.
        stopwatch: takes the time of the phases.

    Returns:
        What became of it, and the result unless it failed.

    Raises:
        UsageError: an option that this machine or model cannot meet.
        ModelFileError: the model cannot be used.
    """
    task = Task(shown, output)
    fingerprint(shown, options.model_sha256, options.predict)  # A missing file is told before the model is loaded.
    with DecodePool() as pool:
        labeller = load_labeller(options.predict, pool, stopwatch=stopwatch)
        try:
            result = labeller.label(shown, listener)
        except (OutputError, UsageError):
            raise
        except VidlabelError as error:
            return Outcome(task, "failed", str(error), details=details_of(error)), None
    partial = result.status == "partial"
    reason = partial_reason(result) if partial else ""
    if partial and options.strict:
        return Outcome(task, "failed", reason), None
    run = result.run
    return Outcome(task, "done", reason, partial, result.video.duration, run.samples, run.decode_errors), result


def label_to_file(
    shown: str, destination: OneFile, options: WorkOptions, listener: Listener, stopwatch: Stopwatch = OFF
) -> Outcome:
    """Label one video into one file, unless that file is JSON with the same fingerprint.

    Raises:
        OutputError: the file cannot be written.
    """
    if not options.overwrite and _is_done(shown, destination, options):
        return Outcome(Task(shown, destination.path), "skipped", "done")
    outcome, result = label_one(shown, options, listener, destination.path, stopwatch)
    if result is not None:
        with stopwatch.phase("write"), atomic_write(destination.path) as file:
            destination.format.write(result, file)
    return outcome


def _is_done(shown: str, destination: OneFile, options: WorkOptions) -> bool:
    if destination.format.name != "json" or not destination.path.is_file():
        return False
    try:
        earlier = read_output(destination.path)
    except AnnotationError:
        return False
    return earlier.run.fingerprint == fingerprint(shown, options.model_sha256, options.predict)
