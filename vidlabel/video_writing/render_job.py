"""The job of a copy of a video with its labels burnt in, for the unit of work of batches."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import BinaryIO

from vidlabel.batch.job import DoTask, JobReport, Product, Task
from vidlabel.files import make_parents, publish, temporary_name
from vidlabel.paths import stat_video
from vidlabel.prediction.options import Listener
from vidlabel.profiling import Stopwatch
from vidlabel.video_writing.drawn import BandSegment, PeopleSettings
from vidlabel.video_writing.messages import OrderDone, Reached, RenderVideo
from vidlabel.video_writing.process import MEMORY_LIMIT, TIMEOUT_S, WriterLostError, run_order

_DRAWING = 1
"""To be raised when copies come to look otherwise, so that those of before are made again."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """Burn the labels of videos into copies of them."""

    segments: Mapping[str, tuple[BandSegment, ...]]
    """Of each video, by its path as given, in order of their starts."""
    people: PeopleSettings | None
    """How people are looked for, who are drawn, too; None: they are not."""

    @property
    def conditions(self) -> str:
        """No option decides whether there is a copy."""
        return ""

    @property
    def timeout_s(self) -> float:
        """Seconds without a sign of life until writing counts as hung."""
        return TIMEOUT_S

    def fingerprint(self, shown: str) -> str:
        """Hash of the video and of all that is drawn."""
        status = stat_video(shown)
        drawn = [astuple(segment) for segment in self.segments[shown]]
        people = None if self.people is None else astuple(self.people)
        facts = [_DRAWING, shown, status.st_size, status.st_mtime_ns, people, drawn]
        return hashlib.sha256(json.dumps(facts).encode("ascii")).hexdigest()[:32]

    def recognise(self, output: Path, fingerprint: str) -> JobReport | None:  # noqa: ARG002 - of the interface
        """Never: a video does not say what it was made of."""
        return None

    @contextlib.contextmanager
    def open(self, listener: Listener, stopwatch: Stopwatch, threads: int | None) -> Iterator[DoTask]:  # noqa: ARG002
        """Nothing is loaded here: each video has a process of its own."""
        yield lambda task: self._render(task, listener)

    def _render(self, task: Task, listener: Listener) -> Product:
        fingerprint = self.fingerprint(task.shown)
        # Not the name under which the unit of work writes: the whole file is put there at once.
        part = temporary_name(task.output.with_name(f"{task.output.name}.mp4"))
        # Links stay as they are, as for the decoding process.
        paths = os.path.abspath(task.shown), os.path.abspath(part)  # noqa: PTH100
        order = RenderVideo(*paths, self.segments[task.shown], self.people, MEMORY_LIMIT)
        make_parents(part)
        with contextlib.ExitStack() as undoing:
            undoing.callback(part.unlink, missing_ok=True)
            duration_s = _carry_out(order, task, listener)
            undoing.pop_all()

        def put(file: BinaryIO) -> None:
            """Give the file its place."""
            publish(part, Path(file.name))

        return Product(fingerprint, JobReport(duration=duration_s), put)


def _carry_out(order: RenderVideo, task: Task, listener: Listener) -> float:
    """Let a process write the copy.

    Returns:
        Seconds of video.
    """
    duration_s = 0.0
    with run_order(order, task.shown) as messages:
        for message in messages:
            listener.alive()
            if isinstance(message, Reached):
                duration_s = message.duration_s
                listener.progress(message.time_s, message.duration_s)
            elif isinstance(message, OrderDone):
                for warning in message.warnings:
                    listener.warn(f"{task.shown}: {warning}")
                return duration_s
    raise WriterLostError(task.shown, "the process that wrote it ended early", "try again")
