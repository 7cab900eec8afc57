"""A worker process: takes tasks from standard input, one at a time, and answers on standard output.

It is a process of its own because native code can end or block a process in ways that no exception handler sees. It
ends itself when its run has gone, and when a video makes no progress for too long.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from queue import SimpleQueue
from typing import BinaryIO

from vidlabel.batch.engines.base import Profiled, Warned
from vidlabel.batch.engines.messages import (
    Stopped,
    TaskFinished,
    WorkerProgress,
    WorkerReady,
    read_options,
    read_tasks,
    write_message,
)
from vidlabel.batch.job import DoTask, Task
from vidlabel.batch.plan import WorkOptions
from vidlabel.batch.unit import run_one, work_watchdog
from vidlabel.child_process import OWNER_GONE, Watchdog, claim_standard_output
from vidlabel.errors import VidlabelError
from vidlabel.prediction.options import Listener
from vidlabel.process import keep_freed_memory
from vidlabel.profiling import OFF, Stopwatch

OpenJob = Callable[[WorkOptions, Listener, Stopwatch], AbstractContextManager[DoTask]]
"""Loads what a job needs."""


def serve(open_job: OpenJob, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Do tasks until there are no more.

    Args:
        open_job: loads what the job needs and gives the function that does it on one video.
        incoming: the options, then tasks.
        outgoing: messages.
    """
    options = read_options(incoming)
    watchdog = work_watchdog(options)
    stopwatch = Stopwatch() if options.profile else OFF
    tasks = _follow(incoming)

    try:
        with open_job(options, _PipeListener(outgoing, watchdog), stopwatch) as do:
            write_message(outgoing, WorkerReady())
            for task in tasks:
                outcome = run_one(options, task, do, stopwatch, watchdog)
                if options.profile:
                    write_message(outgoing, Profiled(stopwatch.take()))
                write_message(outgoing, TaskFinished(outcome))
    except VidlabelError as error:
        write_message(outgoing, Stopped(type(error).__name__, error.subject, error.problem, error.remedy))


class _PipeListener:
    """Passes on to the run what happens in its worker."""

    def __init__(self, outgoing: BinaryIO, watchdog: Watchdog) -> None:
        self._outgoing = outgoing
        self._watchdog = watchdog

    def progress(self, done_s: float, duration_s: float) -> None:
        """Send it to the run."""
        self._watchdog.restart()
        write_message(self._outgoing, WorkerProgress(done_s, duration_s))

    def alive(self) -> None:
        """Restart the watchdog."""
        self._watchdog.restart()

    def warn(self, text: str) -> None:
        """Tell the run."""
        write_message(self._outgoing, Warned(text))


def _follow(incoming: BinaryIO) -> Iterator[Task]:
    """Tasks as they come; ends the process at once when the run goes away in the middle of one."""
    queue: SimpleQueue[Task | None] = SimpleQueue()
    idle = threading.Event()
    idle.set()

    def read() -> None:
        """Queue the tasks, in a thread: that the run is gone is seen while a video is labelled, too."""
        for task in read_tasks(incoming):
            queue.put(task)
        queue.put(None)
        if not idle.is_set():
            os._exit(OWNER_GONE)

    threading.Thread(target=read, daemon=True).start()
    while (task := queue.get()) is not None:
        idle.clear()
        yield task
        idle.set()


def open_job(options: WorkOptions, listener: Listener, stopwatch: Stopwatch) -> AbstractContextManager[DoTask]:
    """Load the job of a run."""
    return options.job.open(listener, stopwatch, options.threads)


def main() -> None:
    """Entry point of the process."""
    outgoing = claim_standard_output()
    keep_freed_memory()
    serve(open_job, sys.stdin.buffer, outgoing)
    outgoing.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
