"""What every engine does: it delivers each task to a unit of work at least once, and passes on what happens.

Whether a task is done, skipped, tried again or given up is decided by the unit of work, from the disk.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Protocol

from vidlabel.batch.job import Task
from vidlabel.batch.plan import Outcome, WorkOptions
from vidlabel.profiling import Profile


@dataclass(frozen=True, slots=True)
class Working:
    """How far a worker has come in its video."""

    task: Task
    done_s: float
    """Seconds of video."""
    duration_s: float


@dataclass(frozen=True, slots=True)
class Warned:
    """A worker met something odd and goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class Profiled:
    """Where the time of a worker's last task went."""

    profile: Profile


Event = Working | Warned | Profiled | Outcome


class Engine(Protocol):
    """Runs units of work."""

    def __call__(self, options: WorkOptions, tasks: Sequence[Task]) -> Generator[Event, None, None]:
        """Bring all tasks to their ends.

        Args:
            options: what all tasks share.
            tasks: what is to be done.

        Yields:
            Progress as it comes, and one outcome a task, in the order in which they end. Closing the generator ends
            the work, and leaves no process.

        Raises:
            OutputError: the output folder cannot be written; what is done is kept.
            UsageError, ModelFileError, InstallationError: the job cannot be loaded.
        """
