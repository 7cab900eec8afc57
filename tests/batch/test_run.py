"""The output folder of a run: held by one run at a time, and free of what a killed one left."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.batch.run import label_folder, plan_folder, plan_stream
from vidlabel.errors import OutputError
from vidlabel.files import temporary_name
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.prediction.options import PredictOptions

JSON = FORMATS["json"]


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    return WorkOptions(tmp_path / "out", PredictOptions(), "a" * 64)


@pytest.fixture
def missing(tmp_path: Path) -> VideoInput:
    """A video that is not there: its work ends without a worker."""
    return VideoInput(str(tmp_path / "gone.mp4"), Path("sub/gone.mp4"))


def test_a_folder_is_held_by_one_run(options: WorkOptions, missing: VideoInput) -> None:
    first = label_folder([missing], JSON, options, 1)
    assert isinstance(next(first), Outcome)
    with pytest.raises(OutputError, match="another run is writing here"):
        next(label_folder([missing], JSON, options, 1))
    assert list(first) == []
    assert len(list(label_folder([missing], JSON, options, 1))) == 1


def test_what_a_killed_run_left_is_removed_and_nothing_else(options: WorkOptions, missing: VideoInput) -> None:
    output = options.folder / "sub" / "gone.mp4.json"
    kept = [output.with_name(".hidden.json"), temporary_name(output)]  # The second one is of a process that lives.
    record = options.folder / ".vidlabel" / "records" / "sub" / "gone.mp4.json"
    left = [written_by_a_dead_process(path) for path in (output, record)]
    for path in (*kept, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    list(label_folder([missing], JSON, options, 1))
    assert [path.exists() for path in (*kept, *left)] == [True, True, False, False]


def written_by_a_dead_process(path: Path) -> Path:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    return path.with_name(temporary_name(path).name.replace(f"-{os.getpid()}.", f"-{ended.pid}."))


def test_what_goes_to_standard_output_is_planned(options: WorkOptions, missing: VideoInput, tmp_path: Path) -> None:
    (tmp_path / "there.mp4").touch()
    there = VideoInput(str(tmp_path / "there.mp4"), Path("there.mp4"))
    assert [plan.action for _, plan in plan_stream([there, missing], options)] == ["label", "fail"]


def test_planning_needs_no_folder(options: WorkOptions, missing: VideoInput) -> None:
    ((task, plan),) = plan_folder([missing], JSON, options)
    assert task.output == options.folder / "sub" / "gone.mp4.json"
    assert (plan.action, options.folder.exists()) == ("fail", False)
