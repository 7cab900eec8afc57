"""Runs `vidlabel predict --render`: copies of videos with what was found burnt in."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidlabel.batch.engines.base import Event
from vidlabel.batch.engines.in_process import InProcess
from vidlabel.batch.inputs import Inputs
from vidlabel.batch.job import Task
from vidlabel.batch.output_paths import has_ending, plan_outputs
from vidlabel.batch.plan import STANDARD_OUTPUT, Outcome, WorkOptions
from vidlabel.batch.run import folder_tasks, run_file, run_folder
from vidlabel.cli.console import print_error, print_line
from vidlabel.cli.render.progress import Progress
from vidlabel.cli.run.batch import run_batch
from vidlabel.errors import DONE, INTERRUPTED, SOME_FAILED, InputError, UsageError
from vidlabel.heads.bundled_models import find_model
from vidlabel.heads.model_file import read_spec
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.registry import format_of, read_label_table
from vidlabel.labels.result import Result
from vidlabel.paths import exists, is_folder, real_path
from vidlabel.prediction.chosen_models import chosen_names
from vidlabel.prediction.options import PredictOptions
from vidlabel.profiling import Stopwatch
from vidlabel.video_writing.drawn import BandSegment, PeopleSettings
from vidlabel.video_writing.render_job import RenderJob

_SUFFIX = ".mp4"


@dataclass(frozen=True, slots=True)
class RenderDestination:
    """Where copies of videos go."""

    path: Path
    is_file: bool
    """Whether it is the one file of the one video; else a folder."""


def choose_render_destination(
    render: str, arguments: Sequence[str], inputs: Inputs, output: str | None
) -> RenderDestination:
    """Decide where copies go.

    Args:
        render: `--render`.
        arguments: what the command was given; no copy goes into a folder among them.
        inputs: the videos.
        output: `-o`, or None.

    Raises:
        UsageError: one file for several videos, a name that no MP4 has, or the name of a video or of the labels.
    """
    if not render:
        raise UsageError("--render", "is empty", "give a file that ends with .mp4, or a folder")
    path = Path(render)
    if is_folder(path) or render.endswith(("/", "\\")) or not has_ending(path):
        if exists(path) and not is_folder(path):
            raise UsageError("--render", f"{render} is a file where a folder is needed", "give a folder")
        _check_folder(path, arguments, inputs)
        return RenderDestination(path, False)
    if path.suffix.lower() != _SUFFIX:
        raise UsageError("--render", f"{render} does not end with .mp4", "end it so, or with / for a folder")
    if len(inputs.videos) + inputs.refused > 1:
        raise UsageError("--render", f"{render} can hold one video, not {len(inputs.videos)}", "give a folder")
    for video in inputs.videos:
        _refuse_same(path, video.path, "the video itself")
    if output is not None:
        _refuse_same(path, Path(output), "the file of the labels")
    return RenderDestination(path, True)


def _check_folder(folder: Path, arguments: Sequence[str], inputs: Inputs) -> None:
    """Refuse a folder in which the next run would find the copies as videos, or in which a video would be replaced."""
    real = real_path(folder)
    for argument in arguments:
        searched = real_path(argument)
        if is_folder(argument) and (real == searched or real.startswith(os.path.join(searched, ""))):  # noqa: PTH118
            problem = f"{folder} lies in {argument}, where the next run would label the copies, too"
            raise UsageError("--render", problem, "give another folder")
    videos = {identity for video in inputs.videos if (identity := _identity(video.path)) is not None}
    for path in plan_outputs(inputs.videos, folder, _SUFFIX):
        if _identity(path) in videos:
            raise UsageError("--render", f"{path} is one of the videos", "give another folder")


def _refuse_same(path: Path, other: Path, what: str) -> None:
    identity = _identity(path)
    if real_path(path) == real_path(other) or (identity is not None and identity == _identity(other)):
        raise UsageError("--render", f"{path} is {what}", "give another name")


def _identity(path: Path) -> tuple[int, int] | None:
    """Device and number of a file, whatever it is called; None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino


@dataclass(slots=True)
class Rendering:
    """Keeps what was found in each video while it is labelled, and burns it into copies of the videos."""

    destination: RenderDestination
    segments: dict[str, tuple[BandSegment, ...]] = field(default_factory=dict)
    """By the path of the video as given."""
    _files: dict[str, Path] = field(default_factory=dict)

    def follow(self, events: Iterable[Event]) -> Iterator[Event]:
        """Pass events on, and look at them."""
        for event in events:
            if isinstance(event, Outcome) and event.status != "failed" and event.task.output != STANDARD_OUTPUT:
                self._files[event.task.shown] = event.task.output
            yield event

    def take(self, result: Result) -> None:
        """Keep a result that goes to no file."""
        self.segments[result.video.path] = _sorted(
            BandSegment(round(1000 * own.start), round(1000 * own.end), own.label, own.model or "", own.score)
            for own in result.segments
        )

    def run(
        self,
        inputs: Inputs,
        options: PredictOptions,
        *,
        overwrite: bool,
        retry_failed: bool,
        quiet: bool,
        debug: bool,
    ) -> int:
        """Burn what was found into copies.

        Returns:
            The exit status; of a failure the one for labels that are written.
        """
        errors = self.read_files()
        for error in errors:
            print_error(error)
        labelled = Inputs(tuple(video for video in inputs.videos if video.shown in self.segments))
        if not quiet and labelled.videos:
            print_line(f"writing copies with labels: {self.destination.path}")
        job = RenderJob(self.segments, _people_settings(options))
        folder = self.destination.path.parent if self.destination.is_file else self.destination.path
        work = WorkOptions(folder, job, overwrite=overwrite, retry_failed=retry_failed)

        def begin(progress: Progress, stopwatch: Stopwatch) -> Iterator[Event]:
            """Render them one after the other: an encoder uses all cores."""
            engine = InProcess(progress, stopwatch)
            if self.destination.is_file:
                yield from run_file(Task(labelled.videos[0].shown, self.destination.path), work, engine)
            else:
                yield from run_folder(folder_tasks(labelled.videos, _SUFFIX, work), work, engine)

        status = run_batch(labelled, begin, summary=None, quiet=quiet, debug=debug) if labelled.videos else SOME_FAILED
        if status == INTERRUPTED:
            return INTERRUPTED
        return SOME_FAILED if status != DONE or errors else DONE

    def read_files(self) -> list[InputError]:
        """Read the labels that went to files.

        Returns:
            What cannot be read.
        """
        errors: list[InputError] = []
        tables: dict[Path, tuple[Annotation, ...]] = {}
        for shown, path in self._files.items():
            try:
                rows = tables[path] if path in tables else read_label_table(path).rows
            except InputError as error:
                errors.append(error)
                continue
            tables = {path: rows}
            holds_many = format_of(path).holds_many
            self.segments[shown] = _sorted(_band_segment(row) for row in rows if row.video == shown or not holds_many)
        return errors


def _band_segment(row: Annotation) -> BandSegment:
    start, end = row.start or 0.0, row.end or 0.0
    return BandSegment(round(1000 * start), round(1000 * end), row.label, row.annotator or "", row.score)


def _sorted(segments: Iterable[BandSegment]) -> tuple[BandSegment, ...]:
    return tuple(sorted(segments, key=lambda segment: (segment.start_ms, segment.end_ms, segment.label)))


def _people_settings(options: PredictOptions) -> PeopleSettings | None:
    """How the first model that uses people samples videos; None where none does."""
    for name in chosen_names(options).files:
        spec = read_spec(find_model(name))
        for stream in spec.streams:
            if stream.name == "pose" and stream.pictures is not None:
                return PeopleSettings(options.rate or spec.rate, stream.pictures.short_side)
    return None
