"""What one unit of work promises, whatever runs it and however often."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from examples import example_result
from vidlabel.batch.job import DoTask, Product, Task
from vidlabel.batch.jobs.label import LabelJob, product_of, read_output
from vidlabel.batch.locks import hold_output
from vidlabel.batch.plan import MOST_STARTS, Outcome, WorkOptions, plan_task
from vidlabel.batch.records import Records
from vidlabel.batch.unit import record_crash, run_one, take_back_start
from vidlabel.errors import OutputError, UsageError, VideoError
from vidlabel.labels.result import Status
from vidlabel.prediction.options import PredictOptions

JOB = LabelJob(PredictOptions(), ("a" * 64,))
OTHER_MODEL = replace(JOB, model_sha256s=("b" * 64,))


class Labels:
    """Labels any video and counts how often."""

    def __init__(self, options: WorkOptions, status: Status = "ok") -> None:
        self.options = options
        self.status = status
        self.seen: list[str] = []

    def __call__(self, task: Task) -> Product:
        self.seen.append(task.shown)
        known = self.options.job.fingerprint(task.shown)
        return product_of(example_result(task.shown, fingerprint=known, status=self.status), task.output)


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    return WorkOptions(tmp_path / "out", JOB)


@pytest.fixture
def task(tmp_path: Path, options: WorkOptions) -> Task:
    (tmp_path / "a.mp4").write_bytes(b"video")
    return Task(str(tmp_path / "a.mp4"), options.folder / "a.mp4.json")


def later(options: WorkOptions, **changes: object) -> WorkOptions:
    """Another run into the same folder."""
    return replace(WorkOptions(options.folder, options.job), **changes)  # type: ignore[arg-type]


def broken(task: Task) -> Product:
    raise VideoError(task.shown, "has no pictures", "look at it")


def dies(task: Task) -> Product:
    raise MemoryError  # stands for the end of the process: nothing below the unit of work gets to see it


def crash(options: WorkOptions, task: Task) -> Outcome | None:
    """What a run does with a task that ends its worker."""
    with pytest.raises(MemoryError):
        run_one(options, task, dies)
    return record_crash(options, task, "signal 11")


def test_work_is_done_once(options: WorkOptions, task: Task) -> None:
    label = Labels(options)
    assert run_one(options, task, label).status == "done"
    written = task.output.read_bytes()
    again = run_one(later(options), task, label)
    assert (again.status, again.samples, again.duration) == ("skipped", 8, 4.0)
    assert label.seen == [task.shown]
    assert task.output.read_bytes() == written


@pytest.mark.parametrize(
    "change",
    [
        lambda options, task: later(options, job=replace(JOB, predict=PredictOptions(rate=5.0))),
        lambda options, task: later(options, job=OTHER_MODEL),
        lambda options, task: (Path(task.shown).write_bytes(b"another video"), later(options))[1],
        lambda options, task: (task.output.unlink(), later(options))[1],
        lambda options, task: later(options, overwrite=True),
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
    assert run_one(later(changed), task, label).status == "skipped"


def forget(options: WorkOptions) -> None:
    for path in (options.folder / ".vidlabel" / "records").iterdir():
        path.unlink()


def test_results_decide_when_the_records_are_gone(options: WorkOptions, task: Task) -> None:
    run_one(options, task, Labels(options))
    forget(options)
    assert plan_task(later(options), task).action == "skip"


def test_a_result_without_record_may_have_been_corrected(options: WorkOptions, task: Task) -> None:
    run_one(options, task, Labels(options))
    forget(options)
    other = later(options, job=OTHER_MODEL)
    assert "no record shows that it was written here" in run_one(other, task, Labels(other)).reason
    assert plan_task(replace(other, overwrite=True), task).action == "do"


@pytest.mark.parametrize("corrected", [lambda text: text + " ", lambda text: text.replace("dog", "cow")])
def test_labels_that_were_corrected_by_hand_are_kept(
    options: WorkOptions, task: Task, corrected: Callable[[str], str]
) -> None:
    run_one(options, task, Labels(options))
    text = corrected(task.output.read_text())
    task.output.write_text(text)
    for now in (later(options), later(options, job=OTHER_MODEL)):
        outcome = run_one(now, task, Labels(now))
        assert outcome.status == "failed"
        assert "was changed since it was written; move it away, or replace it with --overwrite" in outcome.reason
    assert task.output.read_text() == text
    assert run_one(later(options, overwrite=True), task, Labels(options)).status == "done"
    assert '"dog"' in task.output.read_text()


@pytest.mark.parametrize("end", [dies, broken], ids=["broken off", "failed"])
def test_labels_that_were_corrected_after_a_vain_try_are_kept(options: WorkOptions, task: Task, end: DoTask) -> None:
    """The file of an earlier run lies there still, and somebody corrects it before the work is tried again."""
    run_one(options, task, Labels(options))
    other = later(options, job=OTHER_MODEL)
    with contextlib.suppress(MemoryError):
        run_one(other, task, end)
    text = task.output.read_text().replace("dog", "cow")
    task.output.write_text(text)
    again = later(other, retry_failed=True)
    assert "was changed since it was written" in run_one(again, task, Labels(again)).reason
    assert task.output.read_text() == text


def test_a_file_that_was_put_there_after_a_failure_is_kept(options: WorkOptions, task: Task) -> None:
    run_one(options, task, broken)
    task.output.write_text("labelled by hand")
    again = later(options, retry_failed=True)
    assert run_one(again, task, Labels(again)).status == "failed"
    assert task.output.read_text() == "labelled by hand"


def test_an_old_file_is_replaced_after_a_vain_try(options: WorkOptions, task: Task) -> None:
    run_one(options, task, Labels(options))
    other = later(options, job=OTHER_MODEL)
    run_one(other, task, broken)
    again = later(other, retry_failed=True)
    assert run_one(again, task, Labels(again)).status == "done"
    assert read_output(task.output).run.fingerprint == OTHER_MODEL.fingerprint(task.shown)


@pytest.mark.parametrize("other", [{}, {"overwrite": True}], ids=["changed", "overwrite"])
def test_a_kill_before_the_file_gets_its_name_is_no_correction_by_hand(
    options: WorkOptions, task: Task, other: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_one(options, task, Labels(options))
    before = task.output.read_bytes()
    now = later(options, job=OTHER_MODEL, **other)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", _dies_with_the_output)
        with pytest.raises(MemoryError):
            run_one(now, task, Labels(now))
    assert task.output.read_bytes() == before
    for options_ in (now, later(now)):
        assert plan_task(options_, task).action == "do"
    assert run_one(later(now), task, Labels(now)).status == "done"


def _dies_with_the_output(descriptor: int) -> None:
    if "records" not in os.readlink(f"/proc/self/fd/{descriptor}"):  # noqa: PTH115
        raise MemoryError


def test_a_file_of_somebody_else_is_kept(options: WorkOptions, task: Task) -> None:
    task.output.parent.mkdir()
    task.output.write_text('{"name": "not ours"}')
    assert "no record shows that it was written here" in run_one(options, task, Labels(options)).reason
    assert task.output.read_text() == '{"name": "not ours"}'


def test_an_empty_file_is_nobodys_work(options: WorkOptions, task: Task) -> None:
    """`mktemp --suffix .json` makes such a file, to be filled."""
    task.output.parent.mkdir()
    task.output.touch()
    assert run_one(options, task, Labels(options)).status == "done"


def test_an_output_that_was_emptied_was_changed(options: WorkOptions, task: Task) -> None:
    run_one(options, task, Labels(options))
    task.output.write_text("")
    assert "was changed since it was written" in run_one(later(options), task, Labels(options)).reason


def test_a_pipe_in_the_place_of_the_output_does_not_block(options: WorkOptions, task: Task) -> None:
    task.output.parent.mkdir()
    os.mkfifo(task.output)
    assert run_one(options, task, Labels(options)).status == "failed"


def test_a_file_that_another_run_is_writing_is_left_to_it(options: WorkOptions, task: Task) -> None:
    label = Labels(options)
    with hold_output(options.folder, task.output):
        assert "another run is writing this file" in run_one(options, task, label).reason
    assert not label.seen
    assert run_one(options, task, label).status == "done"


def test_a_failure_is_remembered_until_something_changes(options: WorkOptions, task: Task) -> None:
    assert run_one(options, task, broken).reason == f"{task.shown}: has no pictures; look at it"
    label = Labels(options)
    again = run_one(later(options), task, label)
    assert (again.status, label.seen) == ("failed", [])
    assert again.reason == f"{task.shown}: has no pictures; look at it (failed before; --retry-failed tries again)"
    assert run_one(later(options, retry_failed=True), task, label).status == "done"
    Path(task.shown).write_bytes(b"another video")
    assert run_one(later(options), task, broken).status == "failed"
    Path(task.shown).write_bytes(b"a third video")
    assert run_one(later(options), task, label).status == "done"


@pytest.mark.parametrize("first", [{"timeout": 1.0}, {"require_gpu_decode": True}], ids=str)
def test_a_failure_counts_under_its_own_conditions_only(
    options: WorkOptions, task: Task, first: dict[str, object]
) -> None:
    strained = later(options, job=replace(JOB, predict=PredictOptions(**first)))  # type: ignore[arg-type]
    assert run_one(strained, task, broken).status == "failed"
    assert plan_task(later(strained), task).action == "fail"
    assert plan_task(later(options), task).why == "failed under other options"
    assert run_one(later(options), task, Labels(options)).status == "done"


def test_a_missing_video_fails_and_is_done_when_it_is_there(options: WorkOptions, task: Task) -> None:
    video = Path(task.shown)
    video.rename(video.with_name("away"))
    assert "no such file" in run_one(options, task, Labels(options)).reason
    video.with_name("away").rename(video)
    assert run_one(later(options), task, Labels(options)).status == "done"


def test_a_partial_result_is_written_unless_strict(options: WorkOptions, task: Task) -> None:
    outcome = run_one(options, task, Labels(options, "partial"))
    assert (outcome.status, outcome.partial, outcome.decode_errors) == ("done", True, 3)
    assert outcome.reason == f"{task.shown}: is damaged: 3 decode errors, 25.0 % of its time not decoded"
    assert run_one(later(options), task, Labels(options)).partial
    strict = later(options, strict=True)
    assert run_one(strict, task, Labels(strict)).reason == outcome.reason
    assert task.output.exists()
    strict = later(options, strict=True, overwrite=True)
    task.output.unlink()
    assert run_one(strict, task, Labels(strict, "partial")).status == "failed"
    assert not task.output.exists()
    assert run_one(later(options), task, Labels(options, "partial")).status == "done"


@pytest.mark.parametrize("asked", [{}, {"overwrite": True}, {"retry_failed": True}], ids=str)
def test_a_video_that_ends_its_process_is_given_up(options: WorkOptions, task: Task, asked: dict[str, bool]) -> None:
    run_one(options, task, broken if "retry_failed" in asked else Labels(options))
    now = later(options, job=OTHER_MODEL, **asked)
    outcomes = [crash(now, task) for _ in range(MOST_STARTS)]
    assert outcomes[:-1] == [None] * (MOST_STARTS - 1)
    given_up = outcomes[-1]
    assert given_up is not None
    assert "broken off 3 times" in given_up.reason
    assert "signal 11" in given_up.reason
    label = Labels(now)
    assert run_one(now, task, label).status == "failed"
    assert run_one(replace(later(now), overwrite=False, retry_failed=False), task, label).status == "failed"
    assert not label.seen
    assert run_one(later(now, retry_failed=True), task, label).status == "done"


def test_a_video_that_changes_while_it_ends_its_process_is_given_up(options: WorkOptions, task: Task) -> None:
    """As one that is still being recorded does."""
    outcome = None
    for length in range(1, MOST_STARTS + 1):
        assert outcome is None
        Path(task.shown).write_bytes(bytes(length))
        outcome = crash(options, task)
    assert outcome is not None
    assert outcome.status == "failed"


def test_a_worker_that_ends_before_the_work_begins_is_counted(options: WorkOptions, task: Task) -> None:
    outcomes = [record_crash(options, task, "signal 9") for _ in range(MOST_STARTS)]
    assert [outcome is None for outcome in outcomes] == [True] * (MOST_STARTS - 1) + [False]


@pytest.mark.parametrize("asked", [{"overwrite": True}, {"retry_failed": True}], ids=str)
def test_what_a_run_has_done_is_not_done_again_when_it_is_delivered_again(
    options: WorkOptions, task: Task, asked: dict[str, bool]
) -> None:
    """A worker may end after its work is done and before it says so."""
    run_one(options, task, Labels(options) if "overwrite" in asked else broken)
    now, label = later(options, **asked), Labels(options)
    assert run_one(now, task, label).status == "done"
    assert record_crash(now, task, "signal 9") is None
    assert run_one(now, task, label).status == "skipped"
    assert label.seen == [task.shown]


@pytest.mark.parametrize("error", [OutputError("out", "is full"), UsageError("--rate", "is odd"), KeyboardInterrupt()])
def test_what_is_not_the_fault_of_the_video_does_not_count(
    options: WorkOptions, task: Task, error: BaseException
) -> None:
    def label(task: Task) -> Product:
        raise error

    for _ in range(MOST_STARTS + 1):
        with pytest.raises(type(error)):
            run_one(later(options), task, label)
    assert run_one(later(options), task, Labels(options)).status == "done"


def test_a_video_is_given_up_though_nobody_saw_its_process_end(options: WorkOptions, task: Task) -> None:
    for _ in range(MOST_STARTS):
        assert plan_task(later(options), task).action == "do"
        with pytest.raises(MemoryError):
            run_one(later(options), task, dies)
    assert "broken off 3 times" in run_one(later(options), task, Labels(options)).reason
    record = Records(options.folder).read(task.output)
    assert record is not None
    assert record.state == "failed"
    assert plan_task(later(options, retry_failed=True), task).action == "do"


KILLS_ITSELF = """
import os, signal, sys
from pathlib import Path
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import WorkOptions
from vidlabel.batch.unit import run_one, work_watchdog
from vidlabel.prediction.options import PredictOptions

def label(task):
    if sys.argv[2] == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    import ctypes
    watchdog._timeout_s = 0.3  # over a minute otherwise
    watchdog.restart()
    ctypes.PyDLL(None).pause()

folder = Path(sys.argv[1])
options = WorkOptions(folder / "out", LabelJob(PredictOptions(), ("a" * 64,)))
watchdog = work_watchdog(options)
print(run_one(options, Task(str(folder / "a.mp4"), folder / "out" / "a.mp4.json"), label, watchdog=watchdog).reason)
"""


@pytest.mark.parametrize(("ending", "status"), [("killed", -signal.SIGKILL), ("hangs in native code", 1)])
def test_a_poison_file_is_given_up_without_a_parent_that_sees_crashes(
    options: WorkOptions, task: Task, ending: str, status: int
) -> None:
    command = [sys.executable, "-c", KILLS_ITSELF, str(options.folder.parent), ending]
    ended = [subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(MOST_STARTS + 1)]
    assert [process.returncode for process in ended] == [status] * MOST_STARTS + [0]
    assert "broken off 3 times" in ended[-1].stdout
    assert run_one(later(options, retry_failed=True), task, Labels(options)).status == "done"


def test_a_worker_that_its_run_ended_does_not_count_against_its_video(options: WorkOptions, task: Task) -> None:
    for _ in range(MOST_STARTS + 1):
        now = later(options)
        with pytest.raises(MemoryError):
            run_one(now, task, dies)
        take_back_start(now, task)
    assert crash(options, task) is None
    take_back_start(options, task)  # It was counted as a crash, and stays so.
    record = Records(options.folder).read(task.output)
    assert record is not None
    assert record.starts == 1


def test_work_that_was_broken_off_leaves_nothing_under_the_final_name(options: WorkOptions, task: Task) -> None:
    with pytest.raises(MemoryError):
        run_one(options, task, dies)
    assert not task.output.exists()
    assert plan_task(later(options), task).why == "was interrupted"
    assert run_one(later(options), task, Labels(options)).status == "done"


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
        assert [run_one(later(options), other, label).status for _ in range(2)] == ["done", "skipped"]
    assert sorted(path.name for path in options.folder.iterdir()) == [
        ".vidlabel",
        "a.mp4.csv",
        "a.mp4.jsonl",
        "a.mp4.srt",
        "a.mp4.vtt",
    ]
