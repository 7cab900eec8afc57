"""From what a user names to videos with their labels: files of labels, and folders that `predict -o` wrote."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from vidlabel.batch.records import STATE_FOLDER, Record, Records, table_state_folder
from vidlabel.errors import AnnotationError, InputError
from vidlabel.labels.annotations import Annotation, composed
from vidlabel.labels.formats.json_reader import parse_result
from vidlabel.labels.formats.registry import FORMATS, detect_format, read_label_table
from vidlabel.labels.result import Result
from vidlabel.paths import exists, is_folder
from vidlabel.report.results.content import (
    NAMELESS,
    LabelledSpan,
    LabelTrack,
    ReportStatus,
    ReportVideo,
    in_order,
    tracks_of,
)
from vidlabel.video.folder_search import natural_key, walk_files

_BEGINNING_BYTES = 4096
_SUFFIXES = {format_.suffix for format_ in FORMATS.values()}


@dataclass(slots=True)
class Sources:
    """What was read."""

    videos: list[ReportVideo] = field(default_factory=list)
    """In the order in which they were named; a video of several sources comes several times."""
    unreadable: list[InputError] = field(default_factory=list)
    """Files and lines that are no labels."""
    warnings: list[str] = field(default_factory=list)
    models: dict[str, frozenset[str]] = field(default_factory=dict)
    """The labels of each model by its hash: a thousand results of one model share them."""


def read_sources(paths: Iterable[Path]) -> Sources:
    """Read files of labels and output folders."""
    sources = Sources()
    for path in paths:
        if is_folder(path):
            _read_folder(path, sources)
        else:
            _read_file(path, sources)
    return sources


def _read_folder(folder: Path, sources: Sources) -> None:
    """Take what its records name; in a folder without records, every file that is called like labels."""
    records = dict(Records(folder).all())
    for output, record in records.items():
        if record.video:
            sources.videos += _recorded(output, record, sources)
        else:
            _read_file(output, sources)  # a table, whose videos have records of their own
    others = [
        folder / path
        for path in walk_files(folder, recursive=True, errors=sources.unreadable)
        if path.suffix.lower() in _SUFFIXES and folder / path not in records
    ]
    if not records:
        for path in others:
            _read_file(path, sources)
        if not others:
            problem = "holds no labels"
            sources.unreadable.append(InputError(folder, problem, "name files or folders that predict wrote"))
    elif others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        sources.warnings.append(f"{others[0]}{more}: not written by the runs of {folder}, left out")


def _recorded(output: Path, record: Record, sources: Sources) -> list[ReportVideo]:
    """The video of a record, with its labels where there are any."""
    bare = ReportVideo(record.video, output, duration=record.duration or None)
    if record.state == "failed":
        return [replace(bare, status="failed", reason=record.reason)]
    if record.state == "started" or not exists(output):
        missing = "its labels are missing" if record.state == "done" else "labelling was begun and did not end"
        return [replace(bare, status="unfinished", reason=record.reason or missing)]
    try:
        found = _videos(output, record, sources)
    except InputError as error:
        sources.unreadable.append(error)
        return [replace(bare, status="failed", reason=str(error))]
    return [_with_state(video, record) for video in found]


def _with_state(video: ReportVideo, record: Record) -> ReportVideo:
    return replace(video, status="partial" if record.partial else "ok", reason=record.reason)


def _read_file(path: Path, sources: Sources) -> None:
    table = dict(Records(table_state_folder(path)).all())
    record = None if table else _record_of(path)
    if record is not None:
        sources.videos += _recorded(path, record, sources)
        return
    try:
        videos = _videos(path, None, sources)
    except InputError as error:
        sources.unreadable.append(error)
        return
    sources.videos += _of_table(path, videos, table.values()) if table else videos


def _record_of(path: Path) -> Record | None:
    """The record of the one output `predict one.mp4 -o one.json`, or of one in an output folder."""
    for folder in (path.parent, *path.parent.parents):
        if is_folder(folder / STATE_FOLDER):
            record = Records(folder).read(path)
            return record if record is not None and record.video else None
    return None


def _of_table(path: Path, videos: Sequence[ReportVideo], records: Iterable[Record]) -> Iterator[ReportVideo]:
    """The videos of a table with what records know of them: those without labels, and those that failed, too."""
    by_path = {video.path: video for video in videos}
    names = sorted({track.name for video in videos for track in video.tracks})
    empty = tuple(LabelTrack(name, ()) for name in names)
    for record in records:
        bare = ReportVideo(record.video, path, duration=record.duration or None)
        if record.state != "done":
            status: ReportStatus = "failed" if record.state == "failed" else "unfinished"
            by_path.pop(record.video, None)
            yield replace(bare, status=status, reason=record.reason or "labelling was begun and did not end")
            continue
        own = by_path.pop(record.video, bare)
        found = {track.name: track for track in own.tracks}
        tracks = tuple(found.get(track.name, track) for track in empty)
        yield _with_state(replace(own, duration=own.duration or bare.duration, tracks=tracks), record)
    yield from by_path.values()


def _videos(path: Path, record: Record | None, sources: Sources) -> list[ReportVideo]:
    """The videos of one file of labels; with a record, it is the output of one video.

    Raises:
        AnnotationError: it cannot be read.
    """
    kind = _format_of(path)
    if kind == "json":
        return [_of_result(parse_result(_content(path), str(path)), path, sources)]
    if kind == "jsonl":
        return list(_lines(path, sources))
    rows = read_label_table(path).rows
    if record is not None:
        tracks = tracks_of(rows) or (LabelTrack(NAMELESS, ()),)
        return [ReportVideo(record.video, path, duration=record.duration or None, tracks=tracks)]
    by_video: dict[str, list[Annotation]] = {}
    for row in rows:
        by_video.setdefault(row.video, []).append(row)
    return [ReportVideo(video, path, tracks=tracks_of(own)) for video, own in by_video.items()]


def _lines(path: Path, sources: Sources) -> Iterator[ReportVideo]:
    """The results of JSON Lines; a line that is none costs no other."""
    for number, line in enumerate(_content(path).split(b"\n"), 1):
        if line.strip():
            try:
                yield _of_result(parse_result(line, f"{path}, line {number}"), path, sources)
            except AnnotationError as error:
                sources.unreadable.append(error)


def _format_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            beginning = file.read(_BEGINNING_BYTES)
    except (OSError, ValueError) as error:
        raise _not_read(path, error) from error
    return detect_format(path, beginning).name


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _not_read(path, error) from error


def _not_read(path: Path, error: OSError | ValueError) -> AnnotationError:
    reason = getattr(error, "strerror", None) or str(error)
    return AnnotationError(path, f"cannot be read ({reason})", "check the path")


def _of_result(result: Result, path: Path, sources: Sources) -> ReportVideo:
    spans: dict[str, list[LabelledSpan]] = {model.name: [] for model in result.models}
    for own in result.segments:
        name = own.model or result.models[0].name
        spans[name].append(LabelledSpan(own.start, own.end, composed(own.label), own.score))
    for model in result.models:
        if model.sha256 not in sources.models:
            sources.models[model.sha256] = frozenset(map(composed, model.labels))
    return ReportVideo(
        result.video.path,
        path,
        status=result.status,
        reason=_partial_reason(result),
        duration=result.video.duration,
        facts=result.video,
        tracks=tuple(
            LabelTrack(composed(model.name), in_order(spans[model.name]), sources.models[model.sha256])
            for model in result.models
        ),
    )


def _partial_reason(result: Result) -> str:
    return f"{result.run.decoded_ratio:.1%} of the video could be decoded" if result.status == "partial" else ""


def by_name(videos: Iterable[ReportVideo]) -> list[ReportVideo]:
    """In natural order of their paths: `clip2` before `clip10`."""
    return sorted(videos, key=lambda video: natural_key(video.path))
