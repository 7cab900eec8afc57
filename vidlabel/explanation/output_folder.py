"""The folder of an explanation: its pictures first, `explanation.json` last; no file of anybody else is touched."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Self

from vidlabel.errors import OutputError, UsageError
from vidlabel.explanation.explanation import SCHEMA, Explanation
from vidlabel.explanation.explanation_json import explanation_text
from vidlabel.files import TEMPORARY_SUFFIX, atomic_write
from vidlabel.paths import exists, is_folder, reason_of

EXPLANATION = "explanation.json"
_PICTURE = re.compile(r"[^/\\]+\.png")
"""A file that was changed by hand must not lead out of the folder."""
_REMEDY = "give a new or empty folder with --output"


class OutputFolder:
    """A folder that holds one explanation; a context manager within which pictures are drawn.

    Args:
        path: made if it is missing. An older explanation in it is replaced.

    Raises:
        UsageError: there is a file of that name, or the folder holds files that no explanation wrote.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        if exists(path) and not is_folder(path):
            raise UsageError(path, "is a file where a folder is needed", _REMEDY)
        self._path = path
        self.pictures = path / f".pictures{TEMPORARY_SUFFIX}"
        """Where pictures are drawn."""
        self._made = [one for one in (path, *path.parents) if not exists(one)]
        try:
            names = {entry.name for entry in os.scandir(path)} if exists(path) else set()
            self._older = _files_of(path / EXPLANATION) if EXPLANATION in names else set()
        except OSError as error:
            raise OutputError(path, f"cannot be read ({reason_of(error)})", _REMEDY) from error
        foreign = sorted(name for name in names - self._older if not name.startswith("."))
        if foreign:
            raise UsageError(path, f"holds {foreign[0]}, which no explanation wrote", _REMEDY)

    def __enter__(self) -> Self:
        try:
            shutil.rmtree(self.pictures, ignore_errors=True)  # of a run that was killed
            self.pictures.mkdir(parents=True)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        return self

    def __exit__(self, *error: object) -> None:
        """Remove what was drawn and not written, and the folders that were made if nothing is in them."""
        shutil.rmtree(self.pictures, ignore_errors=True)
        with contextlib.suppress(OSError):
            for folder in self._made:
                folder.rmdir()

    def write(self, explanation: Explanation) -> None:
        """Write an explanation and its pictures, and remove those of an older one.

        Raises:
            OutputError: a file cannot be written.
        """
        files = {one.file for one in explanation.evidence if one.file is not None}
        try:
            for name in sorted(files):
                (self.pictures / name).replace(self._path / name)
            with atomic_write(self._path / EXPLANATION) as file:
                file.write(explanation_text(explanation).encode("utf-8", errors="surrogatepass"))
            for name in self._older - files - {EXPLANATION}:
                (self._path / name).unlink(missing_ok=True)
        except OSError as error:
            raise _cannot_write(self._path, error) from error


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(path, f"cannot be written ({reason_of(error)})", "choose another place or free some space")


def _files_of(path: Path) -> set[str]:
    """The names of the files of an explanation; empty for a file that is none.

    Raises:
        OSError: it cannot be read.
    """
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return set()
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        return set()
    evidence = content.get("evidence")
    names = [one.get("file") for one in evidence if isinstance(one, dict)] if isinstance(evidence, list) else []
    return {EXPLANATION, *(name for name in names if isinstance(name, str) and _PICTURE.fullmatch(name))}
