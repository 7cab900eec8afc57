"""From results to a report: `vidlabel.write_report`."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from os import PathLike, fspath
from pathlib import Path
from typing import Protocol

from vidlabel.errors import InputError, UsageError, VideoError, VidlabelError
from vidlabel.files import atomic_write
from vidlabel.paths import real_path
from vidlabel.report.results.content import ReportVideo, joined, with_duration, without_truth_names
from vidlabel.report.results.page import BEGINNING, render_page
from vidlabel.report.results.reading import by_name, read_sources
from vidlabel.report.results.thumbnails import DEFAULT_THUMBNAILS, check_thumbnails, with_thumbnails
from vidlabel.report.results.time_budget import check_time_budget, write_time_budget
from vidlabel.report.results.truth import Truth, read_truth, with_truth
from vidlabel.video.samples import isolated_probe
from vidlabel.video.video_finder import VideoFinder


class ReportListener(Protocol):
    """Receives the progress of a report."""

    def warn(self, text: str) -> None:
        """One line about what is missing in the report."""

    def progress(self, done: int, videos: int) -> None:
        """Thumbnails of `done` of the videos are made."""


class WarningListener:
    """Issues warnings as `UserWarning`; ignores progress."""

    def warn(self, text: str) -> None:
        """Issue a `UserWarning`."""
        python_warnings.warn(text, UserWarning, stacklevel=2)

    def progress(self, done: int, videos: int) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """A report to write."""

    results: Sequence[Path]
    output: Path
    truth: Path | None = None
    """Annotation file whose labels stand beside those of the results."""
    videos: Path | None = None
    """Folder in which videos are looked for that are not where the results say."""
    thumbnails: int = DEFAULT_THUMBNAILS
    """A video, at most."""
    time_budget: Path | None = None
    """CSV file for the time budget."""

    def __post_init__(self) -> None:
        check_thumbnails(self.thumbnails)
        if self.time_budget is not None:
            check_time_budget(self.time_budget)
        _check_output(self.output)


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written."""

    path: Path
    videos: tuple[ReportVideo, ...]
    """In natural order of their paths."""
    unreadable: tuple[InputError, ...]
    """Files of labels that could not be read; the report names them."""


def write_report(
    results: str | PathLike[str] | Sequence[str | PathLike[str]],
    path: str | PathLike[str],
    truth: str | PathLike[str] | None = None,
    videos: str | PathLike[str] | None = None,
    thumbnails: int = DEFAULT_THUMBNAILS,
    time_budget: str | PathLike[str] | None = None,
) -> Report:
    """Write one HTML file that shows the labels of videos on timelines, beside the videos.

    Args:
        results: files of labels, or folders that `predict -o` wrote.
        path: the HTML file; an older report is replaced, another file is not.
        truth: annotation file; its labels stand beside those of the results, with the agreement of both.
        videos: folder in which videos are looked for that are not where the results say.
        thumbnails: pictures of each video that was found.
        time_budget: CSV file for count, durations, share of time and rate of each label.

    Returns:
        What was written. What is missing in it is a `UserWarning`.

    Raises:
        UsageError: an argument is out of range, or a file would be replaced that is no report.
        InputError: none of the results can be read, or the annotation file cannot.
        OutputError: a file cannot be written.

    Example:
        >>> report = vidlabel.write_report("labels.csv", "report.html", thumbnails=1, time_budget="budget.csv")
        >>> len(report.videos), report.videos[0].status
        (12, 'ok')
    """
    listed: Sequence[str | PathLike[str]] = [results] if isinstance(results, str | PathLike) else results
    request = ReportRequest(
        results=[Path(one) for one in listed],
        output=Path(path),
        truth=None if truth is None else Path(truth),
        videos=None if videos is None else Path(videos),
        thumbnails=thumbnails,
        time_budget=None if time_budget is None else Path(time_budget),
    )
    return run_report(request, WarningListener())


def run_report(request: ReportRequest, listener: ReportListener) -> Report:
    """Read the results, look up their videos, and write the report.

    Raises:
        InputError: none of the results can be read, or the annotation file cannot.
        OutputError: a file cannot be written.
    """
    truth = None if request.truth is None else read_truth(request.truth)
    sources = read_sources(request.results)
    if not sources.videos:
        if sources.unreadable:
            raise sources.unreadable[0]
        named = " ".join(map(fspath, request.results))
        raise InputError(named, "names no videos", "give results of predict, or a table with rows")
    for warning in sources.warnings:
        listener.warn(warning)
    videos = _found(sources.videos, VideoFinder(request.videos))
    videos = _with_truth(videos, truth, listener)
    videos = [_with_known_duration(video, listener) for video in videos]
    videos, warnings = with_thumbnails(videos, request.thumbnails, listener.progress)
    for warning in warnings:
        listener.warn(warning)
    _warn_of_missing(videos, request, listener)
    labels = frozenset[str]() if truth is None else truth.labels
    page = render_page(videos, labels, [str(error) for error in sources.unreadable], request.output)
    with atomic_write(request.output) as file:
        file.write(page.encode("utf-8"))
    if request.time_budget is not None:
        write_time_budget(videos, request.time_budget)
    return Report(request.output, tuple(videos), tuple(sources.unreadable))


def _check_output(path: Path) -> None:
    """Refuse to replace what is no report, before any work is done.

    Raises:
        UsageError: there is another file, or the name does not end as a page does.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(path, "is not a name that a report can have", "end it with .html")
    start = BEGINNING.encode()
    try:
        if path.is_file():
            with path.open("rb") as file:
                if file.read(len(start)) not in (start, b""):
                    raise UsageError(path, "exists, and is no report", "give another name with -o")
    except OSError:
        return  # Writing it gives the error.


def _found(videos: Iterable[ReportVideo], finder: VideoFinder) -> list[ReportVideo]:
    """The videos with their files, each once, in natural order."""
    by_place: dict[str, ReportVideo] = {}
    for video in videos:
        try:
            file = finder.find(video.path, (Path(), video.source.parent))
        except VideoError:
            file = None  # The page says that it is not there.
        place = video.path if file is None else real_path(file)
        own = without_truth_names(replace(video, file=file))
        by_place[place] = joined(by_place[place], own) if place in by_place else own
    return by_name(by_place.values())


def _with_truth(videos: list[ReportVideo], truth: Truth | None, listener: ReportListener) -> list[ReportVideo]:
    if truth is None:
        return videos
    matched, warnings = with_truth(videos, truth)
    for warning in warnings:
        listener.warn(warning)
    return matched


def _with_known_duration(video: ReportVideo, listener: ReportListener) -> ReportVideo:
    """The video with its duration: tables of labels do not name it, but the video has it."""
    duration = video.duration
    if duration is None and video.file is not None and not video.is_of_features and video.status != "failed":
        try:
            duration = isolated_probe(video.file).facts.duration_s
        except VidlabelError as error:
            listener.warn(f"duration unknown: {error}")
    return with_duration(video, duration)


def _warn_of_missing(videos: Sequence[ReportVideo], request: ReportRequest, listener: ReportListener) -> None:
    missing = [video.path for video in videos if video.file is None and not video.is_of_features]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        remedy = "--videos DIR looks for moved videos" if request.videos is None else f"not in {request.videos}, either"
        listener.warn(f"{missing[0]}{more}: video not found, so that it cannot be played; {remedy}")
