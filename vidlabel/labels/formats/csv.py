r"""CSV: one row an annotation, for people, spreadsheets, data frames and `vidlabel train`.

Written: RFC 4180: commas, CRLF, quotes where needed; one header; times in seconds with 3 decimals, scores with 4,
decimal points. Text stands as it is. A label or path that begins with `=`, `+`, `-` or `@` is not altered either:
spreadsheets may take it for a formula, but a changed one would name another file. Bytes of file names that are not
UTF-8 are written as the six characters `\udcff`, which the reader turns back.

Read: tables with the columns `video,start,end,label`; the columns `group`, `score` and `annotator` are understood,
`model` is an annotator, others are passed over. UTF-8 with or without byte order mark, UTF-16 with one; commas,
semicolons or tabs, with decimal commas where the comma does not separate columns; Excel's line `sep=;`; lines that
begin with `#` are comments; any line ends. White space around numbers, labels, groups and annotators does not count.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from vidlabel.labels.annotations import Annotation, LabelTable, LabelTableError, composed, label_table
from vidlabel.labels.formats.decimal_marks import decimal_mark_problems, number_problem, parse_number
from vidlabel.labels.formats.delimited import COMMENT, TableError, TableRecord, read_table
from vidlabel.labels.result import Result

COLUMNS = ("video", "start", "end", "label")
OPTIONAL_COLUMNS = ("group", "score", "annotator")
MODEL_COLUMN = "model"
"""In results of several models; read as the annotator."""
NUMBER_COLUMNS = ("start", "end", "score")

_ESCAPED_BYTE = re.compile(r"\\u(dc[89a-f][0-9a-f])")


class CsvWriter:
    """Writes a table with the columns `video,start,end,label,score`, and `model` where there are several."""

    def header(self, models: int) -> str:
        """The line of column names, once a file."""
        return csv_line((*COLUMNS, "score", MODEL_COLUMN) if models > 1 else (*COLUMNS, "score"))

    def body(self, result: Result) -> Iterator[str]:
        """Give one line a segment; a video without segments has none."""
        for segment in result.segments:
            times = f"{segment.start:.3f}", f"{segment.end:.3f}"
            model = () if segment.model is None else (segment.model,)
            yield csv_line((result.video.path, *times, segment.label, f"{segment.score:.4f}", *model))


class CsvReader:
    """Reads tables with the columns `video,start,end,label`."""

    def recognises(self, beginning: str) -> bool:  # noqa: ARG002 - of the interface
        """Never: any text may be a table, so that tables are what is left when no other format fits."""
        return False

    def read(self, content: bytes, name: str) -> LabelTable:
        """Take the rows from a table of labels."""
        try:
            table = read_table(content, COLUMNS, (*OPTIONAL_COLUMNS, MODEL_COLUMN))
        except TableError as error:
            raise LabelTableError(name, error.problems) from error
        unclear_marks = decimal_mark_problems(table.records, NUMBER_COLUMNS) if table.decimal_comma else []
        if unclear_marks:
            raise LabelTableError(name, [*table.problems, *unclear_marks])
        found = [
            (record.line, partial(_parse_row, record, decimal_comma=table.decimal_comma)) for record in table.records
        ]
        labels = label_table(name, found, table.problems)
        return replace(labels, warnings=(*_comment_warnings(table.comments), *labels.warnings))


def annotation_lines(rows: Sequence[Annotation]) -> Iterator[bytes]:
    """The lines of a table with these rows, its header first; numbers keep all their digits.

    The columns `group`, `score` and `annotator` are there where any row has one.
    """
    optional = [name for name in OPTIONAL_COLUMNS if any(getattr(row, name) is not None for row in rows)]
    columns = (*COLUMNS, *optional)
    yield csv_line(columns).encode()
    for row in rows:
        yield csv_line(_cell(getattr(row, name)) for name in columns).encode("utf-8", errors="backslashreplace")


def csv_line(fields: Iterable[str]) -> str:
    """One row after RFC 4180 with its CRLF; fields with commas, quotes or line breaks are quoted.

    So is a first field that begins with `#`: readers take such lines for comments.
    """
    listed = list(fields)
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(listed)
    line = buffer.getvalue()
    return f'"{listed[0]}"{line[len(listed[0]) :]}' if line.startswith("#") else line


def _cell(value: str | float | None) -> str:
    """A cell; numbers with as many digits as it takes to read the same one back."""
    if value is None:
        return ""
    return value if isinstance(value, str) else repr(float(value))


def _parse_row(record: TableRecord, *, decimal_comma: bool) -> Annotation:
    """The row of a record; the ValueError names all of its problems."""
    problems = []
    numbers: dict[str, float | None] = {}
    for name in NUMBER_COLUMNS:
        text = record.cells.get(name, "").strip()
        numbers[name] = parse_number(text, decimal_comma=decimal_comma)
        if text and numbers[name] is None:
            problems.append(f"{name} {number_problem(text)}")
    if problems:
        raise ValueError("; ".join(problems))
    return Annotation(
        video=_ESCAPED_BYTE.sub(lambda escape: chr(int(escape[1], 16)), record.cells["video"]),
        start=numbers["start"],
        end=numbers["end"],
        label=composed(record.cells["label"]),
        group=composed(record.cells.get("group", "")) or None,
        score=numbers["score"],
        annotator=composed(record.cells.get("annotator", "") or record.cells.get(MODEL_COLUMN, "")) or None,
        line=record.line,
    )


def _comment_warnings(lines: tuple[int, ...]) -> list[str]:
    if not lines:
        return []
    which = (
        f"line {lines[0]} begins" if len(lines) == 1 else f"{len(lines)} lines, the first one line {lines[0]}, begin"
    )
    taken = "taken for a comment" if len(lines) == 1 else "taken for comments"
    return [f"{which} with {COMMENT}: {taken}; put quotes around a path that begins so"]
