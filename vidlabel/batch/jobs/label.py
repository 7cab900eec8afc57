"""Labels videos: the job, and one video labelled in this process and kept nowhere."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vidlabel.batch.job import DoTask, JobReport, Product, Task, damage_reason
from vidlabel.batch.plan import STANDARD_OUTPUT, Outcome
from vidlabel.batch.unit import outcome_of
from vidlabel.errors import AnnotationError, OutputError, UsageError, VidlabelError, details_of
from vidlabel.labels.formats.json_reader import parse_result
from vidlabel.labels.formats.registry import format_of
from vidlabel.labels.result import Result
from vidlabel.paths import stat_video
from vidlabel.prediction.fingerprint import fingerprint
from vidlabel.prediction.options import Listener, PredictOptions
from vidlabel.process import give_back_freed_memory
from vidlabel.profiling import OFF, Stopwatch
from vidlabel.video.isolation.pool import DecodePool

if TYPE_CHECKING:
    from vidlabel.prediction.labeller import Labeller


@dataclass(frozen=True, slots=True)
class LabelJob:
    """Label a video with one or more models."""

    predict: PredictOptions
    model_sha256s: tuple[str, ...]
    streams: tuple[str, ...] = ()
    """Of the models, as far as they are computed from videos."""

    @property
    def conditions(self) -> str:
        """The options that change no result, but whether there is one."""
        return f"timeout {self.predict.timeout:g}, require_gpu_decode {self.predict.require_gpu_decode}"

    @property
    def timeout_s(self) -> float:
        """Seconds without a sign of life until reading a video counts as hung."""
        return self.predict.timeout

    def fingerprint(self, shown: str) -> str:
        """Hash of the video, the models and the options that change the result."""
        return fingerprint(shown, self.model_sha256s, self.predict, self.streams)

    def recognise(self, output: Path, fingerprint: str) -> JobReport | None:
        """The outcome in a JSON result with this fingerprint; other formats carry none."""
        try:
            result = read_output(output)
        except AnnotationError:
            return None
        return report_of(result) if result.run.fingerprint == fingerprint else None

    @contextlib.contextmanager
    def open(self, listener: Listener, stopwatch: Stopwatch, threads: int | None) -> Iterator[DoTask]:
        """Load the models and start a decoding process."""
        with DecodePool() as pool:
            labeller = load_labeller(self.predict, pool, threads, stopwatch)
            yield lambda task: product_of(labeller.label(task.shown, listener), task.output)


def product_of(result: Result, output: Path) -> Product:
    """A result in the format that the name of its file asks for."""
    return Product(result.run.fingerprint, report_of(result), lambda file: format_of(output).write(result, file))


def report_of(result: Result) -> JobReport:
    """How labelling went."""
    run = result.run
    reason = damage_reason(result.video.path, run.decode_errors, run.decoded_ratio)
    return JobReport(result.status == "partial", reason, result.video.duration, run.samples, run.decode_errors)


def read_output(path: Path) -> Result:
    """Read back the JSON of one video.

    Raises:
        AnnotationError: it is not a result.
    """
    try:
        with path.open("rb") as file:
            return parse_result(file.read(), str(path))
    except OSError as error:
        raise AnnotationError(path, f"cannot be read ({error.strerror})", "check its permissions") from error


def label_one(
    shown: str, predict: PredictOptions, listener: Listener, stopwatch: Stopwatch = OFF, *, strict: bool = False
) -> tuple[Outcome, Result | None]:
    """Label one video, keeping nothing: no unit of work, whose results are read back from files.

    With the scores of an hour of video that took 370 MB of memory and 2.6 s more.

    Args:
        shown: its path as given.
        predict: how it is labelled.
        listener: follows the progress.
        stopwatch: takes the time of the phases.
        strict: whether a partly decoded video counts as failed.

    Returns:
        How it went, and the result unless it failed.

    Raises:
        UsageError: an option that this machine or model cannot meet.
        ModelFileError: the model cannot be used.
    """
    task = Task(shown, STANDARD_OUTPUT)
    stat_video(shown)  # Reports a missing file before the model is loaded.
    with DecodePool() as pool:
        labeller = load_labeller(predict, pool, stopwatch=stopwatch, first=shown)
        try:
            result = labeller.label(shown, listener)
        except (OutputError, UsageError):
            raise
        except VidlabelError as error:
            return Outcome(task, "failed", str(error), details=details_of(error)), None
    report = report_of(result)
    if report.partial and strict:
        return Outcome(task, "failed", report.reason), None
    return outcome_of(task, report), result


def load_labeller(
    options: PredictOptions,
    pool: DecodePool,
    threads: int | None = None,
    stopwatch: Stopwatch = OFF,
    first: str | None = None,
) -> Labeller:
    """Load the models, as `Labeller`, and start a decoding process, which loads its libraries meanwhile.

    The garbage collector is off until then, and never looks at what was loaded again: importing torch, where it runs
    the encoders, makes hundreds of thousands of objects that all stay, and looking at them over and over takes a tenth
    of the second that it lasts. Memory that loading has freed goes back to the system. Both concern all of the process,
    so only a program's start may call this.

    Raises:
        UsageError, ModelFileError, InstallationError: as `Labeller`.
    """
    pool.start()
    gc.disable()
    try:
        # Imported here: a video that is done already needs nothing of it.
        from vidlabel.prediction.labeller import Labeller

        labeller = Labeller(options, pool, threads, stopwatch, first=first)
        give_back_freed_memory()
        return labeller
    finally:
        gc.freeze()
        gc.enable()
