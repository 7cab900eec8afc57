"""Which rows of an annotation file are about which video of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.registry import read_label_table
from vidlabel.paths import real_path
from vidlabel.report.results.content import TRUTH, LabelTrack, ReportVideo, in_order, tracks_of
from vidlabel.video.video_finder import common_tail, path_parts


@dataclass(frozen=True, slots=True)
class Truth:
    """An annotation file."""

    path: Path
    rows: Mapping[str, Sequence[Annotation]]
    """By video, as the file names it."""
    labels: frozenset[str]
    """All that it uses: whoever made it looked for these."""


def read_truth(path: Path) -> Truth:
    """Read an annotation file.

    Raises:
        AnnotationError: it cannot be read.
    """
    by_video: dict[str, list[Annotation]] = {}
    rows = read_label_table(path).rows
    for row in rows:
        by_video.setdefault(row.video, []).append(row)
    return Truth(path, by_video, frozenset(row.label for row in rows))


def with_truth(videos: Sequence[ReportVideo], truth: Truth) -> tuple[list[ReportVideo], list[str]]:
    """Put the rows of an annotation file beside the labels of their videos.

    A row is about the video that its path leads to, else about the one video of which the path shares most parts from
    the end on, the name at least; endings may be missing, as in subtitles.

    Returns:
        The videos, and one warning a video of the annotation file that is not among them, or is unclear.
    """
    places = _Places(videos)
    found: dict[int, list[Annotation]] = {}
    unclear = []
    for name, rows in truth.rows.items():
        place = places.find(name, truth.path.parent)
        if place is None:
            unclear.append(name)
        else:
            found.setdefault(place, []).extend(rows)
    matched = [replace(video, truth=_track(found[n])) if n in found else video for n, video in enumerate(videos)]
    if not unclear:
        return matched, []
    more = f" and {len(unclear) - 1} more" if len(unclear) > 1 else ""
    return matched, [f"{truth.path}: {unclear[0]}{more}: no video of the results, or several; left out"]


def _track(rows: Sequence[Annotation]) -> LabelTrack:
    return LabelTrack(TRUTH, in_order(span for track in tracks_of(rows) for span in track.spans))


class _Places:
    """Finds videos by other paths of theirs."""

    def __init__(self, videos: Sequence[ReportVideo]) -> None:
        self._by_path: dict[str, int] = {}
        self._by_name: dict[str, list[tuple[tuple[str, ...], int]]] = {}
        for place, video in enumerate(videos):
            for path in (real_path(video.path), *([real_path(video.file)] if video.file is not None else [])):
                self._by_path.setdefault(path, place)
            parts = path_parts(video.path)
            for name in {parts[-1], PurePosixPath(parts[-1]).stem} if parts else ():
                self._by_name.setdefault(name, []).append((parts, place))

    def find(self, path: str, folder: Path) -> int | None:
        exact = self._by_path.get(real_path(folder / path), self._by_path.get(real_path(path)))
        if exact is not None:
            return exact
        wanted = path_parts(path)
        if not wanted:
            return None
        shared = [(common_tail(wanted[:-1], parts[:-1]), place) for parts, place in self._by_name.get(wanted[-1], ())]
        best = max((count for count, _ in shared), default=-1)
        places = [place for count, place in shared if count == best]
        return places[0] if len(places) == 1 else None
