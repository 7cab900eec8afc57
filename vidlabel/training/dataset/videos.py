"""The videos that rows are about: found, looked into, and checked against their rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vidlabel.errors import AnnotationError, InputError
from vidlabel.features.feature_file import FeatureKind
from vidlabel.features.provenance import FeatureSettings
from vidlabel.features.resampling import same_rate
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.delimited import LineProblem, shown
from vidlabel.training.dataset.examples import BACKGROUND, Example, Span, UnusableVideo
from vidlabel.training.dataset.grouping import GroupTable, group_of_rows
from vidlabel.training.dataset.row_checks import early_problems, end_problems, label_problems, repeated_label_problems
from vidlabel.training.dataset.sources import Source, is_there, missing_file_problem, open_source, resolve

ProbeProgress = Callable[[int, int], None]
"""Called with how many videos of how many have been looked into."""

_MOST_FILE_WARNINGS = 10
_SLIGHT_S = 0.1
"""By this much rows may end after their video without a word: no container states its length more exactly."""


@dataclass(frozen=True, slots=True)
class LabelledVideo:
    """A file with its rows."""

    rows: tuple[Annotation, ...]
    """At least one, in the order of the table; `BACKGROUND` in one spelling."""
    source: Source
    group: str


@dataclass(frozen=True, slots=True)
class ProbedVideos:
    """What became of all videos of a table."""

    videos: tuple[LabelledVideo, ...]
    """In the order of the table."""
    unusable: tuple[UnusableVideo, ...]
    problems: tuple[LineProblem, ...]
    """Problems of rows and groups, and missing files."""


def probe_videos(
    rows: Sequence[Annotation],
    folder: Path,
    groups: GroupTable | None,
    rate: float | None,
    on_progress: ProbeProgress | None,
) -> ProbedVideos:
    """Open the videos of a table and check that its rows fit them.

    Args:
        rows: of the table.
        folder: that paths are relative to.
        groups: which group each video belongs to; None: as the rows say.
        rate: samples per second that files of features are wanted at; None: their own.
        on_progress: called with the number of videos probed and the number of all.
    """
    by_path: dict[Path, list[Annotation]] = {}
    for row in rows:
        by_path.setdefault(resolve(folder, row.video), []).append(_in_one_spelling(row))
    videos: list[LabelledVideo] = []
    unusable: list[UnusableVideo] = []
    problems = label_problems(rows)
    for done, (path, own) in enumerate(by_path.items(), 1):
        if on_progress is not None:
            on_progress(done, len(by_path))
        first = own[0]
        if not is_there(path):
            problems.append(LineProblem(first.line, missing_file_problem(folder, first.video)))
            continue
        group, group_problems = group_of_rows(own, path, groups)
        problems += [*group_problems, *repeated_label_problems(own)]
        try:
            source = open_source(path, rate)
        except InputError as error:
            unusable.append(UnusableVideo(first.video, str(error)))
            continue
        problems += [*early_problems(own, source.start_s), *end_problems(own, source.duration_s)]
        videos.append(LabelledVideo(tuple(own), source, group))
    return ProbedVideos(tuple(videos), tuple(unusable), tuple(problems))


def as_example(video: LabelledVideo) -> Example:
    """The labels of one video in order of time, cut to its end."""
    duration_s = video.source.duration_s
    spans = [
        Span(row.start, min(row.end, duration_s), row.label)
        for row in video.rows
        if row.start is not None and row.end is not None
    ]
    return Example(
        video=video.rows[0].video,
        path=video.source.path,
        group=video.group,
        duration_s=duration_s,
        clip_labels=tuple(row.label for row in video.rows if row.start is None),
        spans=tuple(sorted(spans, key=lambda span: (span.start, span.end, span.label))),
    )


def late_end_warnings(videos: Sequence[LabelledVideo]) -> list[str]:
    """One line about the rows that end after their video."""
    late = [
        (row.end - video.source.duration_s, row)
        for video in videos
        for row in video.rows
        if row.end is not None and row.end > video.source.duration_s + _SLIGHT_S
    ]
    if not late:
        return []
    most, worst = max(late, key=lambda item: item[0])
    verb = "row ends" if len(late) == 1 else "rows end"
    return [f"{len(late)} {verb} after the video, by up to {most:.2f} s (line {worst.line}); cut to its end"]


def resampling_warnings(videos: Sequence[LabelledVideo]) -> list[str]:
    """One line about the files of features that are resampled."""
    found = [(video, video.source.own_rate) for video in videos if video.source.own_rate is not None]
    if not found or found[0][0].source.features is None:
        return []
    video, own_rate = found[0]
    rates = f"{own_rate:g} to {found[0][0].source.features.rate:g} samples a second"
    if len(found) == 1:
        return [f"{shown(video.rows[0].video)} is resampled from {rates}"]
    return [f"{len(found)} files of features are resampled, the first one, {shown(video.rows[0].video)}, from {rates}"]


def file_warnings(videos: Sequence[LabelledVideo]) -> list[str]:
    """Warnings about videos, such as those of which parts cannot be read; of many, the first ones."""
    lines = [f"{shown(v.rows[0].video)}: {'; '.join(v.source.warnings)}" for v in videos if v.source.warnings]
    more = len(lines) - _MOST_FILE_WARNINGS
    return lines if more <= 0 else [*lines[:_MOST_FILE_WARNINGS], f"{more} more videos come with such warnings"]


def common_kind(name: str, videos: Sequence[LabelledVideo]) -> FeatureKind | None:
    """What files of features have in common; None for videos.

    Args:
        name: of the table, for messages.
        videos: at least one.

    Raises:
        AnnotationError: there are videos and files of features, or features that cannot be used together.
    """
    first = videos[0]
    kind = first.source.features
    for video in videos[1:]:
        other = video.source.features
        kind, other = _with_streams_of(kind, other), _with_streams_of(other, kind)
        difference = _difference(kind, other)
        if difference:
            files = f"{shown(first.rows[0].video)} and {shown(video.rows[0].video)}"
            remedy = "make all in one way"
            if kind is not None and other is not None and not same_rate(kind.rate, other.rate):
                remedy += ", or give --rate to have all resampled"
            raise AnnotationError(name, f"{files} cannot be used together: {difference}", remedy)
    return kind


def _with_streams_of(kind: FeatureKind | None, other: FeatureKind | None) -> FeatureKind | None:
    """The same with the streams that only the other holds: files of a table need not all hold the same.

    They are in the order of the one that holds more.
    """
    if kind is None or other is None or kind.settings is None or other.settings is None:
        return kind
    own = {stream.name: stream for stream in kind.streams}
    known = {stream.name: stream for stream in other.streams} | own
    if len(known) == len(own):
        return kind
    longer = kind if len(kind.streams) >= len(other.streams) else other
    names = dict.fromkeys([*(stream.name for stream in longer.streams), *known])
    streams = tuple(known[name] for name in names)
    width = sum(stream.size for stream in streams)
    return replace(kind, width=width, settings=replace(kind.settings, streams=streams))


def _difference(kind: FeatureKind | None, other: FeatureKind | None) -> str:
    if kind is None or other is None:
        return "" if kind is other else "one is a video, one a file of features"
    if kind.width != other.width:
        return f"{kind.width} and {other.width} numbers in a feature"
    if not same_rate(kind.rate, other.rate):
        return f"{kind.rate:g} and {other.rate:g} samples per second"
    same = _in_order(kind.settings) == _in_order(other.settings)
    return "" if same else "their features were made with different settings"


def _in_order(settings: FeatureSettings | None) -> FeatureSettings | None:
    """The same with the streams in the order of their names: files may hold them in any."""
    if settings is None:
        return None
    return replace(settings, streams=tuple(sorted(settings.streams, key=lambda stream: stream.name)))


def _in_one_spelling(row: Annotation) -> Annotation:
    return replace(row, label=BACKGROUND) if row.label.casefold() == BACKGROUND else row
