"""What one unit of work promises, whatever runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from examples import example_result
from vidlabel.batch.fingerprint import fingerprint
from vidlabel.batch.options import PredictOptions
from vidlabel.batch.records import Record, Records
from vidlabel.batch.work import MOST_CRASHES, MOST_STARTS, Task, WorkOptions, plan_task, record_crash, run_one
from vidlabel.errors import OutputError, VideoError
from vidlabel.labels.result import Result, Status


class Labels:
    """Labels any video and counts how often."""

    def __init__(self, options: WorkOptions, status: Status = "ok") -> None:
        self.options = options
        self.status = status
        self.seen: list[str] = []

    def __call__(self, shown: str) -> Result:
        self.seen.append(shown)
        known = fingerprint(shown, self.options.model_sha256, self.options.predict)
        return example_result(shown, fingerprint=known, status=self.status)


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    return WorkOptions(tmp_path / "out", PredictOptions(), "a" * 64)


@pytest.fixture
def task(tmp_path: Path, options: WorkOptions) -> Task:
    (tmp_path / "a.mp4").write_bytes(b"video")
    return Task(str(tmp_path / "a.mp4"), options.folder / "a.mp4.json")


def broken(shown: str) -> Result:
    raise VideoError(shown, "has no pictures", "look at it")


def test_work_is_done_once(options: WorkOptions, task: Task) -> None:
    label = Labels(options)
    assert run_one(options, task, label).status == "done"
    written = task.output.read_bytes()
    again = run_one(options, task, label)
    assert (again.status, again.samples, again.duration) == ("skipped", 8, 4.0)
    assert label.seen == [task.shown]
    assert task.output.read_bytes() == written


@pytest.mark.parametrize(
    "change",
    [
        lambda options, task: replace(options, predict=replace(options.predict, rate=5.0)),
        lambda options, task: replace(options, model_sha256="b" * 64),
        lambda options, task: (Path(task.shown).write_bytes(b"another video"), options)[1],
        lambda options, task: (task.output.unlink(), options)[1],
        lambda options, task: replace(options, overwrite=True),
    ],
    ids=["option", "model", "video", "output", "overwrite"],
)
def test_work_is_done_again_after_a_change(
    options: WorkOptions, task: Task, change: Callable[[WorkOptions, Task], WorkOptions]
) -> None:
    run_one(options, task, Labels(options))
    changed = change(options, task)
    label = Labels(changed)
    assert run_one(changed, task, label).status == "done"
    assert label.seen == [task.shown]
    assert run_one(replace(changed, overwrite=False), task, label).status == "skipped"


def test_results_decide_when_the_records_are_gone(options: WorkOptions, task: Task) -> None:
    run_one(options, task, Labels(options))
    for path in (options.folder / ".vidlabel" / "records").iterdir():
        path.unlink()
    assert plan_task(options, task).action == "skip"
    assert plan_task(replace(options, model_sha256="b" * 64), task).action == "label"


def test_labels_that_were_corrected_by_hand_are_kept(options: WorkOptions, task: Task) -> None:
    run_one(options, task, Labels(options))
    task.output.write_text("corrected")
    for now in (options, replace(options, model_sha256="b" * 64)):
        outcome = run_one(now, task, Labels(now))
        assert outcome.status == "failed"
        assert "was changed since it was written; --overwrite replaces it" in outcome.reason
    assert task.output.read_text() == "corrected"
    assert run_one(replace(options, overwrite=True), task, Labels(options)).status == "done"


def test_a_file_of_somebody_else_is_kept(options: WorkOptions, task: Task) -> None:
    task.output.parent.mkdir()
    task.output.write_text('{"name": "not ours"}')
    assert "was not written here" in run_one(options, task, Labels(options)).reason
    assert task.output.read_text() == '{"name": "not ours"}'


def test_a_failure_is_remembered_until_something_changes(options: WorkOptions, task: Task) -> None:
    assert run_one(options, task, broken).reason == f"{task.shown}: has no pictures; look at it"
    label = Labels(options)
    assert run_one(options, task, label).status == "failed"
    assert not label.seen
    assert run_one(replace(options, retry_failed=True), task, label).status == "done"
    Path(task.shown).write_bytes(b"another video")
    assert run_one(options, task, broken).status == "failed"
    Path(task.shown).write_bytes(b"a third video")
    assert run_one(options, task, label).status == "done"


def test_a_missing_video_fails_and_is_done_when_it_is_there(options: WorkOptions, task: Task) -> None:
    video = Path(task.shown)
    video.rename(video.with_name("away"))
    assert "cannot be read" in run_one(options, task, Labels(options)).reason
    video.with_name("away").rename(video)
    assert run_one(options, task, Labels(options)).status == "done"


def test_a_partial_result_is_written_unless_strict(options: WorkOptions, task: Task) -> None:
    outcome = run_one(options, task, Labels(options, "partial"))
    assert (outcome.status, outcome.partial, outcome.decode_errors) == ("done", True, 3)
    assert outcome.reason == f"{task.shown}: is damaged: 3 decode errors, 25.0 % of its time not decoded"
    assert run_one(options, task, Labels(options)).partial
    strict = replace(options, strict=True, overwrite=True)
    task.output.unlink()
    assert run_one(strict, task, Labels(strict, "partial")).status == "failed"
    assert not task.output.exists()


def test_a_video_that_ends_its_process_is_given_up(options: WorkOptions, task: Task) -> None:
    def dies(shown: str) -> Result:
        raise MemoryError  # stands for the end of the process: nothing below the unit of work gets to see it

    for crash in range(1, MOST_CRASHES + 1):
        with pytest.raises(MemoryError):
            run_one(options, task, dies)
        outcome = record_crash(options, task, "signal 11")
        assert (outcome is not None) == (crash == MOST_CRASHES)
    assert outcome is not None
    assert "broken off 3 times" in outcome.reason
    assert "signal 11" in outcome.reason
    label = Labels(options)
    assert run_one(options, task, label).status == "failed"
    assert not label.seen
    assert run_one(replace(options, retry_failed=True), task, label).status == "done"


def test_kills_of_the_whole_run_count_less_than_crashes(options: WorkOptions, task: Task) -> None:
    record = Record(task.shown, fingerprint(task.shown, options.model_sha256, options.predict), "started")
    Records(options.folder).write(task.output, replace(record, starts=MOST_STARTS - 1))
    assert plan_task(options, task).action == "label"
    Records(options.folder).write(task.output, replace(record, starts=MOST_STARTS))
    assert "broken off 10 times" in run_one(options, task, Labels(options)).reason


def test_work_that_was_broken_off_leaves_nothing_under_the_final_name(options: WorkOptions, task: Task) -> None:
    def dies(shown: str) -> Result:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_one(options, task, dies)
    assert not task.output.exists()
    assert plan_task(options, task).why == "was interrupted"
    assert run_one(options, task, Labels(options)).status == "done"


def test_an_output_that_cannot_be_written_stops_everything(options: WorkOptions, task: Task) -> None:
    options.folder.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match="cannot be written"):
        run_one(options, task, Labels(options))


def test_planning_changes_nothing(options: WorkOptions, task: Task) -> None:
    assert plan_task(options, task).why == "new"
    assert not options.folder.exists()


def test_subtitles_and_tables_are_skipped_too(options: WorkOptions, task: Task) -> None:
    for suffix in (".csv", ".srt", ".vtt", ".jsonl"):
        other = replace(task, output=task.output.with_suffix(suffix))
        label = Labels(options)
        assert [run_one(options, other, label).status for _ in range(2)] == ["done", "skipped"]
    assert sorted(path.name for path in options.folder.iterdir()) == [
        ".vidlabel",
        "a.mp4.csv",
        "a.mp4.jsonl",
        "a.mp4.srt",
        "a.mp4.vtt",
    ]
