"""The journal of a search: every trial that has ended, on the disk at once.

A file of JSON objects, one a line, in a folder beside the model. A kill in the middle of a line costs that trial alone;
the same search goes on after the others.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from vidlabel.errors import OutputError
from vidlabel.json_fields import dataclass_from_json
from vidlabel.json_text import parse_json
from vidlabel.paths import reason_of
from vidlabel.training.search.model_cost import StreamCosts
from vidlabel.training.search.quality import ClipScore
from vidlabel.training.search.trial_record import TrialRecord

SUFFIX = ".tuning"
"""Suffix of the folder beside the model."""
_NAME = "journal.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchStart:
    """The first line: what is searched, and what was measured before."""

    schema: Literal["vidlabel.tuning/1"] = "vidlabel.tuning/1"
    identity: str
    """Of the data and the options; the journal of another search is as good as missing."""
    costs: StreamCosts


@dataclass(frozen=True, slots=True)
class OuterFoldScores:
    """How an outer fold went: scores of its clips, which no trial of it has seen."""

    part: int
    clips: tuple[int, ...]
    tuned: tuple[ClipScore, ...]
    defaults: tuple[ClipScore, ...]


@dataclass(frozen=True, slots=True)
class PartEnd:
    """No more trials are to be made in a part."""

    part: int


Line = SearchStart | TrialRecord | PartEnd | OuterFoldScores
_KINDS: dict[str, type[Line]] = {
    "start": SearchStart,
    "trial": TrialRecord,
    "end": PartEnd,
    "outer": OuterFoldScores,
}


class SearchJournal:
    """Keeps trials, and finds those of an earlier run of the same search.

    Args:
        folder: of the search; made when it is first needed.
        lines: that are kept already.
        file: open, and locked.
    """

    def __init__(self, folder: Path, lines: list[Line], file: BinaryIO) -> None:
        self.folder = folder
        self._lines = lines
        self._file = file

    @property
    def costs(self) -> StreamCosts | None:
        """What streams cost, if it was measured."""
        return next((line.costs for line in self._lines if isinstance(line, SearchStart)), None)

    @property
    def spent_s(self) -> float:
        """Seconds that all trials took."""
        return sum(line.seconds for line in self._lines if isinstance(line, TrialRecord))

    def trials(self, part: int) -> list[TrialRecord]:
        """The trials of a part that have ended, in their order."""
        return [line for line in self._lines if isinstance(line, TrialRecord) and line.part == part]

    def has_ended(self, part: int) -> bool:
        """Whether the trials of a part are complete."""
        return PartEnd(part) in self._lines

    @property
    def outer_folds(self) -> dict[int, OuterFoldScores]:
        """Outer folds that are done, by the number of their part."""
        return {line.part: line for line in self._lines if isinstance(line, OuterFoldScores)}

    def add(self, line: Line) -> None:
        """Write a line, and wait until it is on the disk.

        Raises:
            OutputError: it cannot be written.
        """
        kind = next(name for name, known in _KINDS.items() if isinstance(line, known))
        text = json.dumps({"line": kind, **asdict(line)}).encode("ascii") + b"\n"
        try:
            self._file.write(text)
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                self.folder / _NAME, f"cannot be written ({reason_of(error)})", "free some space"
            ) from error
        self._lines.append(line)

    def remove(self) -> None:
        """Delete the folder: the model is written."""
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def open_journal(output: Path, identity: str) -> Iterator[SearchJournal]:
    """Open the journal of a search beside a model, and lock it.

    Args:
        output: the model file.
        identity: of the search; a journal of another one is begun anew.

    Raises:
        OutputError: it cannot be written, or another process tunes the same model.
    """
    folder = output.with_name(f"{output.name}{SUFFIX}")
    path = folder / _NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("ab+", buffering=0)
    except OSError as error:
        raise OutputError(path, f"cannot be written ({reason_of(error)})", "name another model with -o") from error
    with file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(output, "is being tuned by another process", "end that one first") from error
        file.seek(0)
        lines, whole = _parse(file.read())
        start = lines[0] if lines else None
        if not isinstance(start, SearchStart) or start.identity != identity:
            lines, whole = [], 0
            for kept in folder.iterdir():
                if kept.is_dir():
                    shutil.rmtree(kept, ignore_errors=True)
        file.truncate(whole)
        yield SearchJournal(folder, lines, file)


def _parse(content: bytes) -> tuple[list[Line], int]:
    """The lines up to the first that is damaged, and how many bytes they have."""
    lines: list[Line] = []
    whole = 0
    for text in content.splitlines(keepends=True):
        try:
            values = parse_json(text)
            if not text.endswith(b"\n") or not isinstance(values, dict):
                break
            kind = _KINDS[str(values.pop("line"))]
            lines.append(dataclass_from_json(kind, values, ""))
        except (ValueError, KeyError):
            break
        whole += len(text)
    return lines, whole
