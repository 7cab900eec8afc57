"""A worker process: takes tasks from standard input, one at a time, and answers on standard output.

It is a process of its own because native code can end or block a process in ways that no exception handler sees. It
ends itself when its run has gone, and when a video makes no progress for too long.
"""

from __future__ import annotations

import faulthandler
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
from vidlabel.batch.unit import Label, run_one
from vidlabel.errors import VidlabelError
from vidlabel.labels.result import Result
from vidlabel.prediction.options import Listener
from vidlabel.process import keep_freed_memory
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.isolation.pool import DecodePool

COLD_START_S = 60.0
"""Grace for the first pictures: a first call of torch on a busy machine was measured at over 6 s."""

GONE = 3
"""Exit status of a worker whose run has gone."""

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
    deadline = Deadline(options.predict.timeout)
    stopwatch = Stopwatch() if options.profile else OFF
    tasks = _follow(incoming)

    try:
        label = make_label(options, _PipeListener(outgoing, deadline), stopwatch)
        write_message(outgoing, WorkerReady())
        for task in tasks:
            with deadline:
                outcome = run_one(options, task, label, stopwatch)
            if options.profile:
                write_message(outgoing, Profiled(stopwatch.take()))
            write_message(outgoing, TaskFinished(outcome))
    except VidlabelError as error:
        write_message(outgoing, Stopped(type(error).__name__, error.subject, error.problem, error.remedy))


class Deadline:
    """Ends this process when no progress is reported in time.

    `faulthandler` does it from a thread in C which needs no interpreter lock: signals and Python threads do not run
    while native code holds the lock.

    Args:
        timeout_s: seconds without progress.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s

    def __enter__(self) -> None:
        # The reading of a video has its own, shorter deadline; this one is for everything else.
        faulthandler.dump_traceback_later(2 * self._timeout_s + COLD_START_S, exit=True)

    def extend(self) -> None:
        """Start anew: there was progress."""
        faulthandler.dump_traceback_later(2 * self._timeout_s + COLD_START_S, exit=True)

    def __exit__(self, *_: object) -> None:
        faulthandler.cancel_dump_traceback_later()


class _PipeListener:
    """Passes on to the run what happens in its worker."""

    def __init__(self, outgoing: BinaryIO, deadline: Deadline) -> None:
        self._outgoing = outgoing
        self._deadline = deadline

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """Tell the run, and start the deadline anew."""
        self._deadline.extend()
        write_message(self._outgoing, WorkerProgress(labelled_s, duration_s))

    def alive(self) -> None:
        """Start the deadline anew."""
        self._deadline.extend()

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
            os._exit(GONE)

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
    # Libraries print to standard output at will; the messages get a descriptor of their own.
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    keep_freed_memory()
    serve(label_videos, sys.stdin.buffer, outgoing)
    outgoing.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
