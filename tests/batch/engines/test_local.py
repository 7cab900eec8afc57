"""Worker processes: nothing is lost when one of them dies, hangs or cannot start."""

from __future__ import annotations

import contextlib
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from vidlabel.batch.engines import local
from vidlabel.batch.engines.base import Working
from vidlabel.batch.engines.local import KILL_AFTER_S, LocalWorkers, default_workers
from vidlabel.batch.job import Task
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.errors import OutputError, VidlabelError
from vidlabel.prediction.options import PredictOptions

TESTS = Path(__file__).parents[2]
FAKE_WORKER = (sys.executable, str(Path(__file__).with_name("fake_worker.py")))


@pytest.fixture(autouse=True)
def _fakes_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))


@pytest.fixture
def options(tmp_path: Path) -> WorkOptions:
    (tmp_path / "out").mkdir()
    return WorkOptions(tmp_path / "out", LabelJob(PredictOptions(), ("a" * 64,)))


def make_tasks(folder: Path, *contents: str) -> list[Task]:
    tasks = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.mp4"
        path.write_text(content)
        tasks.append(Task(str(path), folder / "out" / f"{number}.json"))
    return tasks


def children() -> set[int]:
    """Processes that this one has started, running or dead."""
    found: set[int] = set()
    for thread in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # A thread may end while it is looked at.
            found.update(int(pid) for pid in (thread / "children").read_text().split())
    return found


def run(options: WorkOptions, tasks: list[Task], workers: int = 2) -> dict[str, Outcome]:
    outcomes = [event for event in LocalWorkers(workers, FAKE_WORKER)(options, tasks) if isinstance(event, Outcome)]
    assert len(outcomes) == len(tasks)
    return {Path(outcome.task.shown).stem: outcome for outcome in outcomes}


def starts(options: WorkOptions) -> Counter[str]:
    return Counter((options.folder / "starts").read_text().split())


def test_every_task_comes_to_its_end(tmp_path: Path, options: WorkOptions) -> None:
    tasks = make_tasks(tmp_path, "ok", "bad", "ok", "ok", "die once", "ok")
    outcomes = run(options, tasks)
    assert [outcomes[str(n)].status for n in range(6)] == ["done", "failed", "done", "done", "done", "done"]
    assert outcomes["1"].reason == f"{tasks[1].shown}: has no pictures; look at it"
    assert starts(options) == {"0.mp4": 1, "1.mp4": 1, "2.mp4": 1, "3.mp4": 1, "4.mp4": 2, "5.mp4": 1}
    assert all(task.output.exists() for task in tasks if task is not tasks[1])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("die", "signal 11"),
        pytest.param("exit", "exit status 7", marks=pytest.mark.slow),
        ("hang", "no progress"),
    ],
)
def test_a_file_that_ends_its_worker_is_given_up_and_the_others_are_done(
    tmp_path: Path, options: WorkOptions, content: str, reason: str
) -> None:
    tasks = make_tasks(tmp_path, "ok", content, "ok", "ok")
    outcomes = run(options, tasks)
    assert [outcomes[str(n)].status for n in range(4)] == ["done", "failed", "done", "done"]
    assert "broken off 3 times" in outcomes["1"].reason
    assert reason in outcomes["1"].reason
    assert ("Timeout (" in outcomes["1"].details) == (content == "hang")
    assert starts(options)["1.mp4"] == 3
    again = run(replace(options, run_id="later"), tasks)
    assert [again[str(n)].status for n in range(4)] == ["skipped", "failed", "skipped", "skipped"]
    assert starts(options)["1.mp4"] == 3


@pytest.mark.parametrize("asked", [{"overwrite": True}, {"retry_failed": True}], ids=str)
def test_a_file_that_ends_its_worker_is_given_up_whatever_was_asked(
    tmp_path: Path, options: WorkOptions, asked: dict[str, bool]
) -> None:
    tasks = make_tasks(tmp_path, "die", "ok")
    outcomes = run(replace(options, **asked), tasks, workers=1)  # type: ignore[arg-type]
    assert [outcomes[str(n)].status for n in range(2)] == ["failed", "done"]
    assert starts(options) == {"0.mp4": 3, "1.mp4": 1}


def test_progress_is_reported(tmp_path: Path, options: WorkOptions) -> None:
    (task,) = make_tasks(tmp_path, "ok")
    working = [event for event in LocalWorkers(1, FAKE_WORKER)(options, [task]) if isinstance(event, Working)]
    assert [(event.task, event.duration_s) for event in working] == [(task, 4.0)]


def test_a_full_disk_stops_the_run_with_its_own_error(tmp_path: Path, options: WorkOptions) -> None:
    tasks = make_tasks(tmp_path, "ok", "full", "ok", "ok")
    with pytest.raises(OutputError, match="No space left on device"):
        run(options, tasks, workers=1)
    assert tasks[0].output.exists()


def test_workers_that_cannot_start_end_the_run(tmp_path: Path, options: WorkOptions) -> None:
    command = (sys.executable, "-c", "import sys; sys.exit('no such thing')")
    with pytest.raises(VidlabelError, match="does not start: its process ended with exit status 1, saying no such"):
        list(LocalWorkers(1, command)(options, make_tasks(tmp_path, "ok")))


def test_no_process_is_left_when_the_run_is_broken_off(tmp_path: Path, options: WorkOptions) -> None:
    before = children()
    with contextlib.closing(LocalWorkers(2, FAKE_WORKER)(options, make_tasks(tmp_path, "ok", "ok"))) as events:
        next(events)
        assert len(children() - before) == 2
    assert children() <= before


def test_workers_that_do_not_end_by_themselves_hold_up_ctrl_c_together_not_one_by_one(
    tmp_path: Path, options: WorkOptions
) -> None:
    before = children()
    with contextlib.closing(LocalWorkers(6, FAKE_WORKER)(options, make_tasks(tmp_path, *["stop"] * 6))) as events:
        for _ in range(6):
            next(events)
        started = time.monotonic()
    assert time.monotonic() - started < 4 * KILL_AFTER_S
    assert children() <= before


@pytest.mark.parametrize(
    ("cores", "mebibytes", "expected"), [(8, 10_000, 8), (8, 2000, 3), (2, 10_000, 2), (8, 100, 1), (1, 0, 1)]
)
def test_cores_and_memory_decide_how_many_workers_there_are(
    monkeypatch: pytest.MonkeyPatch, cores: int, mebibytes: int, expected: int
) -> None:
    monkeypatch.setattr(local, "available_cores", lambda: cores)
    monkeypatch.setattr(local, "available_memory", lambda: mebibytes << 20)
    assert default_workers() == expected
