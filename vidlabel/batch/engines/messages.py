"""What goes over the pipes between a run and its workers: one JSON object a line, never a pickle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import BinaryIO

from vidlabel.batch.engines.base import Profiled, Warned
from vidlabel.batch.job import Job, Task
from vidlabel.batch.jobs.extract import ExtractJob
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.child_process import decode_line, encode_line
from vidlabel.json_fields import dataclass_from_json


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker has loaded its model and waits for work."""


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """A worker has come this far in its video."""

    done_s: float
    """Seconds of video."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class TaskFinished:
    """A worker has brought its task to an end."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Stopped:
    """A worker met an error that no other task can escape either, such as a full disk."""

    kind: str
    """Name of the class in `vidlabel.errors`."""
    subject: str
    problem: str
    remedy: str


Message = WorkerReady | WorkerProgress | Warned | Profiled | TaskFinished | Stopped


def encode(message: Message | Task | WorkOptions) -> bytes:
    """One message as a line."""
    fields = asdict(message)
    if isinstance(message, WorkOptions):
        fields["job"]["type"] = type(message.job).__name__
    return encode_line(message, fields, str)


def write_message(pipe: BinaryIO, message: Message) -> None:
    """Send one message."""
    pipe.write(encode(message))
    pipe.flush()


def read_messages(pipe: BinaryIO) -> Iterator[Message]:
    """Messages of a worker until its end; whatever else it wrote to the pipe is passed over."""
    for line in pipe:
        message = _parse_message(line)
        if message is not None:
            yield message


def read_options(pipe: BinaryIO) -> WorkOptions:
    """The first line that a worker gets."""
    fields = decode_line(pipe.readline()) or {}
    job = fields["job"]
    return dataclass_from_json(WorkOptions, {**fields, "job": dataclass_from_json(_JOBS[job["type"]], job, "job")}, "")


def read_tasks(pipe: BinaryIO) -> Iterator[Task]:
    """The tasks that a worker gets, until its run has no more."""
    for line in pipe:
        fields = decode_line(line)
        if fields is not None:
            yield dataclass_from_json(Task, fields, "")


def _parse_message(line: bytes) -> Message | None:
    fields = decode_line(line)
    kind = None if fields is None else _MESSAGES.get(str(fields["type"]))
    return None if kind is None else dataclass_from_json(kind, fields, "")


_JOBS: Mapping[str, type[Job]] = {kind.__name__: kind for kind in (LabelJob, ExtractJob)}
_MESSAGES: Mapping[str, type[Message]] = {
    kind.__name__: kind for kind in (WorkerReady, WorkerProgress, Warned, Profiled, TaskFinished, Stopped)
}
