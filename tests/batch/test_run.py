"""A folder, held by one run at a time, and one file, beside those of others; free of what a killed run left."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from vidlabel.batch.engines.base import Event
from vidlabel.batch.engines.in_process import InProcess
from vidlabel.batch.engines.local import LocalWorkers
from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.batch.records import Record, Records
from vidlabel.batch.run import folder_tasks, plan_folder, plan_stream, run_file, run_folder
from vidlabel.errors import OutputError
from vidlabel.files import sha256_of, temporary_name
from vidlabel.heads.bundled_models import find_model
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.prediction.options import PredictOptions
from vidlabel.prediction.predict import PythonListener

JSON = FORMATS["json"]
JOB = LabelJob(PredictOptions(models=("objects",), device="cpu"), (sha256_of(find_model("objects")),))

DAMAGED = Record("", "", "started")
"""In place of a record that is not there."""


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    return WorkOptions(tmp_path / "out", LabelJob(PredictOptions(), ("a" * 64,)))


@pytest.fixture
def missing(tmp_path: Path) -> VideoInput:
    """A video that is not there: its work ends without a worker."""
    return VideoInput(str(tmp_path / "gone.mp4"), Path("sub/gone.mp4"))


def into_folder(video: VideoInput, options: WorkOptions) -> Iterator[Event]:
    return run_folder(folder_tasks([video], ".json", options), options, LocalWorkers(1))


def test_a_folder_is_held_by_one_run(options: WorkOptions, missing: VideoInput) -> None:
    first = into_folder(missing, options)
    assert isinstance(next(first), Outcome)
    with pytest.raises(OutputError, match="another run is writing here"):
        next(into_folder(missing, options))
    assert list(first) == []
    assert len(list(into_folder(missing, options))) == 1


def test_what_a_killed_run_left_is_removed_and_nothing_else(options: WorkOptions, missing: VideoInput) -> None:
    output = options.folder / "sub" / "gone.mp4.json"
    kept = [output.with_name(".hidden.json"), temporary_name(output)]  # The second one is of a process that lives.
    record = options.folder / ".vidlabel" / "records" / "sub" / "gone.mp4.json"
    left = [written_by_a_dead_process(path) for path in (output, record)]
    for path in (*kept, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    list(into_folder(missing, options))
    assert [path.exists() for path in (*kept, *left)] == [True, True, False, False]


def written_by_a_dead_process(path: Path) -> Path:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    return path.with_name(temporary_name(path).name.replace(f"-{os.getpid()}.", f"-{ended.pid}."))


def test_what_goes_to_standard_output_is_planned(options: WorkOptions, missing: VideoInput, tmp_path: Path) -> None:
    (tmp_path / "there.mp4").touch()
    there = VideoInput(str(tmp_path / "there.mp4"), Path("there.mp4"))
    assert [plan.action for _, plan in plan_stream([there, missing], options)] == ["do", "fail"]


def test_planning_needs_no_folder(options: WorkOptions, missing: VideoInput) -> None:
    ((task, plan),) = plan_folder([missing], JSON, options)
    assert task.output == options.folder / "sub" / "gone.mp4.json"
    assert (plan.action, options.folder.exists()) == ("fail", False)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("single") / "a.mp4", Recipe(frames=30))


@pytest.fixture
def beside(tmp_path: Path, shared_decoding: None, shared_encoders: None) -> Iterator[WorkOptions]:
    """Options of a file in a folder that others use, too."""
    yield WorkOptions(tmp_path, JOB)
    gc.unfreeze()  # Loading the labeller takes what there is from the garbage collector.


def into_file(video: Path, target: Path, options: WorkOptions) -> Outcome:
    (outcome,) = run_file(Task(str(video), target), options, InProcess(PythonListener()))
    assert isinstance(outcome, Outcome)
    return outcome


def test_a_file_is_one_unit_of_work(clip: Path, beside: WorkOptions) -> None:
    target = beside.folder / "a.csv"
    record = Records(beside.folder)

    def again(**changes: bool) -> Outcome:
        now = WorkOptions(beside.folder, JOB, **changes)  # type: ignore[arg-type]
        return into_file(clip, target, now)

    assert again().status == "done"
    assert (record.read(target) or DAMAGED).state == "done"
    written = target.read_bytes()
    assert again().status == "skipped"
    target.write_bytes(written.replace(b",", b";"))
    assert "was changed since it was written" in again().reason
    assert b"," not in target.read_bytes()
    assert again(overwrite=True).status == "done"
    assert target.read_bytes() == written
    assert sorted(path.name for path in beside.folder.iterdir()) == [".vidlabel", "a.csv"]
    assert list((beside.folder / ".vidlabel" / "locks").iterdir()) == []


def test_a_failure_is_recorded(beside: WorkOptions) -> None:
    video, target = beside.folder / "a.mp4", beside.folder / "a.json"
    video.write_bytes(b"text")
    assert into_file(video, target, beside).status == "failed"
    assert (Records(beside.folder).read(target) or DAMAGED).state == "failed"
    assert not target.exists()


def test_a_file_that_was_there_before_is_kept(clip: Path, beside: WorkOptions) -> None:
    target = beside.folder / "labels.csv"
    target.write_text("video,start,end,label\n")
    outcome = into_file(clip, target, beside)
    assert (outcome.status, target.read_text()) == ("failed", "video,start,end,label\n")


def test_what_a_killed_run_left_is_removed(beside: WorkOptions) -> None:
    video, target = beside.folder / "a.mp4", beside.folder / "a.json"
    video.write_bytes(b"text")
    begun = Record(str(video), JOB.fingerprint(str(video)), "started", starts=1)
    Records(beside.folder).write(target, begun)
    left = temporary_name(target)
    left = left.with_name(left.name.replace(f"-{os.getpid()}.", "-999999999."))
    left.touch()
    into_file(video, target, beside)
    assert not left.exists()
