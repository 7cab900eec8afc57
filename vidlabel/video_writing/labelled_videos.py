"""The segments of results, and the files of their videos."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PureWindowsPath

from vidlabel.errors import AnnotationError, InputError, UsageError, VideoError
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.registry import FORMATS, read_label_table
from vidlabel.paths import is_file, is_folder, missing_file
from vidlabel.video.folder_search import walk_files

_SUFFIXES = frozenset(format_.suffix for format_ in FORMATS.values())


@dataclass(frozen=True, slots=True)
class LabelledSegment:
    """A label of a file of results."""

    row: Annotation
    source: Path
    """The file that it stands in."""


@dataclass(frozen=True, slots=True)
class ReadResults:
    """The segments of results, and what of them cannot be used."""

    segments: tuple[LabelledSegment, ...]
    errors: tuple[InputError, ...]


def read_results(paths: Sequence[str | Path]) -> ReadResults:
    """Read results: files in any format of labels, and folders of such files, as `predict` writes them.

    Raises:
        InputError: none of them can be read, or folders hold none.
    """
    errors: list[InputError] = []
    segments: list[LabelledSegment] = []
    files = list(dict.fromkeys(file for path in paths for file in _files(Path(path), errors)))
    for file in files:
        try:
            rows = read_label_table(file).rows
        except InputError as error:
            errors.append(error)
        else:
            segments += [LabelledSegment(row, file) for row in rows]
    if errors and len(errors) >= len(files):
        raise errors[0]
    if not files:
        raise AnnotationError(" ".join(map(str, paths)), "holds no results", "give what predict -o wrote, or a table")
    return ReadResults(tuple(segments), tuple(errors))


def _files(path: Path, errors: list[InputError]) -> Iterable[Path]:
    if not is_folder(path):
        return [path]
    found = walk_files(path, recursive=True, errors=errors)
    return [path / below for below in found if below.suffix.lower() in _SUFFIXES]


class VideoFinder:
    """Finds the files that results name.

    Args:
        folder: where videos were moved to; None: they are where the results say, counted from the working folder or
            from that of the results.

    Raises:
        UsageError: it is no folder.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not is_folder(folder):
            raise UsageError("--videos", f"{folder} is not a folder", "give the folder of the videos")
        self._folder = folder

    def find(self, segment: LabelledSegment) -> Path:
        """The video of a segment.

        Raises:
            VideoError: it is not there, or several files have its name.
        """
        named = segment.row.video
        if self._folder is not None:
            return self._find_moved(named, self._folder)
        for path in (Path(named), segment.source.parent / named):
            if is_file(path):
                return path
        problem, remedy = missing_file(named)
        raise VideoError(named, problem, f"{remedy}, or name its folder with --videos")

    def _find_moved(self, named: str, folder: Path) -> Path:
        """The file below the folder with the longest end of the path in common."""
        parts = _parts(named)
        for first in range(len(parts)):
            path = folder.joinpath(*parts[first:])
            if is_file(path):
                return path
        found = self._by_name.get(parts[-1].casefold(), []) if parts else []
        if len(found) == 1:
            return found[0]
        if found:
            names = " and ".join(os.fspath(path) for path in found[:2])
            raise VideoError(named, f"may be {names}", "give the folder of one of them with --videos")
        raise VideoError(named, f"is not in {folder}", "check --videos")

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        found: dict[str, list[Path]] = {}
        errors: list[InputError] = []
        for below in walk_files(self._folder or Path(), recursive=True, errors=errors):
            found.setdefault(below.name.casefold(), []).append((self._folder or Path()) / below)
        return found


def _parts(named: str) -> list[str]:
    """The folders and the name of a path, as the system that wrote it has them; none that lead upwards."""
    path = PureWindowsPath(named) if "\\" in named else Path(named)
    return [part for part in path.parts if part not in ("..", path.anchor)]
