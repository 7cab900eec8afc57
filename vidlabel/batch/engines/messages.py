"""What goes over the pipes between a run and its workers: one JSON object a line, never a pickle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from vidlabel.batch.job import Job, Task
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.child_process import decode_line, encode_line
from vidlabel.prediction.options import PredictOptions
from vidlabel.profiling import Profile


@dataclass(frozen=True, slots=True)
class WorkerReady:
    """A worker has loaded its model and waits for work."""


@dataclass(frozen=True, slots=True)
class WorkerProgress:
    """A worker has come this far in its video."""

    labelled_s: float
    """Seconds of video that are labelled."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Warned:
    """A worker met something odd and goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Profiled:
    """Where the time of a worker's last task went."""

    profile: Profile


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
    fields = _parse_fields(pipe.readline(), "WorkOptions") or {}
    return WorkOptions(folder=Path(fields.pop("folder")), job=_job(fields.pop("job")), **fields)


def read_tasks(pipe: BinaryIO) -> Iterator[Task]:
    """The tasks that a worker gets, until its run has no more."""
    for line in pipe:
        fields = _parse_fields(line, "Task")
        if fields is not None:
            yield _task(fields)


def _parse_message(line: bytes) -> Message | None:
    fields = decode_line(line)
    if fields is None:
        return None
    kind = fields.pop("type")
    if kind == TaskFinished.__name__:
        outcome = fields["outcome"]
        return TaskFinished(Outcome(_task(outcome.pop("task")), **outcome))
    if kind == Profiled.__name__:
        return Profiled(Profile.from_fields(fields["profile"]))
    kinds: dict[str, type[WorkerReady | WorkerProgress | Warned | Stopped]] = {
        known.__name__: known for known in (WorkerReady, WorkerProgress, Warned, Stopped)
    }
    return kinds[kind](**fields)


def _parse_fields(line: bytes, kind: str) -> dict[str, Any] | None:
    fields = decode_line(line)
    return fields if fields is not None and fields.pop("type") == kind else None


def _job(fields: dict[str, Any]) -> Job:
    return LabelJob(PredictOptions(**fields["predict"]), fields["model_sha256"])


def _task(fields: dict[str, Any]) -> Task:
    return Task(fields["shown"], Path(fields["output"]))
