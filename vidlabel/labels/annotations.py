r"""Labels that people make: tables with the columns `video,start,end,label`, read and written.

Times are seconds from the first presented frame; empty start and end label the whole video. The columns `group` and
`score` are understood, others are passed over. Paths stand as in the table, relative to it; no video is opened.

Understood: UTF-8 with or without byte order mark, UTF-16 with one; commas, semicolons or tabs, with decimal commas
where the comma does not separate columns; Excel's line `sep=;`; lines that begin with `#` are comments; any line ends.
White space around numbers, labels and groups does not count. Labels and groups are put into Unicode's composed form
(NFC), so that an `e` with an accent is the same whichever system wrote it.
Text like `\udcff` in a path stands for a byte that is not UTF-8, as `vidlabel predict` writes it.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from vidlabel.errors import AnnotationError
from vidlabel.files import atomic_write
from vidlabel.labels.formats.csv import csv_line
from vidlabel.labels.formats.decimal_marks import decimal_mark_problems, number_problem, parse_number
from vidlabel.labels.formats.delimited import (
    COMMENT,
    UTF16_MARKS,
    LineProblem,
    TableError,
    TableRecord,
    read_table,
    shown,
)
from vidlabel.labels.typos import distinguishable, similar_spellings

COLUMNS = ("video", "start", "end", "label")
OPTIONAL_COLUMNS = ("group", "score")
NUMBER_COLUMNS = ("start", "end", "score")

_LISTED_PROBLEMS = 10
_ESCAPED_BYTE = re.compile(r"\\u(dc[89a-f][0-9a-f])")
_BEGINNING_BYTES = 4096


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One row: this label holds in this video from start to end.

    Raises:
        ValueError: the row means nothing: no video or label, one time without the other, an end that is not after its
            start, a negative time, or a number that is not finite.
    """

    video: str
    """Path as it stands in the table, relative to it."""
    start: float | None
    """Seconds; None with `end` None: the whole video."""
    end: float | None
    label: str
    """Without white space around it."""
    group: str | None = None
    """What must not be torn apart when data is split: a person, a room, a day."""
    score: float | None = None
    line: int = field(default=0, compare=False)
    """Where the row stands in its table, from 1; 0 for one that was not read."""

    def __post_init__(self) -> None:
        problems = _row_problems(self)
        if problems:
            raise ValueError("; ".join(problems))


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The rows of a table and what its author may want to look at."""

    rows: tuple[LabelRow, ...]
    warnings: tuple[str, ...]
    """One line each: labels that may be the same, paths with white space around them, comments that may be rows."""


class LabelTableError(AnnotationError):
    """A table of labels with lines that cannot be used.

    Args:
        name: of the file.
        problems: all of them; the message names the first ten.
    """

    def __init__(self, name: str, problems: Iterable[LineProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        listed = "; ".join(map(str, self.problems[:_LISTED_PROBLEMS]))
        more = len(self.problems) - _LISTED_PROBLEMS
        super().__init__(name, listed + (f"; and {more} more" if more > 0 else ""), "correct these lines")

    def __reduce__(self) -> tuple[type[LabelTableError], tuple[str, tuple[LineProblem, ...]]]:  # type: ignore[override]
        return LabelTableError, (self.subject, self.problems)


def read_labels(path: str | PathLike[str]) -> list[LabelRow]:
    """Read a table of labels.

    Args:
        path: a CSV file with the columns `video,start,end,label`.

    Returns:
        Its rows, in the order of the file.

    Raises:
        AnnotationError: the file cannot be read.
        LabelTableError: lines in it are wrong; all of them are named at once.
    """
    return list(read_label_table(path).rows)


def read_label_table(path: str | PathLike[str]) -> LabelTable:
    """Read a table of labels together with warnings; see `read_labels`."""
    try:
        with Path(path).open("rb") as file:
            beginning = file.read(_BEGINNING_BYTES)
            if b"\0" in beginning and not beginning.startswith(UTF16_MARKS):
                # Before all of it is read: somebody may give a video of many gigabytes.
                raise AnnotationError(path, "is not a text file", "give a CSV table of labels")
            content = beginning + file.read()
    except OSError as error:
        raise AnnotationError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    return parse_label_table(content, str(path))


def parse_label_table(content: bytes, name: str) -> LabelTable:
    """Take the rows from the bytes of a table of labels.

    Args:
        content: the whole file.
        name: what to call it in messages.

    Raises:
        LabelTableError: lines in it are wrong; all of them are named at once.
    """
    try:
        table = read_table(content, COLUMNS, OPTIONAL_COLUMNS)
    except TableError as error:
        raise LabelTableError(name, error.problems) from error
    unclear_marks = decimal_mark_problems(table.records, NUMBER_COLUMNS) if table.decimal_comma else []
    if unclear_marks:
        raise LabelTableError(name, [*table.problems, *unclear_marks])
    rows: dict[LabelRow, LabelRow] = {}
    problems = list(table.problems)
    for record in table.records:
        try:
            row = _parse_row(record, decimal_comma=table.decimal_comma)
        except ValueError as error:
            problems.append(LineProblem(record.line, str(error)))
            continue
        key = LabelRow(row.video, row.start, row.end, row.label)
        first = rows.setdefault(key, row)
        if first is not row:
            problems.append(LineProblem(record.line, f"repeats line {first.line}"))
    if problems:
        raise LabelTableError(name, problems)
    return LabelTable(tuple(rows.values()), (*_comment_warnings(table.comments), *_warnings(rows.values())))


def composed(text: str) -> str:
    """A label or group without white space around it, in Unicode's composed form."""
    return unicodedata.normalize("NFC", text).strip()


def write_labels(rows: Iterable[LabelRow], path: str | PathLike[str]) -> None:
    """Write a table of labels that `read_labels` reads back exactly, labels and groups in their composed form.

    Args:
        rows: what to write. The columns `group` and `score` are there where any row has one.
        path: the CSV file; it appears whole or not at all.

    Raises:
        OutputError: it cannot be written.
    """
    listed = list(rows)
    optional = [name for name in OPTIONAL_COLUMNS if any(getattr(row, name) is not None for row in listed)]
    columns = (*COLUMNS, *optional)
    with atomic_write(Path(path)) as file:
        file.write(csv_line(columns).encode())
        for row in listed:
            line = csv_line(_cell(getattr(row, name)) for name in columns)
            file.write(line.encode("utf-8", errors="backslashreplace"))


def _cell(value: str | float | None) -> str:
    """A cell; numbers with as many digits as it takes to read the same one back."""
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(float(value))


def _parse_row(record: TableRecord, *, decimal_comma: bool) -> LabelRow:
    """The row of a record; ValueError says everything that is wrong with it."""
    problems = []
    numbers: dict[str, float | None] = {}
    for name in NUMBER_COLUMNS:
        text = record.cells.get(name, "").strip()
        numbers[name] = parse_number(text, decimal_comma=decimal_comma)
        if text and numbers[name] is None:
            problems.append(f"{name} {number_problem(text)}")
    if problems:
        raise ValueError("; ".join(problems))
    return LabelRow(
        video=_ESCAPED_BYTE.sub(lambda escape: chr(int(escape[1], 16)), record.cells["video"]),
        start=numbers["start"],
        end=numbers["end"],
        label=composed(record.cells["label"]),
        group=composed(record.cells.get("group", "")) or None,
        score=numbers["score"],
        line=record.line,
    )


def _row_problems(row: LabelRow) -> list[str]:
    problems = [f"{name} is empty" for name in ("video", "label") if not getattr(row, name).strip()]
    if row.label != row.label.strip() or (row.group is not None and row.group != (row.group.strip() or None)):
        problems.append("label and group cannot begin or end with white space")
    if any("\0" in text for text in (row.video, row.label, row.group or "")):
        problems.append("text cannot hold a NUL character")
    if row.score is not None and not math.isfinite(row.score):
        problems.append(f"score {row.score:g} is not finite")
    return problems + _time_problems(row.start, row.end)


def _time_problems(start: float | None, end: float | None) -> list[str]:
    if start is None and end is None:
        return []
    if start is None or end is None:
        given, missing = ("a start", "end") if end is None else ("an end", "start")
        return [f"has {given} and no {missing}: give both, or none to label the whole video"]
    problems = [
        f"{name} {time_s:g} is not finite" if not math.isfinite(time_s) else f"{name} {time_s:g} is negative"
        for name, time_s in (("start", start), ("end", end))
        if not 0 <= time_s < math.inf
    ]
    if not problems and end <= start:
        problems.append(f"end {end:g} is not after start {start:g}")
    return problems


def _comment_warnings(lines: tuple[int, ...]) -> list[str]:
    if not lines:
        return []
    which = (
        f"line {lines[0]} begins" if len(lines) == 1 else f"{len(lines)} lines, the first one line {lines[0]}, begin"
    )
    taken = "taken for a comment" if len(lines) == 1 else "taken for comments"
    return [f"{which} with {COMMENT}: {taken}; put quotes around a path that begins so"]


def _warnings(rows: Iterable[LabelRow]) -> tuple[str, ...]:
    counts = Counter(row.label for row in rows)
    warnings = []
    for rare, common in similar_spellings(counts):
        first, second = distinguishable(rare, common)
        warnings.append(
            f"label {first} ({_rows(counts[rare])}) is spelt nearly like {second} ({_rows(counts[common])})"
        )
    padded = sorted({row.video for row in rows if row.video != row.video.strip()})
    warnings += [f"path {shown(video)} has white space around it" for video in padded]
    return tuple(warnings)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
