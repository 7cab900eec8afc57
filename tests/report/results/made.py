"""Results and videos of a report that were made up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from examples import example_result
from vidlabel.labels.formats.registry import format_of
from vidlabel.labels.result import Result, Segment
from vidlabel.report.results.content import LabelledSpan, LabelTrack, ReportVideo


def result(path: str, *segments: tuple[float, float, str, float], duration: float = 10.0) -> Result:
    """A result of one model `made-up`, which knows `dog` and `cat`, of a video of ten seconds."""
    found = example_result(path)
    listed = tuple(Segment(start, end, label, score) for start, end, label, score in segments)
    return replace(found, video=replace(found.video, duration=duration), segments=listed)


def write(path: Path, *results: Result) -> Path:
    """Write results in the format that the ending names."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = format_of(path)
    with path.open("wb") as file:
        written.begin(file)
        for one in results:
            written.add(one, file)
    return path


def spans(*found: tuple[float, float, str]) -> tuple[LabelledSpan, ...]:
    return tuple(LabelledSpan(start, end, label, 0.5) for start, end, label in found)


def video(path: str, tracks: Iterable[tuple[str, tuple[LabelledSpan, ...]]], duration: float | None) -> ReportVideo:
    """A video with tracks by name."""
    return ReportVideo(path, Path("labels"), duration=duration, tracks=tuple(LabelTrack(*one) for one in tracks))
