"""What every engine promises, whatever runs the units of work."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from batch.engines.fake_worker import open_job
from vidlabel.batch.engines.base import Engine, Event
from vidlabel.batch.engines.in_process import InProcess
from vidlabel.batch.engines.local import LocalWorkers
from vidlabel.batch.job import DoTask, Task
from vidlabel.batch.jobs.label import LabelJob
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.errors import OutputError
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.profiling import Stopwatch

TESTS = Path(__file__).parents[2]
ENGINES: dict[str, Callable[[], Engine]] = {
    "in process": lambda: InProcess(PythonListener()),
    "one worker": lambda: LocalWorkers(1, (sys.executable, str(Path(__file__).with_name("fake_worker.py")))),
    "two workers": lambda: LocalWorkers(2, (sys.executable, str(Path(__file__).with_name("fake_worker.py")))),
}


@dataclass(frozen=True)
class FakeJob(LabelJob):
    """Does in this process what the fake worker does."""

    folder: Path = Path()

    @contextlib.contextmanager
    def open(self, listener: Listener, stopwatch: Stopwatch, threads: int | None) -> Iterator[DoTask]:  # noqa: ARG002
        with open_job(WorkOptions(self.folder, self), listener, stopwatch) as do:
            yield do


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    return ENGINES[request.param]()


@pytest.fixture
def options(tmp_path: Path, engine: Engine) -> WorkOptions:
    (tmp_path / "out").mkdir()
    if isinstance(engine, InProcess):
        return WorkOptions(tmp_path / "out", FakeJob(PredictOptions(), ("a" * 64,), folder=tmp_path / "out"))
    return WorkOptions(tmp_path / "out", LabelJob(PredictOptions(), ("a" * 64,)))


def make_tasks(options: WorkOptions, *contents: str) -> list[Task]:
    tasks = []
    for number, content in enumerate(contents):
        path = options.folder.parent / f"{number}.mp4"
        path.write_text(content)
        tasks.append(Task(str(path), options.folder / f"{number}.json"))
    return tasks


def statuses(events: Iterator[Event]) -> dict[str, str]:
    ended = [(event.task.output.stem, event.status) for event in events if isinstance(event, Outcome)]
    assert len(dict(ended)) == len(ended)
    return dict(ended)


def test_each_task_has_one_outcome_and_is_done_once(engine: Engine, options: WorkOptions) -> None:
    tasks = make_tasks(options, "ok", "bad", "ok")
    assert statuses(engine(options, tasks)) == {"0": "done", "1": "failed", "2": "done"}
    written = [task.output.read_bytes() for task in tasks if task.output.exists()]
    assert [b'"dog"' in content for content in written] == [True, True]
    again = replace(options, run_id="later")
    assert statuses(engine(again, tasks)) == {"0": "skipped", "1": "failed", "2": "skipped"}
    assert sorted((options.folder / "starts").read_text().split()) == ["0.mp4", "1.mp4", "2.mp4"]
    assert [task.output.read_bytes() for task in tasks if task.output.exists()] == written


def test_a_full_disk_ends_the_run_and_what_is_done_is_kept(engine: Engine, options: WorkOptions) -> None:
    tasks = make_tasks(options, "ok", "full", "ok")
    with pytest.raises(OutputError, match="No space left on device"):
        statuses(engine(options, tasks))
    assert not tasks[1].output.exists()
    Path(tasks[1].shown).write_text("ok")
    later = statuses(engine(replace(options, run_id="later"), tasks))
    assert set(later.values()) <= {"done", "skipped"}
    assert len(later) == 3


def test_a_run_that_is_left_goes_on_where_it_was_left(engine: Engine, options: WorkOptions) -> None:
    tasks = make_tasks(options, "ok", "ok", "ok")
    with contextlib.closing(engine(options, tasks)) as events:
        first = next(event for event in events if isinstance(event, Outcome))
    assert first.status == "done"
    later = statuses(engine(replace(options, run_id="later"), tasks))
    assert later[first.task.output.stem] == "skipped"
    assert all(task.output.exists() for task in tasks)
