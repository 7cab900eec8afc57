"""Cuts the segments of results out of their videos, each into a file of its own."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from os import PathLike
from pathlib import Path
from typing import Literal

from vidlabel.errors import AnnotationError, OutputError, UsageError, VideoError, VidlabelError
from vidlabel.files import publish, remove_leftovers, temporary_name
from vidlabel.labels.annotations import composed
from vidlabel.paths import exists, is_folder, reason_of
from vidlabel.video.video_finder import VideoFinder
from vidlabel.video_writing.clip_names import Clip, clip_names
from vidlabel.video_writing.labelled_segments import LabelledSegment, ReadResults, read_results
from vidlabel.video_writing.messages import ClipOrder, CutVideo, NotWritten, OrderDone, Written
from vidlabel.video_writing.process import MEMORY_LIMIT, WriterLostError, error_of, run_order

CutStatus = Literal["copied", "encoded", "skipped", "failed"]

_LONGEST_MARGIN_S = 3600.0


@dataclass(frozen=True, slots=True)
class CutClip:
    """A clip that was asked for, and what came of it."""

    path: Path
    video: Path
    start: float
    """Seconds from the first presented frame, the margin included."""
    end: float
    label: str
    status: CutStatus
    """`copied`: its pictures are those of the video, bit for bit; `skipped`: the file was there already."""
    reason: str = ""
    """One line: why it was skipped or failed, or what is damaged in it."""


@dataclass(frozen=True, slots=True)
class CutPlan:
    """What is to be cut."""

    clips: tuple[tuple[Clip, Path], ...]
    """With their files, the clips of each video together."""
    errors: tuple[VidlabelError, ...]
    """Results, videos and segments that cannot be used; the rest is there."""


@dataclass(frozen=True, slots=True)
class CutOptions:
    """How segments are cut.

    Raises:
        UsageError: a value is out of range.
    """

    labels: tuple[str, ...] = ()
    """Those to be cut; none: all."""
    videos: Path | None = None
    """Folder that the videos were moved to."""
    margin: float = 0.0
    """Seconds before and after each segment."""
    overwrite: bool = False
    """Whether files that are there are replaced."""

    def __post_init__(self) -> None:
        if not 0 <= self.margin <= _LONGEST_MARGIN_S:
            raise UsageError("--margin", f"{self.margin:g} is not possible", f"give 0 to {_LONGEST_MARGIN_S:g} seconds")


def cut(
    results: str | PathLike[str] | Sequence[str | PathLike[str]],
    output: str | PathLike[str],
    labels: str | Sequence[str] = (),
    *,
    videos: str | PathLike[str] | None = None,
    margin: float = 0.0,
    overwrite: bool = False,
) -> list[CutClip]:
    """Cut the segments of results out of their videos, each into an MP4 of its own.

    A clip holds the frames from its start on, and before its end, to the millisecond. Pictures are copied as they are
    where a key frame lies within half a frame of the start and nothing after the end is needed; else they are encoded
    anew. Sound is cut at the same times.

    Args:
        results: what `predict` wrote, files or folders; or tables of labels.
        output: folder of the clips, which are named by video, times and label.
        labels: those to be cut; none: all.
        videos: folder that the videos were moved to; None: where the results say.
        margin: seconds before and after each segment.
        overwrite: replace clips that are there; else they are skipped.

    Returns:
        Each clip, and what came of it.

    Raises:
        InputError: the results cannot be read, hold no such label, or none of their videos is there.
        OutputError: the folder cannot be written.
        UsageError: an argument is invalid.

    Example:
        >>> clips = vidlabel.cut("falls.csv", "clips/", "fall", margin=0.5)
        >>> clips[0].path.name, clips[0].status
        ('clip_0001.000-0003.000_fall.mp4', 'encoded')
    """
    names = (labels,) if isinstance(labels, str) else tuple(labels)
    options = CutOptions(names, None if videos is None else Path(videos), margin, overwrite)
    given = [results] if isinstance(results, str | PathLike) else list(results)
    plan = plan_cut([Path(one) for one in given], Path(output), options)
    if plan.errors and not plan.clips:
        raise plan.errors[0]
    return list(cut_clips(plan, Path(output), options))


def plan_cut(results: Sequence[Path], output: Path, options: CutOptions) -> CutPlan:
    """Decide which clips are cut and how they are called.

    Raises:
        UsageError: the output is no folder.
        AnnotationError: the results cannot be read, or no segment has a label that was asked for.
    """
    if exists(output) and not is_folder(output):
        raise UsageError(output, "is a file where a folder is needed", "give a folder with -o")
    read = read_results(results)
    errors: list[VidlabelError] = list(read.errors)
    wanted = _wanted(read, options, errors)
    finder = VideoFinder(options.videos)
    missing: dict[str, VideoError] = {}
    clips: dict[Clip, None] = {}
    for segment in wanted:
        try:
            video = finder.find(segment.row.video, (Path(), segment.source.parent))
            clips[_clip(segment, video, options.margin)] = None
        except VideoError as error:
            missing.setdefault(str(error), error)
    ordered = sorted(clips, key=lambda clip: (os.fspath(clip.video), clip.start_ms, clip.end_ms, clip.label))
    files = [output / name for name in clip_names(ordered)]
    return CutPlan(tuple(zip(ordered, files, strict=True)), (*errors, *missing.values()))


def _wanted(read: ReadResults, options: CutOptions, errors: list[VidlabelError]) -> list[LabelledSegment]:
    """The segments that carry a label that was asked for, and times."""
    labels = [composed(label) for label in options.labels]
    known = {segment.row.label for segment in read.segments}
    missing = [label for label in labels if label not in known]
    unknown = [AnnotationError("--label", f"no segment is called {label!r}", _known(known)) for label in missing]
    if labels and len(unknown) == len(labels):
        raise unknown[0]
    errors += unknown
    chosen = [segment for segment in read.segments if not labels or segment.row.label in labels]
    timed = [one for one in chosen if one.row.start is not None and (one.row.kind == "segment" or options.margin)]
    if len(timed) < len(chosen):
        problem = f"{len(chosen) - len(timed)} labels are of whole videos or of single points in time, and not cut"
        errors.append(AnnotationError("results", problem, "points are cut with --margin"))
    return timed


def _known(labels: Iterable[str]) -> str:
    names = sorted(labels)
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    return f"there are {shown}" if names else "there are no segments"


def _clip(segment: LabelledSegment, video: Path, margin: float) -> Clip:
    start, end = segment.row.start or 0.0, segment.row.end or 0.0
    return Clip(video, max(0, round((start - margin) * 1000)), round((end + margin) * 1000), segment.row.label)


def cut_clips(plan: CutPlan, output: Path, options: CutOptions) -> Generator[CutClip, None, None]:
    """Cut clips, video after video; one that fails does not end the others.

    Yields:
        Each clip, when it is written, skipped, or has failed.

    Raises:
        OutputError: the folder cannot be written.
    """
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(output, f"cannot be made ({reason_of(error)})", "choose another place with -o") from error
    remove_leftovers([output])
    for video, group in groupby(plan.clips, key=lambda one: one[0].video):
        waiting: list[tuple[Clip, Path]] = []
        for clip, path in group:
            if os.path.lexists(path) and not options.overwrite:
                yield _ended(clip, path, "skipped", f"{path}: exists; --overwrite replaces it")
            elif _is_same(path, video):
                yield _ended(clip, path, "failed", f"{path}: is the video itself; choose another folder with -o")
            else:
                waiting.append((clip, path))
        yield from _cut_video(video, waiting)


def _is_same(path: Path, video: Path) -> bool:
    try:
        return path.samefile(video)
    except OSError:
        return False


def _cut_video(video: Path, clips: Sequence[tuple[Clip, Path]]) -> Iterator[CutClip]:
    """Cut clips out of one video; where the process dies, a new one goes on after the clip that it died at."""
    left = list(clips)
    while left:
        try:
            for ended in _run(video, left):
                left.pop(0)
                yield ended
        except OutputError:
            raise
        except WriterLostError as error:
            clip, path = left.pop(0)
            yield _ended(clip, path, "failed", str(error))
        except VidlabelError as error:
            for clip, path in left:
                yield _ended(clip, path, "failed", str(error))
            return


def _run(video: Path, clips: Sequence[tuple[Clip, Path]]) -> Iterator[CutClip]:
    """Cut clips in one process, and give each its name once it is whole."""
    parts = [temporary_name(path) for _, path in clips]
    # Links stay as they are, as for the decoding process.
    orders = [
        ClipOrder(clip.start_ms, clip.end_ms, os.path.abspath(part))  # noqa: PTH100
        for (clip, _), part in zip(clips, parts, strict=True)
    ]
    order = CutVideo(os.path.abspath(video), tuple(orders), MEMORY_LIMIT)  # noqa: PTH100
    waiting = list(zip(clips, parts, strict=True))
    try:
        with run_order(order, os.fspath(video)) as messages:
            for message in messages:
                if isinstance(message, OrderDone) or not waiting:
                    break
                (clip, path), part = waiting[0]
                if isinstance(message, NotWritten):
                    error = error_of(message.kind, os.fspath(video), message.problem, message.remedy)
                    part.unlink(missing_ok=True)
                    ended = _ended(clip, path, "failed", str(error))
                elif isinstance(message, Written):
                    publish(part, path)
                    ended = _ended(clip, path, "copied" if message.copied else "encoded", "; ".join(message.warnings))
                else:
                    continue
                waiting.pop(0)
                yield ended
            if waiting:
                raise WriterLostError(video, "the process that wrote it left clips out", "try again")
    finally:
        for part in parts:
            part.unlink(missing_ok=True)


def _ended(clip: Clip, path: Path, status: CutStatus, reason: str = "") -> CutClip:
    return CutClip(path, clip.video, clip.start_s, clip.end_s, clip.label, status, reason)
