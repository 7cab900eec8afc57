"""The segments of results: of files in any format of labels, and of folders of such files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import AnnotationError, InputError
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.registry import FORMATS, read_label_table
from vidlabel.paths import is_folder
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
