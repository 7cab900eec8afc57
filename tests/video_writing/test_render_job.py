"""The job of rendering in a unit of work: what is done again, and what a lost process costs."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from video_writing.sounding import H264
from vidlabel.batch.engines.in_process import InProcess
from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.batch.run import run_file
from vidlabel.prediction.predict import PythonListener
from vidlabel.video_writing import render_job
from vidlabel.video_writing.drawn import BandSegment
from vidlabel.video_writing.process import run_order
from vidlabel.video_writing.render_job import RenderJob


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mp4", Recipe(options=H264, frames=5))


def run(video: Path, label: str = "fall", *, overwrite: bool = False) -> Outcome:
    job = RenderJob({str(video): (BandSegment(0, 100, label),)}, None)
    output = video.parent / "out" / "rendered.mp4"
    options = WorkOptions(output.parent, job, overwrite=overwrite)
    events = run_file(Task(str(video), output), options, InProcess(PythonListener()))
    return next(event for event in events if isinstance(event, Outcome))


def files(video: Path) -> list[str]:
    return sorted(path.name for path in (video.parent / "out").iterdir() if path.name != ".vidlabel")


def test_a_copy_is_made_again_when_what_is_drawn_changes(video: Path) -> None:
    assert run(video).status == "done"
    copy = video.parent / "out" / "rendered.mp4"
    first = copy.read_bytes()
    assert run(video).status == "skipped"
    assert run(video, "walk").status == "done"
    assert copy.read_bytes() != first
    assert files(video) == ["rendered.mp4"]


def test_a_file_of_somebody_else_is_kept(video: Path) -> None:
    copy = video.parent / "out" / "rendered.mp4"
    copy.parent.mkdir()
    copy.write_bytes(b"mine")
    kept = run(video)
    assert (kept.status, copy.read_bytes()) == ("failed", b"mine")
    assert "--overwrite" in kept.reason
    assert run(video, overwrite=True).status == "done"
    assert copy.read_bytes() != b"mine"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "was ended by signal 11"),
        ("import sys; sys.stdin.buffer.read()", "gave no sign of life"),
        ("print('nonsense')", "sent no JSON object with a type"),
        ("import sys; sys.stdin.buffer.readline()", "ended with exit status 0"),
    ],
)
def test_a_process_that_is_lost_fails_one_video(
    video: Path, monkeypatch: pytest.MonkeyPatch, script: str, problem: str
) -> None:
    command = (sys.executable, "-c", script)
    monkeypatch.setattr(render_job, "run_order", partial(run_order, command=command, timeout_s=2))
    failed = run(video)
    assert failed.status == "failed"
    assert problem in failed.reason
    assert files(video) == []


def test_a_video_that_cannot_be_read_fails(tmp_path: Path) -> None:
    video = tmp_path / "clip.mp4"
    video.write_bytes(b"no video")
    failed = run(video)
    assert failed.status == "failed"
    assert str(video) in failed.reason
    assert files(video) == []


def test_ctrl_c_leaves_no_half_file(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> float:
        (video.parent / "out" / f".rendered.mp4.mp4.{os.uname().nodename[:32]}-{os.getpid()}.vidlabel-part").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(render_job, "_carry_out", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(video)
    assert files(video) == []
    monkeypatch.undo()
    assert run(video).status == "done"
