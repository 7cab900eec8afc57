"""What a report shows: videos with their tracks of labelled spans. Times are seconds from the first presented frame."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from vidlabel.features.feature_file import is_feature_name
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.result import Segment, VideoInfo

ReportStatus = Literal["ok", "partial", "failed", "unfinished"]

TRUTH = "truth"
"""Track of the annotation file."""
NAMELESS = "labels"
"""Track of labels that name no model and no annotator."""


@dataclass(frozen=True, slots=True)
class LabelledSpan:
    """A label that holds for a time."""

    start: float
    end: float
    """Infinite for a label of the whole video, until its duration is known; the start again for a point."""
    label: str
    score: float | None
    """None where nobody gave one."""

    def segment(self) -> Segment:
        """The same for metrics, which take no account of scores."""
        return Segment(self.start, self.end, self.label, 1.0)


@dataclass(frozen=True, slots=True)
class LabelTrack:
    """The labels that one model, or one person, gave to one video."""

    name: str
    spans: tuple[LabelledSpan, ...]
    """In the order of their starts."""
    labels: frozenset[str] | None = None
    """All that it could give; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A small picture of a video."""

    time_s: float
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class ReportVideo:
    """One video of a report."""

    path: str
    """As the results name it."""
    source: Path
    """File of labels, or output folder, that names it first."""
    status: ReportStatus = "ok"
    reason: str = ""
    """Why it failed, or what is partial about it; one line."""
    duration: float | None = None
    """Seconds; None where nobody knows."""
    facts: VideoInfo | None = None
    tracks: tuple[LabelTrack, ...] = ()
    truth: LabelTrack | None = None
    """What an annotation file says of it; None where it says nothing."""
    file: Path | None = None
    """The video, where it was found."""
    thumbnails: tuple[Thumbnail, ...] = ()

    @property
    def all_tracks(self) -> tuple[LabelTrack, ...]:
        """The truth, where there is one, before the others."""
        return self.tracks if self.truth is None else (self.truth, *self.tracks)

    @property
    def is_of_features(self) -> bool:
        """Whether it is a file of features, which has no pictures."""
        return is_feature_name(Path(self.path)) if self.facts is None else self.facts.width == 0


def tracks_of(rows: Iterable[Annotation]) -> tuple[LabelTrack, ...]:
    """The tracks of rows of one video, one for each annotator, in the order of their names."""
    by_name: dict[str, list[LabelledSpan]] = {}
    for row in rows:
        whole = row.start is None or row.end is None
        start, end = (0.0, math.inf) if whole else (row.start or 0.0, row.end or 0.0)
        span = LabelledSpan(start, end, row.label, row.score)
        by_name.setdefault(row.annotator or NAMELESS, []).append(span)
    return tuple(LabelTrack(name, in_order(by_name[name])) for name in sorted(by_name))


def in_order(spans: Iterable[LabelledSpan]) -> tuple[LabelledSpan, ...]:
    """Spans by their times, then by label."""
    return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label)))


def joined(first: ReportVideo, second: ReportVideo) -> ReportVideo:
    """One video that two sources name: the tracks of both, those of one name told apart by their source."""
    names = {track.name for track in first.tracks}
    tracks = [replace(track, name=_free_name(track.name, second.source, names)) for track in second.tracks]
    worse = max(first, second, key=lambda video: _GRAVITY.index(video.status))
    known = first if first.duration is not None else second
    return replace(
        first,
        status=worse.status,
        reason=worse.reason,
        duration=known.duration,
        facts=first.facts or second.facts,
        tracks=(*first.tracks, *tracks),
        file=first.file or second.file,
    )


def without_truth_names(video: ReportVideo) -> ReportVideo:
    """The video with another name for a model or annotator that is called like the truth."""
    taken = {TRUTH}
    tracks = (
        replace(track, name=_free_name(track.name, video.source, taken)) if track.name == TRUTH else track
        for track in video.tracks
    )
    return replace(video, tracks=tuple(tracks))


_GRAVITY: Sequence[ReportStatus] = ("ok", "partial", "unfinished", "failed")


def _free_name(name: str, source: Path, taken: set[str]) -> str:
    """The name, or with its source or a number behind it where it is taken; counts as taken from now on."""
    candidates = [name, f"{name} ({source.stem})", *(f"{name} ({number})" for number in range(2, len(taken) + 3))]
    free = next(candidate for candidate in candidates if candidate not in taken)
    taken.add(free)
    return free


def with_duration(video: ReportVideo, duration: float | None) -> ReportVideo:
    """The video with its duration, and with labels of the whole video ending there.

    Where the duration is unknown, it is the end of the last span; a label of the whole of such a video stands for that
    time, or for a moment where nothing else is known.
    """
    ends = [span.end for track in video.all_tracks for span in track.spans if math.isfinite(span.end)]
    whole_s = duration if duration is not None else max(ends, default=0.0)

    def bounded(track: LabelTrack) -> LabelTrack:
        return replace(
            track, spans=tuple(replace(one, end=whole_s) if math.isinf(one.end) else one for one in track.spans)
        )

    truth = None if video.truth is None else bounded(video.truth)
    return replace(video, duration=duration, tracks=tuple(map(bounded, video.tracks)), truth=truth)
