"""What crosses the pipes between a run and its workers comes out as it went in."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.batch.engines.base import Profiled, Warned
from vidlabel.batch.engines.messages import (
    Message,
    Stopped,
    TaskFinished,
    WorkerProgress,
    WorkerReady,
    encode,
    read_messages,
    read_options,
    read_tasks,
)
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.extract import extract_job
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.features.config import ExtractOptions
from vidlabel.prediction.options import PredictOptions
from vidlabel.profiling import Phase, Profile

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
        Profiled(Profile(samples=2, encode=Phase(1.0, 2.5))),
        TaskFinished(Outcome(TASK, "done", "is damaged", partial=True, duration=4.0, samples=8, decode_errors=2)),
        TaskFinished(Outcome(TASK, "failed", "is damaged", details="Traceback:\n  libav: \udce9 moov\n")),
    ],
    ids=lambda message: type(message).__name__,
)
def test_messages(message: Message) -> None:
    assert list(read_messages(pipe(message, message))) == [message, message]


def test_options_and_tasks() -> None:
    options = WorkOptions(Path("out"), LabelJob(PredictOptions(rate=4.0, top=2), ("a" * 64,)), strict=True, threads=1)
    file = pipe(options, TASK, TASK)
    assert read_options(file) == options
    assert list(read_tasks(file)) == [TASK, TASK]
    extract = extract_job(ExtractOptions(rate=4, lag=1, streams=("motion", "frames"), device="cpu"))
    assert read_options(pipe(replace(options, job=extract))) == replace(options, job=extract)


def test_a_worker_finds_the_fingerprint_of_its_run(tmp_path: Path) -> None:
    """Whole numbers too: 4 and 4.0 are one rate, but two texts in a fingerprint."""
    (tmp_path / "a.mp4").touch()
    for rate in (4, 4.0):
        job = LabelJob(PredictOptions(rate=rate, threshold=1, min_duration=0, start=0, end=9, timeout=60), ("a" * 64,))
        found = read_options(pipe(WorkOptions(tmp_path, job))).job
        assert found.fingerprint(str(tmp_path / "a.mp4")) == job.fingerprint(str(tmp_path / "a.mp4"))
        assert found.conditions == job.conditions


@given(st.lists(st.binary(max_size=30)))
def test_what_a_library_prints_into_the_pipe_is_passed_over(noise: list[bytes]) -> None:
    noise.append(b'{"type": "frame"}')
    file = io.BytesIO(b"".join(line.replace(b"\n", b"") + b"\n" for line in noise) + pipe(WorkerReady()).read())
    assert list(read_messages(file)) == [WorkerReady()]
