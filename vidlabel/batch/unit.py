"""The unit of work: do a job on one video and leave one whole file, whatever runs it and however often.

Whoever delivers the work (this process, worker processes, a cluster) must only deliver each input at least once. What
is promised lives here and in `vidlabel.batch.plan`, which decides what is to be done: a result is absent, or whole
under its final name, and carries its fingerprint; nobody else writes it at the same time.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from vidlabel.batch.job import DoTask, JobReport, Product, Task
from vidlabel.batch.locks import hold_output
from vidlabel.batch.plan import (
    MOST_STARTS,
    Outcome,
    Plan,
    WorkOptions,
    given_up,
    plan_task,
)
from vidlabel.batch.records import Record, Records
from vidlabel.child_process import Watchdog
from vidlabel.errors import OutputError, UsageError, VidlabelError, details_of
from vidlabel.files import atomic_write, sha256_of
from vidlabel.profiling import OFF, Stopwatch

COLD_START_S = 60.0
"""Grace for the first pictures: a first call of torch on a busy machine was measured at over 6 s."""


def settle_task(options: WorkOptions, task: Task) -> Outcome | None:
    """Bring a task to its end if its job need not be done: it is done, or cannot be done.

    Raises:
        OutputError: the output folder cannot be written.
    """
    return _settle(options, task, plan_task(options, task))


def run_one(
    options: WorkOptions, task: Task, do: DoTask, stopwatch: Stopwatch = OFF, watchdog: Watchdog | None = None
) -> Outcome:
    """Bring one task to its end: done, skipped or failed, and recorded as such.

    Args:
        options: what all tasks of the run share.
        task: the video and its output.
        do: does the job on one video; it raises VidlabelError for a video that it cannot be done on.
        stopwatch: takes the time of writing.
        watchdog: ends this process when it hangs, restarted by what does the job; None: a person watches.

    Raises:
        OutputError: the output folder cannot be written: no other task can be done either.
        UsageError: an option that the job cannot be done with on any video.
    """
    with watchdog or contextlib.nullcontext(), hold_output(options.folder, task.output) as is_held:
        if not is_held:
            busy = OutputError(task.output, "another run is writing this file", "wait for its end")
            return Outcome(task, "failed", str(busy))
        plan = plan_task(options, task)
        settled = _settle(options, task, plan)
        return settled or _do_and_write(options, task, plan, do, stopwatch)


def record_crash(options: WorkOptions, task: Task, how: str, stderr_tail: str = "") -> Outcome | None:
    """Note that a task ended its worker; called by whoever runs the workers.

    Args:
        options: what all tasks of the run share.
        task: the task in hand when the worker ended.
        how: what happened, one line.
        stderr_tail: what the worker wrote before it ended.

    Returns:
        The outcome when the task is given up now, or None when it is to be tried again.

    Raises:
        OutputError: the output folder cannot be written.
    """
    records = Records(options.folder)
    record = records.read(task.output)
    if record is None or record.run_id != options.run_id:
        written = "" if record is None else record.sha256
        record = Record(task.shown, "", "started", reason=how, sha256=written, run_id=options.run_id)
    elif record.state != "started":
        return None  # It had come to its end, which the next delivery finds.
    # Where it ended before its work began, nobody has counted that yet, and it would be tried for ever.
    starts = record.starts + 1 if record.reason else record.starts
    crashed = replace(record, starts=starts, reason=how, conditions=options.conditions)
    records.write(task.output, crashed)
    if starts < MOST_STARTS:
        return None
    return _fail(records, task, crashed, f"{given_up(task, crashed)} ({how})", stderr_tail)


def take_back_start(options: WorkOptions, task: Task) -> None:
    """Note that a run ended a worker at its task, after Ctrl-C or at a full disk: the video is not to blame.

    To be called when the worker has ended.
    """
    records = Records(options.folder)
    record = records.read(task.output)
    if record is not None and record.state == "started" and record.run_id == options.run_id and not record.reason:
        _take_back_start(records, task, record)


def work_watchdog(options: WorkOptions) -> Watchdog:
    """The deadline of each unit of work: it ends the process when nothing moves for too long."""
    # The reading of a video has its own, shorter deadline; this one is for everything else.
    return Watchdog(2 * options.job.timeout_s + COLD_START_S)


def outcome_of(task: Task, report: JobReport) -> Outcome:
    """The outcome of a task whose job was done."""
    return Outcome(task, "done", report.reason, report.partial, report.duration, report.samples, report.decode_errors)


def write_recorded(path: Path, records: Records, record: Record, write: Callable[[BinaryIO], None]) -> None:
    """Write an output and its record, so that a kill at any moment leaves a pair that fits.

    The record comes first, with the digests of the new file and of the one that it replaces.

    Args:
        path: the output.
        records: of its folder.
        record: all but the digest of the new file.
        write: puts the content into an open file.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    with atomic_write(path) as file:
        write(file)
        file.flush()
        records.write(path, replace(record, sha256=sha256_of(Path(file.name))))


def _settle(options: WorkOptions, task: Task, plan: Plan) -> Outcome | None:
    if plan.action == "do":
        return None
    known = plan.record
    if plan.action == "fail":
        if plan.gives_up and known is not None:
            return _fail(Records(options.folder), task, replace(known, conditions=options.conditions), plan.why)
        return Outcome(task, "failed", plan.why)
    if known is None:
        return Outcome(task, "skipped", plan.why)
    return Outcome(task, "skipped", plan.why, known.partial, known.duration, known.samples, known.decode_errors)


def _do_and_write(options: WorkOptions, task: Task, plan: Plan, do: DoTask, stopwatch: Stopwatch) -> Outcome:
    records = Records(options.folder)
    earlier = plan.record or Record(task.shown, plan.fingerprint, "started")
    begun = replace(
        earlier,
        state="started",
        starts=earlier.starts + 1,
        reason="",
        run_id=options.run_id,
        conditions=options.conditions,
    )
    records.begin(task.output, begun)
    try:
        product = do(task)
    except VidlabelError as error:
        if isinstance(error, OutputError | UsageError):  # It can be done on no other video either.
            _take_back_start(records, task, begun)
            raise
        return _fail(records, task, begun, str(error), details_of(error))
    except KeyboardInterrupt:
        _take_back_start(records, task, begun)
        raise
    if options.strict and product.report.partial:
        return _fail(records, task, begun, product.report.reason)
    with stopwatch.phase("write"):
        return _finish(records, task, begun, product)


def _take_back_start(records: Records, task: Task, begun: Record) -> None:
    """The video is not to blame for a full disk, nor for Ctrl-C: that must not count against it."""
    with contextlib.suppress(OutputError):  # Whatever stopped the work may stop this, too.
        records.begin(task.output, replace(begun, starts=begun.starts - 1))


def _fail(records: Records, task: Task, begun: Record, reason: str, details: str = "") -> Outcome:
    records.write(task.output, replace(begun, state="failed", reason=reason))
    return Outcome(task, "failed", reason, details=details)


def _finish(records: Records, task: Task, begun: Record, product: Product) -> Outcome:
    report = product.report
    done = replace(
        begun,
        state="done",
        fingerprint=product.fingerprint,
        reason=report.reason,
        partial=report.partial,
        duration=report.duration,
        samples=report.samples,
        decode_errors=report.decode_errors,
    )
    write_recorded(task.output, records, done, product.write)
    return outcome_of(task, report)
