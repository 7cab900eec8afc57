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

_BYTE_ORDER_MARK = "\ufeff"
"""Where tables were joined, or a program wrote a line before the table, it stands within the text."""

COMMENT = "#"
"""Lines of a table that begin with it are comments; a cell in quotes may begin with it."""

_SHOWN_CHARACTERS = 40
_SEPARATOR_LINE = re.compile(r"""["']?sep=(\\t|[^\w"'\r\n])["']?[\s,;]*""", re.IGNORECASE)
"""What Excel reads for the separator of a table, alone in the first line; `\\t` also as two characters."""


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
class TableRecord:
    """One row of a table."""

    line: int
    """Where it starts; a quoted cell may hold line breaks."""
    cells: dict[str, str]
    """Cell by column, as it stands; a missing cell is empty."""


@dataclass(frozen=True, slots=True)
class DelimitedTable:
    """The rows of a table and what is wrong with its form."""

    records: tuple[TableRecord, ...]
    problems: tuple[LineProblem, ...]
    decimal_comma: bool
    """Whether a comma within a number does not separate columns."""
    comments: tuple[int, ...]
    """Numbers of the lines that were passed over as comments, and have as many cells as a row."""


def shown(text: str) -> str:
    """A cell in quotes for a message, cut when long."""
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 3] + "...")


def read_table(content: bytes, columns: Sequence[str], optional: Sequence[str]) -> DelimitedTable:
    """Read a table whose first line names its columns, in any order and case.

    Before that line there may be one with `sep=;`, as Excel writes and reads it, blank lines and comments. The names of
    the columns may themselves stand in a comment, as `numpy.savetxt` writes them.

    Args:
        content: UTF-8 with or without byte order mark, or UTF-16 with one.
        columns: names that must be there.
        optional: names that are taken where they are there. All other columns are passed over.

    Returns:
        The rows that are not empty, with the wanted columns only.

    Raises:
        TableError: the text cannot be decoded, or no line names the columns.
    """
    lines = _Lines(decode_text(content))
    separator = lines.take_separator()
    lines.skip_to_names(columns, separator)
    delimiter = separator or _delimiter(lines.peek(), columns)
    rows = _Rows(lines, delimiter)
    header_line, header = next(iter(rows), (1, []))
    names = [cell.strip().lower() for cell in header]
    positions = _positions(names, header_line, columns, optional)
    records = []
    problems = []
    for line, cells in rows:
        if any(cells[len(header) :]):
            problems.append(LineProblem(line, f"has {len(cells)} cells, the first line has {len(header)}"))
            continue
        records.append(TableRecord(line, {name: cells[i] if i < len(cells) else "" for name, i in positions.items()}))
    comments = tuple(line for line, text in lines.comments if text.count(delimiter) >= len(columns) - 1)
    return DelimitedTable(tuple(records), (*problems, *rows.problems), delimiter != ",", comments)


class _Lines:
    """The lines of a text with their ends, for a reader of records: no record begins with a comment.

    Args:
        text: of the whole table.
    """

    def __init__(self, text: str) -> None:
        # As `csv` counts them: not `str.splitlines`, which also splits at form feeds and the like.
        self._lines = list(io.StringIO(text, newline=""))
        self._next = 0
        self.record_begins = False
        """Whether the next line is the first of a record."""
        self.record_line = 1
        """Number of the first line of the record that was begun last, from 1."""
        self.comments: list[tuple[int, str]] = []
        """Number and text of the lines that were passed over between records."""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.record_begins:
            while self.peek().startswith(COMMENT):
                self.comments.append((self._next + 1, self.peek()))
                self._next += 1
            self.record_begins, self.record_line = False, self._next + 1
        if self._next >= len(self._lines):
            raise StopIteration
        self._next += 1
        return self._lines[self._next - 1]

    def peek(self) -> str:
        """The next line; empty at the end."""
        return self._lines[self._next] if self._next < len(self._lines) else ""

    def take_separator(self) -> str | None:
        """Read the line that names the separator, if it is the first that is not blank."""
        first = next((place for place, line in enumerate(self._lines) if line.strip()), 0)
        found = _SEPARATOR_LINE.fullmatch(self._lines[first].rstrip("\r\n")) if self._lines else None
        if found is None:
            return None
        self._next = first + 1
        return "\t" if found[1] == "\\t" else found[1]

    def skip_to_names(self, columns: Sequence[str], separator: str | None) -> None:
        """Pass over blank lines and comments; a comment that names the columns becomes the line that does."""
        while self._next < len(self._lines):
            line = self.peek().lstrip(_BYTE_ORDER_MARK)
            text = line.lstrip(f"{COMMENT} \t")
            if line.startswith(COMMENT) and set(columns) <= _names_in(text, separator or _delimiter(text, columns)):
                line = text
            if line.strip() and not line.startswith(COMMENT):
                self._lines[self._next] = line
                return
            self._next += 1


class _Rows:
    """Iterates over (line, cells) of the rows that hold anything; a broken row ends it and is kept as a problem."""

    def __init__(self, lines: _Lines, delimiter: str) -> None:
        self._lines = lines
        self._reader = csv.reader(lines, delimiter=delimiter, strict=True)
        self.problems: list[LineProblem] = []

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            self._lines.record_begins = True
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                line = self._lines.record_line
                self.problems.append(LineProblem(line, f"cannot be split into cells ({error}); check its quotes"))
                return
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield self._lines.record_line, cells


def decode_text(content: bytes) -> str:
    """The text of a file that people or programs saved: UTF-8 with or without byte order mark, or UTF-16 with one.

    Raises:
        TableError: it is neither; all lines that are not are named.
    """
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


def _delimiter(line: str, columns: Sequence[str]) -> str:
    """What separates a line into the most of the wanted columns."""
    return max(DELIMITERS, key=lambda delimiter: len(_names_in(line, delimiter) & set(columns)))


def _names_in(line: str, delimiter: str) -> set[str]:
    """The names of columns in a line, if this separates them."""
    return {cell.strip() for cell in line.replace('"', "").lower().split(delimiter)}


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
