"""Delimited text as people save it: bytes of any spreadsheet become records with line numbers."""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

DELIMITERS = (",", ";", "\t")
"""What may separate columns; the first wins a tie."""

UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_SHOWN_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class LineProblem:
    """What is wrong in one line of a table."""

    line: int
    """Counted from 1, as editors do."""
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}"


class TableError(ValueError):
    """A table has lines that cannot be used.

    Args:
        problems: all of them, in the order of the lines.
    """

    def __init__(self, problems: Iterable[LineProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a table."""

    line: int
    """Where it starts; a quoted cell may hold line breaks."""
    cells: dict[str, str]
    """Cell by column, as it stands; a missing cell is empty."""


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a table and what is wrong with its form."""

    records: tuple[Record, ...]
    problems: tuple[LineProblem, ...]
    decimal_comma: bool
    """Whether a comma within a number can only be a decimal mark."""


def shown(text: str) -> str:
    """A cell in quotes for a message, cut when long."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "...")


def read_table(content: bytes, columns: Sequence[str], optional: Sequence[str]) -> Table:
    """Read a table whose first line names its columns, in any order and case.

    Args:
        content: UTF-8 with or without byte order mark, or UTF-16 with one.
        columns: names that must be there.
        optional: names that are taken where they are there. All other columns are passed over.

    Returns:
        The rows that are not empty, with the wanted columns only.

    Raises:
        TableError: the text cannot be decoded, or the first line does not name the columns.
    """
    text = _decode(content)
    delimiter = _delimiter(text, columns)
    rows = _Rows(text, delimiter)
    header_line, header = next(iter(rows), (1, []))
    positions = _positions([cell.strip().lower() for cell in header], header_line, columns, optional)
    records = []
    problems = []
    for line, cells in rows:
        if any(cells[len(header) :]):
            problems.append(LineProblem(line, f"has {len(cells)} cells, the first line has {len(header)}"))
            continue
        records.append(Record(line, {name: cells[i] if i < len(cells) else "" for name, i in positions.items()}))
    return Table(tuple(records), (*problems, *rows.problems), decimal_comma=delimiter != ",")


class _Rows:
    """Iterates over (line, cells) of the rows that hold anything; a broken row ends it and is kept as a problem."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        self.problems: list[LineProblem] = []

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            line = self._reader.line_num + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                self.problems.append(LineProblem(line, f"cannot be split into cells ({error}); check its quotes"))
                return
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield line, cells


def _decode(content: bytes) -> str:
    if content.startswith(UTF16_MARKS):
        try:
            text = content.decode("utf-16")
        except UnicodeDecodeError as error:
            line = content[: error.start].decode("utf-16", errors="replace").count("\n") + 1
            raise TableError([LineProblem(line, "is not UTF-16, as the file's first bytes say")]) from error
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TableError(_lines_outside_utf8(content)) from error
    if "\0" in text:
        line = len(re.findall(r"\r\n|\r|\n", text[: text.index("\0")])) + 1
        raise TableError([LineProblem(line, "holds a NUL character, which no text table does")])
    return text


def _lines_outside_utf8(content: bytes) -> Iterator[LineProblem]:
    for number, line in enumerate(re.split(rb"\r\n|\r|\n", content), 1):
        try:
            line.decode("utf-8")
        except UnicodeDecodeError as error:
            byte = line[error.start]
            yield LineProblem(number, f"is not UTF-8 (byte 0x{byte:02x} at {error.start}); save the table as CSV UTF-8")


def _delimiter(text: str, columns: Sequence[str]) -> str:
    """What separates the first line into the most of the wanted columns."""
    first_line = next((line for line in io.StringIO(text) if line.strip()), "")

    def columns_found(delimiter: str) -> int:
        """How many of the wanted columns the first line has, if this separates them."""
        cells = first_line.replace('"', "").lower().split(delimiter)
        return len({cell.strip() for cell in cells} & set(columns))

    return max(DELIMITERS, key=columns_found)


def _positions(header: Sequence[str], line: int, columns: Sequence[str], optional: Sequence[str]) -> dict[str, int]:
    """Where each wanted column stands."""
    problems = []
    for name in columns:
        if name not in header:
            near = difflib.get_close_matches(name, header, n=1)
            hint = f" (it has {shown(near[0])})" if near else ""
            problems.append(LineProblem(line, f"names no column {name}{hint}"))
    problems += [
        LineProblem(line, f"names the column {name} {header.count(name)} times")
        for name in (*columns, *optional)
        if header.count(name) > 1
    ]
    if problems:
        raise TableError(problems)
    return {name: header.index(name) for name in (*columns, *optional) if name in header}
