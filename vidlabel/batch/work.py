"""The unit of work: label one video and leave one whole file, whatever runs it and however often.

Whoever delivers the work (this process, worker processes, a cluster) must only deliver each input at least once. What
is promised lives here:

* a result is absent, or whole under its final name, and carries its fingerprint;
* work that is done is not done again; work of another fingerprint is;
* a video that cannot be read is recorded as failed and not tried again until it changes, or that is asked for;
* a video whose reading ends the process is given up after `MOST_CRASHES`, counted on the disk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vidlabel.batch.fingerprint import fingerprint
from vidlabel.batch.options import PredictOptions
from vidlabel.batch.records import Record, Records
from vidlabel.errors import AnnotationError, InputError, OutputError, UsageError, VidlabelError, details_of
from vidlabel.files import atomic_write
from vidlabel.labels.formats import format_of
from vidlabel.labels.result import Result
from vidlabel.labels.schema import read_result
from vidlabel.stopwatch import OFF, Stopwatch

MOST_CRASHES = 3
"""A video that ended its worker this often is given up."""

MOST_STARTS = 10
"""A video whose work never came to an end is given up after this many runs, even if nobody saw it crash."""

OVERWRITE = "--overwrite replaces it"

Label = Callable[[str], Result]
"""Labels the video at a path as given."""

Action = Literal["label", "skip", "fail"]


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """What every unit of work of one run shares."""

    folder: Path
    """Output folder; the records lie in it."""
    predict: PredictOptions
    model_sha256: str
    strict: bool = False
    """Whether a partly decoded video counts as failed."""
    overwrite: bool = False
    """Whether work that is done is done again."""
    retry_failed: bool = False
    """Whether videos that failed before are tried again though they have not changed."""
    profile: bool = False
    """Whether the time of the phases is taken."""
    threads: int | None = None
    """Pictures that one worker encodes at the same time; None: as many as there are cores."""


@dataclass(frozen=True, slots=True)
class Task:
    """One video and the file that its labels go to."""

    shown: str
    """Path of the video as the user gave it."""
    output: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with one task, and why."""

    action: Action
    why: str
    """A few words for a person: `new`, `done`, `the input, model or options changed`."""
    fingerprint: str
    record: Record | None
    """What is known from earlier runs."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one task."""

    task: Task
    status: Literal["done", "skipped", "failed"]
    reason: str = ""
    """One line: why it failed or was skipped, or what is partial about it."""
    partial: bool = False
    duration: float = 0.0
    """Seconds of video."""
    samples: int = 0
    decode_errors: int = 0
    details: str = ""
    """Many lines that stand behind a failure, for `--debug`; not kept on the disk."""


def plan_task(options: WorkOptions, task: Task) -> Plan:
    """Decide from the disk alone what is to be done with one task; changes nothing."""
    record = Records(options.folder).read(task.output)
    try:
        now = fingerprint(task.shown, options.model_sha256, options.predict)
    except InputError as error:
        return Plan("fail", str(error), "", record)
    if options.overwrite:
        return Plan("label", "to be overwritten", now, None)
    if record is None:
        return _plan_unknown(task, now)
    if record.state == "done" and _was_changed(task, record):
        # People correct labels by hand. Their work is never written over unasked.
        return Plan("fail", str(OutputError(task.output, "was changed since it was written", OVERWRITE)), now, record)
    if record.fingerprint != now:
        return Plan("label", "the video, the model or the options changed", now, None)
    return _plan_known(options, task, now, record)


def _plan_unknown(task: Task, now: str) -> Plan:
    if not task.output.exists():
        return Plan("label", "new", now, None)
    try:
        known = read_output(task.output)
    except VidlabelError:
        return Plan("fail", str(OutputError(task.output, "is there and was not written here", OVERWRITE)), now, None)
    if known.run.fingerprint == now:
        return Plan("skip", "done", now, None)
    return Plan("label", "the video, the model or the options changed", now, None)


def _plan_known(options: WorkOptions, task: Task, now: str, record: Record) -> Plan:
    if record.state == "done":
        if task.output.exists():
            return Plan("skip", "done", now, record)
        return Plan("label", "its output is missing", now, None)
    if record.state == "failed":
        if options.retry_failed:
            return Plan("label", "failed before", now, None)
        return Plan("fail", record.reason, now, record)
    if record.crashes >= MOST_CRASHES or record.starts >= MOST_STARTS:
        return Plan("fail", given_up(task, record), now, record)
    return Plan("label", "was interrupted", now, record)


def _was_changed(task: Task, record: Record) -> bool:
    try:
        return task.output.stat().st_size != record.size_bytes
    except OSError:
        return False


def given_up(task: Task, record: Record) -> str:
    """The reason that is recorded for a video which ends its process each time."""
    times = record.crashes or record.starts
    return str(
        InputError(
            task.shown,
            f"labelling it was broken off {times} times",
            "look at the file, or try again with --retry-failed and --debug",
        )
    )


def settle_task(options: WorkOptions, task: Task) -> Outcome | None:
    """Bring a task to its end if that needs no labelling: it is done, or cannot be done.

    Raises:
        OutputError: the output folder cannot be written.
    """
    return _settle(options, task, plan_task(options, task))


def _settle(options: WorkOptions, task: Task, plan: Plan) -> Outcome | None:
    if plan.action == "label":
        return None
    known = plan.record
    if plan.action == "fail":
        if known is None or known.state == "started":
            _remember_failure(options, task, plan)
        return Outcome(task, "failed", plan.why)
    if known is None:
        return Outcome(task, "skipped", plan.why)
    return Outcome(task, "skipped", plan.why, known.partial, known.duration, known.samples, known.decode_errors)


def run_one(options: WorkOptions, task: Task, label: Label, stopwatch: Stopwatch = OFF) -> Outcome:
    """Bring one task to its end: labelled, skipped or failed, and recorded as such.

    Args:
        options: what all tasks of the run share.
        task: the video and its output.
        label: what labels one video; it raises VidlabelError for a video that cannot be labelled.
        stopwatch: takes the time of writing.

    Raises:
        OutputError: the output folder cannot be written: no other task can be done either.
    """
    plan = plan_task(options, task)
    settled = _settle(options, task, plan)
    if settled is not None:
        return settled
    records = Records(options.folder)
    earlier = plan.record or Record(task.shown, plan.fingerprint, "started")
    begun = replace(earlier, starts=earlier.starts + 1)
    records.begin(task.output, begun)
    try:
        result = label(task.shown)
    except (OutputError, UsageError):  # No other video can be labelled either.
        raise
    except VidlabelError as error:
        return _fail(records, task, begun, str(error), details_of(error))
    if options.strict and result.status == "partial":
        return _fail(records, task, begun, partial_reason(result))
    with stopwatch.phase("write"):
        return _finish(records, task, begun, result)


def read_output(path: Path) -> Result:
    """Read back the JSON of one video.

    Raises:
        AnnotationError: it is not a result.
    """
    try:
        with path.open("rb") as file:
            return read_result(file, str(path))
    except OSError as error:
        raise AnnotationError(path, f"cannot be read ({error.strerror})", "check its permissions") from error


def record_crash(options: WorkOptions, task: Task, how: str, last_words: str = "") -> Outcome | None:
    """Note that a task ended its worker; called by whoever runs the workers.

    Args:
        options: what all tasks of the run share.
        task: the task in hand when the worker ended.
        how: what happened, one line.
        last_words: what the worker wrote before it ended.

    Returns:
        The outcome when the task is given up now, or None when it is to be tried again.
    """
    records = Records(options.folder)
    record = records.read(task.output)
    if record is None or record.state != "started":
        return None
    crashed = replace(record, crashes=record.crashes + 1, reason=how)
    records.write(task.output, crashed)
    if crashed.crashes < MOST_CRASHES:
        return None
    return _fail(records, task, crashed, f"{given_up(task, crashed)} ({how})", last_words)


def partial_reason(result: Result) -> str:
    """One line that says how much of a partly decoded video is missing."""
    percent = 100 * (1 - result.run.decoded_ratio)
    errors = result.run.decode_errors
    return str(
        InputError(result.video.path, f"is damaged: {errors} decode errors, {percent:.1f} % of its time not decoded")
    )


def _remember_failure(options: WorkOptions, task: Task, plan: Plan) -> None:
    if plan.fingerprint and not task.output.exists():
        record = plan.record or Record(task.shown, plan.fingerprint, "failed")
        Records(options.folder).write(task.output, replace(record, state="failed", reason=plan.why))


def _fail(records: Records, task: Task, begun: Record, reason: str, details: str = "") -> Outcome:
    records.write(task.output, replace(begun, state="failed", reason=reason))
    return Outcome(task, "failed", reason, details=details)


def _finish(records: Records, task: Task, begun: Record, result: Result) -> Outcome:
    with atomic_write(task.output) as file:
        format_of(task.output).write(result, file)
    partial = result.status == "partial"
    reason = partial_reason(result) if partial else ""
    run = result.run
    done = replace(
        begun,
        state="done",
        fingerprint=run.fingerprint,
        reason=reason,
        partial=partial,
        duration=result.video.duration,
        samples=run.samples,
        decode_errors=run.decode_errors,
        size_bytes=task.output.stat().st_size,
    )
    records.write(task.output, done)
    return Outcome(task, "done", reason, partial, result.video.duration, run.samples, run.decode_errors)
