"""Runs tasks in worker processes on this machine.

Own processes with a pipe each: after a lost worker `multiprocessing.Pool` was measured to wait for ever, and
`ProcessPoolExecutor` to lose the tasks that were queued.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue

from vidlabel import errors
from vidlabel.batch.engines.base import Event, Profiled, Warned, Working
from vidlabel.batch.engines.messages import (
    Message,
    Stopped,
    TaskFinished,
    WorkerProgress,
    WorkerReady,
    encode,
    read_messages,
)
from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.batch.unit import record_crash, take_back_start
from vidlabel.child_process import SINGLE_THREADED, ChildProcess, start_command
from vidlabel.errors import OutputError, VidlabelError
from vidlabel.process import available_cores, available_memory

WORKER_BYTES = 600 << 20
"""Memory that one worker with its decoder takes at most."""

MOST_DEAD_STARTS = 3
"""Workers that may end before they took a task, one after the other, until the run is given up."""

KILL_AFTER_S = 1.0
"""Seconds that workers get to end by themselves when the run is broken off."""


@dataclass(frozen=True, slots=True)
class LocalWorkers:
    """The engine of worker processes on this machine; it sees when one ends, and starts another.

    Raises, when it runs, also:
        VidlabelError: the workers cannot start.
    """

    workers: int
    """How many processes, 1 or more."""
    command: tuple[str, ...] = ()
    """What starts a worker; empty: vidlabel's own."""

    def __call__(self, options: WorkOptions, tasks: Sequence[Task]) -> Generator[Event, None, None]:
        """As `Engine`."""
        workers = min(self.workers, len(tasks))
        shared = replace(options, threads=max(1, available_cores() // max(1, workers)))
        run = _Run(shared, tasks, self.command or start_command("vidlabel.batch.engines.worker"))
        try:
            run.start_workers(workers)
            yield from run.events()
        finally:
            run.end_workers()


def default_workers() -> int:
    """How many videos to label side by side: one for each core that this process may use, as far as the memory goes."""
    return max(1, min(available_cores(), available_memory() // WORKER_BYTES))


class _Worker:
    """One process and the task it has in hand."""

    def __init__(
        self, command: Sequence[str], options: WorkOptions, inbox: SimpleQueue[tuple[_Worker, Message | None]]
    ) -> None:
        self.task: Task | None = None
        self.ready = False
        self.stderr_tail = ""
        self.exit_status: int | None = None
        self._child = ChildProcess(command, SINGLE_THREADED)
        self._inbox = inbox
        self._child.send(encode(options))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def give(self, task: Task) -> None:
        """Hand over a task."""
        self.task = task
        self._child.send(encode(task))

    def _listen(self) -> None:
        for message in read_messages(self._child.stdout):
            self._inbox.put((self, message))
        self._inbox.put((self, None))

    def let_go(self) -> None:
        """Tell the process that there is no more to do."""
        self._child.close_stdin()

    def close(self, deadline: float) -> None:
        """Wait for the end of the process, and end it if it has not come by then (`time.monotonic`)."""
        self.exit_status = self._child.end(deadline)
        self._listener.join()
        self.stderr_tail = self._child.stderr_tail()
        self._child.close()


class _Run:
    """The workers and the tasks of one run."""

    def __init__(self, options: WorkOptions, tasks: Sequence[Task], command: Sequence[str]) -> None:
        self._options = options
        self._command = command
        self._waiting = deque(tasks)
        self._left = len(tasks)
        self._workers: list[_Worker] = []
        self._inbox: SimpleQueue[tuple[_Worker, Message | None]] = SimpleQueue()
        self._dead_starts = 0

    def start_workers(self, count: int) -> None:
        """Start this many, besides those that run."""
        for _ in range(count):
            self._workers.append(_Worker(self._command, self._options, self._inbox))

    def end_workers(self) -> None:
        """End all of them: they are asked to end, and killed where that takes long."""
        for worker in self._workers:
            worker.let_go()
        deadline = time.monotonic() + KILL_AFTER_S  # for all of them together
        for worker in self._workers:
            worker.close(deadline)
            if worker.task is not None:
                take_back_start(self._options, worker.task)
        self._workers.clear()

    def events(self) -> Iterator[Event]:
        """What happens, as it comes, until no task is left."""
        while self._left:
            try:
                # A wait without end could not be broken off by Ctrl-C on Windows.
                worker, message = self._inbox.get(timeout=1.0)
            except Empty:
                continue
            event = self._handle_exit(worker) if message is None else self._take(worker, message)
            if isinstance(event, Outcome):
                self._left -= 1
            if event is not None:
                yield event

    def _take(self, worker: _Worker, message: Message) -> Event | None:
        match message:
            case WorkerReady():
                self._dead_starts = 0
                worker.ready = True
                self._next(worker)
            case WorkerProgress() if worker.task is not None:
                return Working(worker.task, message.done_s, message.duration_s)
            case Warned() | Profiled():
                return message
            case TaskFinished(outcome):
                self._next(worker)
                return outcome
            case Stopped():
                raise _error_of(message)
        return None

    def _next(self, worker: _Worker) -> None:
        worker.task = None
        if self._waiting:
            worker.give(self._waiting.popleft())

    def _handle_exit(self, worker: _Worker) -> Outcome | None:
        """A worker has ended: note it, put its task back or give it up, and start another."""
        self._workers.remove(worker)
        worker.let_go()
        worker.close(time.monotonic() + KILL_AFTER_S)
        outcome = None
        if worker.task is not None:
            outcome = record_crash(self._options, worker.task, _how_it_ended(worker), worker.stderr_tail)
            if outcome is None:
                self._waiting.append(worker.task)
        elif not worker.ready:
            self._dead_starts += 1
            if self._dead_starts >= MOST_DEAD_STARTS:
                raise VidlabelError("worker", f"does not start: {_how_it_ended(worker)}", "try --workers 1 and --debug")
        if self._waiting:
            self.start_workers(1)
        return outcome


def _how_it_ended(worker: _Worker) -> str:
    status = worker.exit_status or 0
    words = worker.stderr_tail
    if "Timeout (" in words:
        return "no progress for too long"
    last = words.strip().splitlines()[-1:] or [""]
    ended = f"signal {-status}" if status < 0 else f"exit status {status}"
    return f"its process ended with {ended}" + (f", saying {last[0][:200]}" if last[0] else "")


def _error_of(message: Stopped) -> VidlabelError:
    kind = getattr(errors, message.kind, OutputError)
    error: VidlabelError = kind(message.subject, message.problem, message.remedy)
    return error
