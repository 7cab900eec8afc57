"""The journal of a review: every change, on the disk before it is shown as made.

A file of JSON objects, one a line, beside the table. It begins with the labels as they were, so that it needs no other
file; then comes a line for each change and for each saved table. A kill in the middle of a line costs that line alone,
whose change was not confirmed to anybody.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, BinaryIO, Literal

from vidlabel.errors import InputError, OutputError
from vidlabel.files import atomic_write
from vidlabel.json_fields import MismatchError, Sha256, dataclass_from_json
from vidlabel.json_text import parse_json
from vidlabel.paths import exists, reason_of
from vidlabel.review.segments import ReviewSegment
from vidlabel.review.session import Change
from vidlabel.review.source import SourceVideo

SCHEMA: Literal["vidlabel.review/1"] = "vidlabel.review/1"


@dataclass(frozen=True, slots=True)
class JournalStart:
    """The first line: what is reviewed."""

    schema: Literal["vidlabel.review/1"]
    source_sha256: Sha256


@dataclass(frozen=True, slots=True)
class SavedTable:
    """A table was about to be written."""

    sha256: Sha256


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal tells."""

    source_sha256: str
    videos: tuple[SourceVideo, ...]
    changes: tuple[Change, ...] = ()
    saved: frozenset[str] = frozenset()
    """SHA-256 of the tables that were written."""


_LINES: dict[str, type[JournalStart | SourceVideo | Change | SavedTable]] = {
    "start": JournalStart,
    "video": SourceVideo,
    "change": Change,
    "saved": SavedTable,
}
Line = JournalStart | SourceVideo | Change | SavedTable


class Journal:
    """A journal that this process alone writes. To be closed.

    Args:
        path: of it; the file is there.

    Raises:
        OutputError: it cannot be written, or another process holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _locked(path)

    def read(self) -> JournalContent:
        """All that was written; a line that was cut off is taken away.

        Raises:
            InputError: it is no journal of this version, or a line in it is damaged.
        """
        self._file.seek(0)
        *lines, rest = self._file.read().split(b"\n")
        content = _parse(lines, self.path)
        if rest:
            self._file.truncate(self._file.tell() - len(rest))
        return content

    def write(self, line: Change | SavedTable) -> None:
        """Append a line; it is on the disk when this returns.

        Raises:
            OutputError: the disk is full, or gone.
        """
        end = self._file.seek(0, os.SEEK_END)
        try:
            self._file.write(_text(line))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(end)
            raise OutputError(self.path, f"cannot be written ({reason_of(error)})", "free some space") from error

    def close(self) -> None:
        """Let others write it."""
        self._file.close()


def begin_journal(path: Path, source_sha256: str, videos: Sequence[SourceVideo]) -> None:
    """Write the lines that a journal begins with.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as file:
        file.write(_text(JournalStart(SCHEMA, source_sha256)))
        file.writelines(_text(video) for video in videos)


def journal_path(output: Path) -> Path:
    """Where the journal of a table lies."""
    return output.with_name(output.name + ".journal")


def _locked(path: Path) -> BinaryIO:
    # Unbuffered: what is left in a buffer after a failed write would be written later.
    try:
        file: BinaryIO = path.open("rb+", buffering=0)
    except OSError as error:
        raise OutputError(path, f"cannot be written ({reason_of(error)})", "name another table with -o") from error
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise OutputError(path, "is being written by another review", "end that one first") from error
    return file


def _text(line: Line) -> bytes:
    kind = next(name for name, known in _LINES.items() if isinstance(line, known))
    return json.dumps({"line": kind, **_fields(line)}, default=_fields).encode("ascii") + b"\n"


def _fields(value: Line | ReviewSegment) -> dict[str, Any]:
    """The values of a dataclass, not copied: `asdict` took 13 s for 100,000 segments."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _parse(texts: Sequence[bytes], path: Path) -> JournalContent:
    lines = list(_parsed_lines(texts, path))
    start = lines[0] if lines else None
    if not isinstance(start, JournalStart):
        raise InputError(path, "is not a journal of a review", "name another table with -o")
    return JournalContent(
        start.source_sha256,
        tuple(line for line in lines if isinstance(line, SourceVideo)),
        tuple(line for line in lines if isinstance(line, Change)),
        frozenset(line.sha256 for line in lines if isinstance(line, SavedTable)),
    )


def _parsed_lines(texts: Sequence[bytes], path: Path) -> Iterator[Line]:
    for number, text in enumerate(texts, 1):
        try:
            values: Any = parse_json(text)
            kind = _LINES[values.pop("line")]
            yield dataclass_from_json(kind, values, "")
        except (ValueError, KeyError, AttributeError, TypeError, MismatchError) as error:
            problem = f"line {number} is damaged, or of another version of vidlabel"
            raise InputError(path, problem, "name another table with -o") from error


def has_journal(output: Path) -> bool:
    """Whether a table was reviewed before."""
    return exists(journal_path(output))
