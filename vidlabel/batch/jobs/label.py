"""Labels one video in this process, to standard output or into one file; loads what labels."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.batch.plan import STANDARD_OUTPUT, Outcome, Task, WorkOptions, partial_reason
from vidlabel.batch.records import STATE_FOLDER, Records
from vidlabel.batch.unit import run_one, settle_task
from vidlabel.errors import OutputError, UsageError, VidlabelError, details_of
from vidlabel.files import remove_leftovers
from vidlabel.labels.result import Result
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.isolation.pool import DecodePool

if TYPE_CHECKING:
    from vidlabel.prediction.labeller import Labeller


def label_one(
    shown: str, options: WorkOptions, listener: Listener, stopwatch: Stopwatch = OFF
) -> tuple[Outcome, Result | None]:
    """Label one video, keeping nothing.

    Args:
        shown: its path as given.
        options: of the run.
        listener: told how it goes.
        stopwatch: takes the time of the phases.

    Returns:
        What became of it, and the result unless it failed.

    Raises:
        UsageError: an option that this machine or model cannot meet.
        ModelFileError: the model cannot be used.
    """
    task = Task(shown, STANDARD_OUTPUT)
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
    shown: str, output: Path, options: WorkOptions, listener: Listener, stopwatch: Stopwatch = OFF
) -> Outcome:
    """Label one video into one file: one unit of work, recorded in the folder of that file.

    Args:
        shown: its path as given.
        output: the file, in `options.folder`.
        options: of the run.
        listener: told how it goes.
        stopwatch: takes the time of the phases.

    Raises:
        OutputError: the file cannot be written.
        UsageError, ModelFileError: as `label_one`.
    """
    task = Task(shown, output)
    settled = settle_task(options, task)  # Work that is done needs no model.
    if settled is not None:
        return settled
    _remove_leftovers(options, task)
    with DecodePool() as pool:
        labeller = load_labeller(options.predict, pool, stopwatch=stopwatch)
        return run_one(options, task, lambda video: labeller.label(video, listener), stopwatch)


def _remove_leftovers(options: WorkOptions, task: Task) -> None:
    """Where earlier work was broken off, something may lie; elsewhere, folders of many files are not searched."""
    record = Records(options.folder).read(task.output)
    if record is not None and record.state == "started":
        remove_leftovers([options.folder, options.folder / STATE_FOLDER / "records"])


def load_labeller(
    options: PredictOptions, pool: DecodePool, threads: int | None = None, stopwatch: Stopwatch = OFF
) -> Labeller:
    """Load torch and the model, as `Labeller`, and start a decoding process, which loads its libraries meanwhile.

    The garbage collector is off until then, and never looks at what was loaded again: importing torch makes hundreds of
    thousands of objects that all stay, and looking at them over and over takes a tenth of the second that it lasts. It
    is the collector of the whole process, so only a program's start may call this.

    Raises:
        UsageError, ModelFileError, InstallationError: as `Labeller`.
    """
    pool.start()
    gc.disable()
    try:
        # Imported here: a video that is done already needs no torch, which takes a second to load.
        from vidlabel.prediction.labeller import Labeller

        return Labeller(options, pool, threads, stopwatch)
    finally:
        gc.freeze()
        gc.enable()
