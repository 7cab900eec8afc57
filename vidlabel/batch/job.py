"""What a unit of work knows of its job, such as to label a video or to compute its features."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from vidlabel.errors import InputError
from vidlabel.prediction.options import Listener
from vidlabel.profiling import Stopwatch


@dataclass(frozen=True, slots=True)
class Task:
    """One video and the file that is made of it."""

    shown: str
    """Path of the video as the user gave it."""
    output: Path


@dataclass(frozen=True, slots=True)
class JobReport:
    """How a job on one video went."""

    partial: bool = False
    """Whether some of the video could not be decoded."""
    reason: str = ""
    """What is partial about it, one line."""
    duration: float = 0.0
    """Seconds of video."""
    samples: int = 0
    decode_errors: int = 0


def damage_reason(shown: str, decode_errors: int, decoded_ratio: float) -> str:
    """One line that says how much of a partly decoded video is missing; empty for one that was decoded as a whole."""
    if decode_errors == 0 and decoded_ratio == 1:
        return ""
    missing = 100 * (1 - decoded_ratio)
    return str(InputError(shown, f"is damaged: {decode_errors} decode errors, {missing:.1f} % of its time not decoded"))


@dataclass(frozen=True, slots=True)
class Product:
    """What a job made of one video, to be written."""

    fingerprint: str
    """Of the video as it was when it was read."""
    report: JobReport
    write: Callable[[BinaryIO], None]
    """Puts the content into an open file."""


DoTask = Callable[[Task], Product]
"""Does the job on one video; raises VidlabelError for a video that it cannot be done on."""


class Job(Protocol):
    """What is done to each video of a run. A frozen dataclass, which goes to worker processes as JSON."""

    @property
    def conditions(self) -> str:
        """The options that change no output, but whether there is one."""

    @property
    def timeout_s(self) -> float:
        """Seconds without a sign of life until reading a video counts as hung."""

    def fingerprint(self, shown: str) -> str:
        """Hash of all that the output depends on: the video, the model, the options.

        Raises:
            VideoError: the video is not there, or cannot be looked at.
        """

    def recognise(self, output: Path, fingerprint: str) -> JobReport | None:
        """How the job went that wrote a file, if the file itself holds this fingerprint."""

    def open(self, listener: Listener, stopwatch: Stopwatch, threads: int | None) -> AbstractContextManager[DoTask]:
        """Load what is needed once for all videos.

        Args:
            listener: follows the progress.
            stopwatch: takes the time of the phases.
            threads: cores for each video; None: all that there are.

        Raises:
            UsageError, ModelFileError, InstallationError: it cannot be loaded.
        """
