"""What an output folder remembers of each output: one small file each, under `.vidlabel/` in that folder.

A record is replaced in one step, so that a kill leaves the old one or the new one. Without its record an output counts
as a file of somebody else, unless it is JSON that carries the very fingerprint of the work.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Literal

from vidlabel.errors import InputError
from vidlabel.files import TEMPORARY_SUFFIX, atomic_note, atomic_write
from vidlabel.json_fields import MismatchError, Range, exact_dataclass_from_json
from vidlabel.paths import is_folder

STATE_FOLDER = ".vidlabel"
SCHEMA = "vidlabel.record/1"

State = Literal["started", "done", "failed"]
Count = Annotated[int, Range(0, (1 << 63) - 1)]


@dataclass(frozen=True, slots=True)
class Record:
    """How far the work on one input has come."""

    video: str
    """Path of the input, as it was given."""
    fingerprint: str
    """Fingerprint of the input, the model and the options; empty where the input was not there."""
    state: State
    reason: str = ""
    """Why it failed, what is partial about it, or how its process ended since it was begun; one line."""
    partial: bool = False
    """Whether some of the video could not be decoded."""
    starts: Count = 0
    """How often the work was begun without coming to an end, this time included."""
    duration: Annotated[float, Range(0)] = 0.0
    """Seconds of video."""
    samples: Count = 0
    decode_errors: Count = 0
    sha256: str = ""
    """SHA-256 of the output, as it was last written; empty where none was."""
    replaced_sha256: str = ""
    """SHA-256 of the file in the output's place when the work began; empty where there was none."""
    conditions: str = ""
    """Options that decide what counts as a failure, as they were: a failure counts under these only."""
    run_id: str = ""
    """The run that began the work."""


class Records:
    """The records of one output folder.

    Args:
        folder: the output folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._root = folder / STATE_FOLDER / "records"

    def read(self, output: Path) -> Record | None:
        """The record of one output, or None when there is none that can be understood."""
        return _parse(self._path(output))

    def write(self, output: Path, record: Record) -> None:
        """Replace the record of one output.

        Raises:
            OutputError: the output folder cannot be written.
        """
        with atomic_write(self._path(output)) as file:
            file.write(_text(record))

    def begin(self, output: Path, record: Record) -> None:
        """As `write`, before the work: a power cut may take the record, and then the work is begun anew all the same.

        Raises:
            OutputError: the output folder cannot be written.
        """
        with atomic_note(self._path(output)) as file:
            file.write(_text(record))

    def all(self) -> Iterator[tuple[Path, Record]]:
        """Every output with its record, in the order of their names."""
        for parent, folders, names in os.walk(self._root):
            folders.sort()
            for name in sorted(names):
                path = Path(parent, name)
                record = None if name.endswith(TEMPORARY_SUFFIX) else _parse(path)
                if record is not None:
                    yield self.folder / path.relative_to(self._root), record

    def _path(self, output: Path) -> Path:
        return self._root / output.relative_to(self.folder)


def read_records(output: Path) -> list[tuple[Path, Record]]:
    """Every output with its record: of an output folder, of the videos of a table, or of one file.

    Raises:
        InputError: there are no records.
    """
    folder = output if is_folder(output) else table_state_folder(output)
    records = list(Records(folder).all())
    alone = None if is_folder(output) else Records(output.parent).read(output)
    if not records and alone is not None:
        records = [(output, alone)]
    if not records:
        raise InputError(output, "holds no records of a run", "name the folder or file that -o was given")
    return records


def table_state_folder(table: Path) -> Path:
    """Hidden folder beside a table that keeps each video's labels, so that a rerun skips what is done."""
    return table.parent / STATE_FOLDER / "tables" / table.name


def _text(record: Record) -> bytes:
    return json.dumps({"schema": SCHEMA, **asdict(record)}, indent=1).encode("ascii")


def _parse(path: Path) -> Record | None:
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(data, dict) or data.pop("schema", None) != SCHEMA:
        return None
    if len(data) != len(Record.__slots__):
        return None
    try:
        return exact_dataclass_from_json(Record, data, "")
    except MismatchError:
        return None
