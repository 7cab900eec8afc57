"""One table for many videos: written whole, and never over somebody's work."""

from __future__ import annotations

import csv
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest

from examples import example_result
from vidlabel.batch.inputs import VideoInput
from vidlabel.batch.job import Product, Task
from vidlabel.batch.jobs.label import LabelJob, product_of
from vidlabel.batch.output_paths import TableDestination
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.batch.table import label_table, plan_table
from vidlabel.batch.unit import run_one
from vidlabel.errors import OutputError, VideoError
from vidlabel.labels.formats.registry import FORMATS
from vidlabel.prediction.options import PredictOptions


def run_here(options: WorkOptions, tasks: Sequence[Task]) -> Generator[Outcome, None, None]:
    """In place of worker processes: each video is labelled by what it holds."""

    def label(task: Task) -> Product:
        if Path(task.shown).read_text() == "bad":
            raise VideoError(task.shown, "has no pictures", "look at it")
        return product_of(example_result(task.shown, fingerprint=options.job.fingerprint(task.shown)), task.output)

    for task in tasks:
        yield run_one(options, task, label)


@pytest.fixture
def videos(tmp_path: Path) -> list[VideoInput]:
    for name, content in {"a.mp4": "ok", "b.mp4": "bad", "c.mp4": "ok"}.items():
        (tmp_path / name).write_text(content)
    return [VideoInput(str(tmp_path / name), Path(name)) for name in ("a.mp4", "b.mp4", "c.mp4")]


@pytest.fixture
def target(tmp_path: Path) -> TableDestination:
    return TableDestination(tmp_path / "all.csv", FORMATS["csv"])


def options(overwrite: bool = False) -> WorkOptions:
    return WorkOptions(Path(), LabelJob(PredictOptions(), ("a" * 64,)), overwrite=overwrite)


def label(videos: list[VideoInput], target: TableDestination, overwrite: bool = False) -> list[Outcome]:
    events = label_table(videos, target, options(overwrite), run_here)
    return [event for event in events if isinstance(event, Outcome)]


def test_the_table_is_the_output_of_every_video(videos: list[VideoInput], target: TableDestination) -> None:
    outcomes = label(videos, target)
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done"]
    assert {outcome.task.output for outcome in outcomes} == {target.path}
    with target.path.open(newline="") as file:
        assert [row["video"] for row in csv.DictReader(file)] == [videos[0].shown, videos[2].shown]
    names = {path.name for path in target.path.parent.iterdir()} - {Path(video.shown).name for video in videos}
    assert names == {"all.csv", ".vidlabel"}


def test_a_rerun_adds_what_is_new_and_does_nothing_again(videos: list[VideoInput], target: TableDestination) -> None:
    label(videos[:2], target)
    assert [outcome.status for outcome in label(videos, target)] == ["skipped", "failed", "done"]
    assert target.path.read_text().count("dog") == 2


@pytest.mark.parametrize("corrected", [lambda text: text + "x", lambda text: text.replace("dog", "cow")])
def test_a_table_that_was_corrected_by_hand_is_kept(
    videos: list[VideoInput], target: TableDestination, corrected: object
) -> None:
    label(videos, target)
    text = corrected(target.path.read_text())  # type: ignore[operator]
    target.path.write_text(text)
    for act in (label, lambda videos, target: plan_table(videos, target, options())):
        with pytest.raises(OutputError, match=r"all\.csv: was changed since it was written"):
            act(videos, target)
    assert target.path.read_text() == text
    label(videos, target, overwrite=True)
    assert target.path.read_text().count("dog") == 2


def test_a_table_of_somebody_else_is_kept(videos: list[VideoInput], target: TableDestination) -> None:
    target.path.write_text("video,start,end,label\n")
    with pytest.raises(OutputError, match="no record shows that it was written here"):
        label(videos, target)
    assert target.path.read_text() == "video,start,end,label\n"


def test_a_table_that_is_corrected_while_videos_are_labelled_is_kept(
    videos: list[VideoInput], target: TableDestination
) -> None:
    label(videos[:1], target)
    events = label_table(videos, target, options(), run_here)
    next(events)
    target.path.write_text("corrected")
    with pytest.raises(OutputError, match="was changed since it was written"):
        list(events)
    assert target.path.read_text() == "corrected"


def test_one_video_and_many_share_a_table(videos: list[VideoInput], target: TableDestination) -> None:
    """A folder that held one video holds more later; its table is the same."""

    job = LabelJob(PredictOptions(), ("a" * 64,))

    def alone(task: Task) -> Product:
        return product_of(example_result(task.shown, fingerprint=job.fingerprint(task.shown)), task.output)

    first = WorkOptions(target.path.parent, job)
    assert run_one(first, Task(videos[0].shown, target.path), alone).status == "done"
    label(videos, target)
    assert target.path.read_text().count("dog") == 2
    again = WorkOptions(target.path.parent, job)
    assert run_one(again, Task(videos[0].shown, target.path), alone).status == "done"
    assert target.path.read_text().count("dog") == 1
