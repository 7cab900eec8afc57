"""A worker process: takes tasks from standard input, one at a time, and answers on standard output.

It is a process of its own because native code can end or block a process in ways that no exception handler sees. It
ends itself when its run has gone, and when a video makes no progress for too long.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import BinaryIO

from vidlabel.batch.engines.messages import (
    Profiled,
    Stopped,
    TaskFinished,
    Warned,
    WorkerProgress,
    WorkerReady,
    read_options,
    read_tasks,
    write_message,
)
from vidlabel.batch.jobs.label import load_labeller
from vidlabel.batch.plan import Task, WorkOptions
from vidlabel.batch.unit import Label, run_one, work_watchdog
from vidlabel.child_process import OWNER_GONE, Watchdog, claim_standard_output
from vidlabel.errors import VidlabelError
from vidlabel.labels.result import Result
from vidlabel.prediction.options import Listener
from vidlabel.process import keep_freed_memory
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.isolation.pool import DecodePool

MakeLabel = Callable[[WorkOptions, Listener, Stopwatch], Label]
"""Loads what is needed to label videos."""


def serve(make_label: MakeLabel, incoming: BinaryIO, outgoing: BinaryIO) -> None:
    """Do tasks until there are no more.

    Args:
        make_label: loads the model and gives the function that labels one video.
        incoming: the options, then tasks.
        outgoing: messages.
    """
    options = read_options(incoming)
    watchdog = work_watchdog(options)
    stopwatch = Stopwatch() if options.profile else OFF
    tasks = _follow(incoming)

    try:
        label = make_label(options, _PipeListener(outgoing, watchdog), stopwatch)
        write_message(outgoing, WorkerReady())
        for task in tasks:
            outcome = run_one(options, task, label, stopwatch, watchdog)
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

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """Send it to the run."""
        self._watchdog.restart()
        write_message(self._outgoing, WorkerProgress(labelled_s, duration_s))

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


def label_videos(options: WorkOptions, listener: Listener, stopwatch: Stopwatch) -> Label:
    """Load the model once for all videos of this worker."""
    pool = DecodePool()  # Its processes end with this one, however that ends.
    labeller = load_labeller(options.predict, pool, options.threads, stopwatch)

    def label(shown: str) -> Result:
        """Label the video of this name."""
        return labeller.label(shown, listener)

    return label


def main() -> None:
    """Entry point of the process."""
    outgoing = claim_standard_output()
    keep_freed_memory()
    serve(label_videos, sys.stdin.buffer, outgoing)
    outgoing.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
