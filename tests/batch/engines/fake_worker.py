"""A worker that labels nothing: what a file holds tells what happens to the worker that takes it.

`ok` is labelled; `bad` cannot be; `die` ends the process by a signal, `exit` with a status; `hang` holds the
interpreter lock in native code for ever; `die once` ends the process the first time only; `stop` halts it; `full`
finds the disk full.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from examples import example_result
from vidlabel.batch.engines.worker import serve
from vidlabel.batch.job import DoTask, Product, Task
from vidlabel.batch.jobs.label import product_of
from vidlabel.batch.plan import WorkOptions
from vidlabel.errors import OutputError, VideoError
from vidlabel.prediction.options import Listener
from vidlabel.profiling import Stopwatch


@contextlib.contextmanager
def open_job(options: WorkOptions, listener: Listener, stopwatch: Stopwatch) -> Iterator[DoTask]:
    def label(task: Task) -> Product:
        with (options.folder / "starts").open("a") as log:
            log.write(f"{Path(task.shown).name}\n")
        listener.progress(0.0, 4.0)
        _act(Path(task.shown), options)
        return product_of(example_result(task.shown, fingerprint=options.job.fingerprint(task.shown)), task.output)

    yield label


def _act(path: Path, options: WorkOptions) -> None:
    match path.read_text():
        case "bad":
            raise VideoError(path, "has no pictures", "look at it")
        case "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "die once" if (options.folder / "starts").read_text().count(path.name) == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "exit":
            os._exit(7)
        case "hang":
            # The process's own deadline is over a minute away; this one is the same call with a shorter time.
            faulthandler.dump_traceback_later(0.5, exit=True)
            ctypes.PyDLL(None).pause()
        case "full":
            raise OutputError(options.folder, "cannot be written (No space left on device)", "free some space")


if __name__ == "__main__":
    serve(open_job, sys.stdin.buffer, sys.stdout.buffer)
