"""What is to be done with one video, decided from the disk alone.

* Work that is done is not done again; work of another fingerprint is.
* A video that cannot be read is recorded as failed, and tried again when it or the options that it failed under change,
  or when that is asked for.
* A video whose work never comes to an end is given up after `MOST_STARTS`, counted on the disk before each begins: no
  engine needs to see that a process ended.
* A file that is not as it was written is never replaced, unless that is asked for.
* Both requests, to overwrite and to retry, concern what earlier runs left: a task may be delivered several times in one
  run, after a crash for one.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from vidlabel.batch.job import Job, Task
from vidlabel.batch.records import Record, Records
from vidlabel.errors import InputError, OutputError
from vidlabel.files import sha256_of

MOST_STARTS = 3
"""A video whose work was begun this often, and ended its process or was killed each time, is given up."""

REPLACE = "move it away, or replace it with --overwrite"

STANDARD_OUTPUT = Path("-")
"""Where labels go that are kept in no file."""

EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
"""SHA-256 of an empty file: `mktemp` makes such files."""

UNREADABLE = "unreadable"
"""In place of the digest of something that is there and no file that can be read."""

Action = Literal["do", "skip", "fail"]


def _new_run_id() -> str:
    return os.urandom(8).hex()


@dataclass(frozen=True, slots=True)
class WorkOptions:
    """What every unit of work of one run shares."""

    folder: Path
    """Output folder; the records lie in it."""
    job: Job
    strict: bool = False
    """Whether a partly decoded video counts as failed."""
    overwrite: bool = False
    """Whether work that is done is done again, and files that were changed are replaced."""
    retry_failed: bool = False
    """Whether videos that failed before are tried again though they have not changed."""
    profile: bool = False
    """Whether the time of the phases is taken."""
    threads: int | None = None
    """Cores for each video; None: all that there are."""
    run_id: str = field(default_factory=_new_run_id)
    """Another one for each run; all deliveries of a task in one run share it."""

    @property
    def conditions(self) -> str:
        """The options that change no output, but whether there is one."""
        return f"{self.job.conditions}, strict {self.strict}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with one task, and why."""

    action: Action
    why: str
    """A few words for a person: `new`, `done`, `the input, model or options changed`."""
    fingerprint: str
    record: Record | None
    """What is known from before; where the task is to be done, what to go on from."""
    gives_up: bool = False
    """Whether it fails because its work was broken off too often."""


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
        now = options.job.fingerprint(task.shown)
    except InputError as error:
        return Plan("fail", str(error), "", record)
    found = digest_of(task.output)
    if record is not None and record.run_id == options.run_id:
        return _plan_repeated_delivery(task, now, record, found)
    fresh = _fresh_record(task, now, record, found)
    if options.overwrite:
        return Plan("do", "to be overwritten", now, fresh)
    if is_unknown(record, found):
        return _plan_without_record(options, task, now, found)
    if record is None:
        return Plan("do", "new", now, fresh)
    if is_changed(record, found):
        return Plan("fail", str(changed_output(task.output)), now, record)
    if record.fingerprint != now:
        return Plan("do", "the video, the model or the options changed", now, fresh)
    if record.state == "done":
        return _plan_done(options, record, fresh, found)
    return _plan_failed_or_started(options, task, record, fresh)


def _plan_repeated_delivery(task: Task, now: str, record: Record, found: str | None) -> Plan:
    """A task that this run has begun before: what the user asked to be done again was begun again already."""
    if record.state == "failed":
        return Plan("fail", record.reason, now, record)
    if record.state == "done" and (found == record.sha256 or found not in (None, record.replaced_sha256)):
        return Plan("skip", "done", now, record)
    if _is_broken_off_too_often(record):
        return _give_up(task, now, record)
    # The counts stay even if the video has changed since: one that is still being recorded changes all the time.
    return Plan("do", "was interrupted", now, replace(record, fingerprint=now))


def _plan_without_record(options: WorkOptions, task: Task, now: str, found: str | None) -> Plan:
    known = None if found == UNREADABLE else options.job.recognise(task.output, now)
    if known is None:
        return Plan("fail", str(unknown_output(task.output)), now, None)
    if options.strict and known.partial:
        return Plan("fail", known.reason, now, None)
    return Plan("skip", "done", now, None)


def _plan_done(options: WorkOptions, record: Record, fresh: Record, found: str | None) -> Plan:
    if found is None:
        return Plan("do", "its output is missing", record.fingerprint, fresh)
    if found != record.sha256:  # The record is written just before its output gets its name.
        return Plan("do", "was interrupted", record.fingerprint, fresh)
    if options.strict and record.partial:
        return Plan("fail", record.reason, record.fingerprint, record)
    return Plan("skip", "done", record.fingerprint, record)


def _plan_failed_or_started(options: WorkOptions, task: Task, record: Record, fresh: Record) -> Plan:
    now = record.fingerprint
    broken_off = _is_broken_off_too_often(record)
    if record.state == "started" and not broken_off:
        counted = replace(fresh, starts=record.starts)
        return Plan("do", "was interrupted", now, counted)
    if options.retry_failed:
        return Plan("do", "failed before", now, fresh)
    if record.conditions != options.conditions:
        return Plan("do", "failed under other options", now, fresh)
    if record.state == "started":
        return _give_up(task, now, record)
    hint = "" if "--retry-failed" in record.reason else " (failed before; --retry-failed tries again)"
    return Plan("fail", record.reason + hint, now, record)


def _fresh_record(task: Task, now: str, record: Record | None, found: str | None) -> Record:
    """What work goes on from that counts from zero; what lies in the output's place is still known."""
    written = "" if record is None else record.sha256
    if record is not None and found is not None and _is_as_written(record, found):
        written = found
    return Record(task.shown, now, "started", sha256=written, replaced_sha256=found or "")


def is_unknown(record: Record | None, found: str | None) -> bool:
    """Whether a file with this digest may be somebody's work of which nothing is known; an empty one is not."""
    return found not in (None, EMPTY_SHA256) and (record is None or not record.sha256)


def is_changed(record: Record, found: str | None) -> bool:
    """Whether a file with this digest is not as it was written here."""
    return found is not None and record.sha256 != "" and not _is_as_written(record, found)


def _is_as_written(record: Record, found: str) -> bool:
    # A run that was killed may have been about to replace what lies there.
    return found == record.sha256 or (record.state == "done" and found == record.replaced_sha256)


def _is_broken_off_too_often(record: Record) -> bool:
    return record.starts >= MOST_STARTS


def _give_up(task: Task, now: str, record: Record) -> Plan:
    return Plan("fail", given_up(task, record), now, record, gives_up=True)


def given_up(task: Task, record: Record) -> str:
    """The reason that is recorded for a video which ends its process each time."""
    problem = f"work on it was broken off {record.starts} times"
    return str(InputError(task.shown, problem, "look at the file, or try again with --retry-failed and --debug"))


def changed_output(path: Path) -> OutputError:
    """Somebody has changed a file: people correct labels by hand, and their work is never written over unasked."""
    return OutputError(path, "was changed since it was written", REPLACE)


def unknown_output(path: Path) -> OutputError:
    """There is a file that may be somebody's work."""
    return OutputError(path, "exists, and no record shows that it was written here", REPLACE)


def digest_of(path: Path) -> str | None:
    """SHA-256 of a file, None where there is none, `UNREADABLE` for a folder, a pipe and what may not be read."""
    try:
        if path.is_file():
            return sha256_of(path)
        return UNREADABLE if path.exists() else None
    except (InputError, OSError):
        return UNREADABLE
