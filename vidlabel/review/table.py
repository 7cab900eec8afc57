"""The table of reviewed labels: what `train` reads, and who has looked at each row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast, get_args

from vidlabel.labels.annotations import composed
from vidlabel.labels.formats.csv import COLUMNS, OPTIONAL_COLUMNS, csv_line
from vidlabel.labels.formats.delimited import TableError, read_table
from vidlabel.review.segments import ReviewSegment, ReviewStatus

REVIEW_COLUMNS = ("reviewer", "status")


@dataclass(frozen=True, slots=True)
class ReviewedVideo:
    """The segments of a video as they are saved."""

    path: str
    """Relative to the folder of the table."""
    segments: tuple[ReviewSegment, ...]


def table_bytes(videos: Iterable[ReviewedVideo]) -> bytes:
    """The whole table; a row of deleted segments there is not."""
    return b"".join(line.encode("utf-8", errors="backslashreplace") for line in _lines(tuple(videos)))


def _lines(videos: tuple[ReviewedVideo, ...]) -> Iterator[str]:
    held = {
        name: any(getattr(segment, name) is not None for video in videos for segment in video.segments)
        for name in OPTIONAL_COLUMNS
    }
    optional = [name for name in OPTIONAL_COLUMNS if held[name]]
    yield csv_line((*COLUMNS, *optional, *REVIEW_COLUMNS))
    columns = (*COLUMNS[1:], *optional, *REVIEW_COLUMNS)
    for video in videos:
        for segment in sorted(video.segments, key=lambda segment: (*segment.span, segment.label)):
            yield csv_line((video.path, *(_cell(getattr(segment, name)) for name in columns)))


def _cell(value: str | float | None) -> str:
    """A cell; numbers with as many digits as it takes to read the same one back."""
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(float(value))


def is_review_table(path: Path) -> bool:
    """Whether a file is a table as it is written here, with no column besides."""
    try:
        with path.open("rb") as file:
            header = file.readline(1000).decode("utf-8", "replace").strip().split(",")
    except OSError:
        return False
    optional = [name for name in OPTIONAL_COLUMNS if name in header]
    return header == [*COLUMNS, *optional, *REVIEW_COLUMNS]


def read_reviews(path: Path) -> dict[int, tuple[ReviewStatus, str | None]]:
    """Status and reviewer of each line of a table that is written here; of other files none.

    Raises:
        OSError: the file has gone.
    """
    if not is_review_table(path):
        return {}
    try:
        records = read_table(path.read_bytes(), COLUMNS, REVIEW_COLUMNS).records
    except TableError:
        return {}
    return {
        record.line: (_status(record.cells["status"]), composed(record.cells["reviewer"]) or None) for record in records
    }


def _status(text: str) -> ReviewStatus:
    return cast("ReviewStatus", text) if text in get_args(ReviewStatus) else "unreviewed"
