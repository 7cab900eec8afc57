"""The formats that results are written in, by name and by suffix."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from vidlabel.errors import UsageError
from vidlabel.labels.formats.base import Format
from vidlabel.labels.formats.csv import CsvFormat
from vidlabel.labels.formats.json import JsonFormat, JsonLinesFormat
from vidlabel.labels.formats.subtitles import SrtFormat, VttFormat

__all__ = ["FORMATS", "Format", "format_named", "format_of"]

_ALL: tuple[Format, ...] = (JsonFormat(), JsonLinesFormat(), CsvFormat(), SrtFormat(), VttFormat())

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
    for format_ in _ALL:
        if path.suffix.lower() == format_.suffix:
            return format_
    known = ", ".join(format_.suffix for format_ in _ALL)
    problem = f"{path.suffix} is not a suffix that results have" if path.suffix else "has no suffix to tell the format"
    raise UsageError(path, problem, f"use one of {known}")
