"""What crosses the pipes between a run and its workers comes out as it went in."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch.engines.messages import (
    Message,
    Stopped,
    TaskFinished,
    Warned,
    WorkerProgress,
    WorkerReady,
    encode,
    read_messages,
    read_options,
    read_tasks,
)
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.prediction.options import PredictOptions

TASK = Task("caf\udce9\n.mp4", Path("out/a.json"))


def pipe(*messages: Message | Task | WorkOptions) -> io.BytesIO:
    file = io.BytesIO()
    for message in messages:
        file.write(encode(message))
    file.seek(0)
    return file


@pytest.mark.parametrize(
    "message",
    [
        WorkerReady(),
        WorkerProgress(1.5, 4.0),
        Warned("odd\n"),
        Stopped("OutputError", "out", "cannot be written", "free some space"),
        TaskFinished(Outcome(TASK, "done", "is damaged", partial=True, duration=4.0, samples=8, decode_errors=2)),
        TaskFinished(Outcome(TASK, "failed", "is damaged", details="Traceback:\n  libav: \udce9 moov\n")),
    ],
    ids=lambda message: type(message).__name__,
)
def test_messages(message: Message) -> None:
    assert list(read_messages(pipe(message, message))) == [message, message]


def test_options_and_tasks() -> None:
    options = WorkOptions(Path("out"), LabelJob(PredictOptions(rate=4.0, top=2), "a" * 64), strict=True, threads=1)
    file = pipe(options, TASK, TASK)
    assert read_options(file) == options
    assert list(read_tasks(file)) == [TASK, TASK]


@given(st.lists(st.binary(max_size=30)))
def test_what_a_library_prints_into_the_pipe_is_passed_over(noise: list[bytes]) -> None:
    file = io.BytesIO(b"".join(line.replace(b"\n", b"") + b"\n" for line in noise) + pipe(WorkerReady()).read())
    assert list(read_messages(file)) == [WorkerReady()]
