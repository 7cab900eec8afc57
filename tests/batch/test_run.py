"""The output folder of a run: held by one run at a time, and free of what a killed one left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vidlabel.batch.engines.base import Event
from vidlabel.batch.engines.local import LocalWorkers
from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.batch.run import folder_tasks, plan_folder, plan_stream, run_folder
from vidlabel.errors import OutputError
from vidlabel.files import temporary_name
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.prediction.options import PredictOptions

JSON = FORMATS["json"]


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    return WorkOptions(tmp_path / "out", LabelJob(PredictOptions(), "a" * 64))


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
