"""The formats of labels, and reading and writing files in them.

A format is one module beside this one, with a reader and a writer, and one line in the table here.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Protocol

from vidlabel.errors import AnnotationError, OutputError, UsageError
from vidlabel.files import atomic_write
from vidlabel.labels.annotations import Annotation, LabelTable
from vidlabel.labels.formats.csv import CsvReader, CsvWriter, annotation_lines
from vidlabel.labels.formats.delimited import UTF16_MARKS
from vidlabel.labels.formats.json import JsonLinesWriter, JsonWriter
from vidlabel.labels.formats.json_reader import JsonLinesReader, JsonReader
from vidlabel.labels.formats.subtitles import SrtReader, SrtWriter, VttReader, VttWriter
from vidlabel.labels.result import Result

_BEGINNING_BYTES = 4096


class Reader(Protocol):
    """How labels are read from files of a format."""

    def recognises(self, beginning: str) -> bool:
        """Whether a file whose text begins so is certainly of this format, whatever its suffix."""

    def read(self, content: bytes, name: str) -> LabelTable:
        """Take the labels from a file.

        Args:
            content: the whole file.
            name: its path, for messages and where the format names no video.

        Raises:
            LabelTableError: lines in it are wrong; all of them are named at once.
            AnnotationError: it is wrong as a whole.
        """


class Writer(Protocol):
    """How results are written in a format. Files are UTF-8."""

    def header(self, models: int) -> str:
        """Give what every file starts with, even one without results, each of which comes from `models` models."""

    def body(self, result: Result) -> Iterator[str]:
        """Give the text of one result, in pieces."""


@dataclass(frozen=True, slots=True)
class Format:
    """A format of labels."""

    name: str
    """What the user calls it."""
    suffix: str
    """How its files end, with the dot."""
    holds_many: bool
    """Whether one file can hold the results of several videos."""
    reader: Reader
    writer: Writer

    def write(self, result: Result, file: BinaryIO) -> None:
        """Write the whole file of one result.

        Args:
            result: what to write.
            file: open for writing bytes; stays open.
        """
        self.begin(file, len(result.models))
        self.add(result, file)

    def begin(self, file: BinaryIO, models: int = 1) -> None:
        """Write the header of results that come from `models` models each."""
        file.write(_encoded(self.writer.header(models)))

    def add(self, result: Result, file: BinaryIO) -> None:
        """Write one result behind the header, or behind another result where the format holds many."""
        for piece in self.writer.body(result):
            file.write(_encoded(piece))


_CSV = Format("csv", ".csv", True, CsvReader(), CsvWriter())

_ALL = (
    Format("json", ".json", False, JsonReader(), JsonWriter()),
    Format("jsonl", ".jsonl", True, JsonLinesReader(), JsonLinesWriter()),
    _CSV,
    Format("srt", ".srt", False, SrtReader(), SrtWriter()),
    Format("vtt", ".vtt", False, VttReader(), VttWriter()),
)

FORMATS: Mapping[str, Format] = MappingProxyType({format_.name: format_ for format_ in _ALL})
"""All formats by name: json, jsonl, csv, srt, vtt."""


def format_named(name: str) -> Format:
    """The format of this name, in any case.

    Raises:
        UsageError: there is none.
    """
    if name.lower() not in FORMATS:
        raise UsageError(name, "is not a format that results can be written in", f"use one of {', '.join(FORMATS)}")
    return FORMATS[name.lower()]


def format_of(path: Path) -> Format:
    """The format that the suffix of an output file asks for, in any case.

    Raises:
        UsageError: the suffix is missing or unknown.
    """
    found = _by_suffix(path)
    if found is not None:
        return found
    known = ", ".join(format_.suffix for format_ in _ALL)
    problem = f"{path.suffix} is not a suffix that results have" if path.suffix else "has no suffix to tell the format"
    raise UsageError(path, problem, f"use one of {known}")


def detect_format(path: Path, beginning: bytes) -> Format:
    """The format of a file of labels: by its content, else by its suffix, else a table.

    Args:
        path: of the file; it is not opened.
        beginning: some of its first bytes.
    """
    encoding = "utf-16" if beginning.startswith(UTF16_MARKS) else "utf-8"
    text = beginning.decode(encoding, errors="replace").removeprefix(codecs.BOM_UTF8.decode())
    recognised = next((format_ for format_ in _ALL if format_.reader.recognises(text)), None)
    return recognised or _by_suffix(path) or _CSV


def read_labels(path: str | PathLike[str]) -> list[Annotation]:
    """Read a file of labels.

    Args:
        path: a CSV file with the columns `video,start,end,label`, or what `predict` writes: JSON, JSON Lines, SRT, VTT.

    Returns:
        Its labels, in the order of the file.

    Raises:
        AnnotationError: the file cannot be read.
        LabelTableError: lines in it are wrong; all of them are named at once.

    Example:
        >>> rows = vidlabel.read_labels("labels.csv")
        >>> rows[0].label, rows[0].group
        ('left', 'g0')
    """
    return list(read_label_table(path).rows)


def read_label_table(path: str | PathLike[str]) -> LabelTable:
    """Read a file of labels together with warnings; see `read_labels`."""
    try:
        with Path(path).open("rb") as file:
            beginning = file.read(_BEGINNING_BYTES)
            if b"\0" in beginning and not beginning.startswith(UTF16_MARKS):
                # Before all of it is read: somebody may give a video of many gigabytes.
                raise AnnotationError(path, "is not a text file", "give a CSV table of labels")
            content = beginning + file.read()
    except OSError as error:
        raise AnnotationError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    return detect_format(Path(path), beginning).reader.read(content, str(path))


def write_labels(rows: Iterable[Annotation], path: str | PathLike[str]) -> None:
    """Write a table of labels that `read_labels` reads back exactly, labels and groups in their composed form.

    Args:
        rows: what to write. The columns `group`, `score` and `annotator` are there where any row has one.
        path: the CSV file; it appears whole or not at all.

    Raises:
        OutputError: it cannot be written, or a row is a point, which a table of starts and ends does not hold.

    Example:
        >>> rows = vidlabel.read_labels("labels.csv")
        >>> vidlabel.write_labels(rows[:2], "few.csv")
        >>> vidlabel.read_labels("few.csv") == rows[:2]
        True
    """
    listed = list(rows)
    if any(row.kind == "point" for row in listed):
        raise OutputError(path, "cannot hold labels of single points in time", "give each a start and a later end")
    with atomic_write(Path(path)) as file:
        file.writelines(annotation_lines(listed))


def _by_suffix(path: Path) -> Format | None:
    return next((format_ for format_ in _ALL if path.suffix.lower() == format_.suffix), None)


def _encoded(text: str) -> bytes:
    # Paths may hold bytes outside UTF-8; Python has them as lone surrogates, which UTF-8 cannot encode.
    return text.encode("utf-8", errors="backslashreplace")
