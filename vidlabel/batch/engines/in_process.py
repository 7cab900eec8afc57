"""Runs tasks in this process, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

from vidlabel.batch.engines.base import Event
from vidlabel.batch.job import Task
from vidlabel.batch.plan import WorkOptions
from vidlabel.batch.unit import run_one
from vidlabel.prediction.options import Listener
from vidlabel.profiling import OFF, Stopwatch


@dataclass(frozen=True, slots=True)
class InProcess:
    """The engine for a job that is loaded in this process.

    Progress and warnings go to the listener at once. A video that ends the process ends the run; the next run goes on
    from there.
    """

    listener: Listener
    stopwatch: Stopwatch = OFF

    def __call__(self, options: WorkOptions, tasks: Sequence[Task]) -> Generator[Event, None, None]:
        """As `Engine`."""
        with options.job.open(self.listener, self.stopwatch, options.threads) as do:
            for task in tasks:
                yield run_one(options, task, do, self.stopwatch)
