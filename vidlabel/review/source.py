"""What is reviewed: the labels of a file or of an output folder of `predict`, video by video."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vidlabel.batch.records import STATE_FOLDER, Records
from vidlabel.errors import AnnotationError, InputError
from vidlabel.files import sha256_of
from vidlabel.labels.formats.json_reader import parse_result
from vidlabel.labels.formats.registry import FORMATS, read_label_table
from vidlabel.paths import exists, is_folder
from vidlabel.review.segments import ReviewSegment, segment_of
from vidlabel.review.table import read_reviews
from vidlabel.video.folder_search import walk_files

_SUFFIXES = frozenset(format_.suffix for format_ in FORMATS.values())


@dataclass(frozen=True, slots=True)
class SourceVideo:
    """The labels of one video."""

    name: str
    """Its path, as it stands in the labels."""
    folder: str
    """That the path counts from, below the folder of the labels; if it does not count from the working folder."""
    segments: tuple[ReviewSegment, ...]


@dataclass(frozen=True, slots=True)
class LabelSource:
    """Labels to review."""

    videos: tuple[SourceVideo, ...]
    """In the order of the files; also those without labels, where the files name them."""
    sha256: str
    """Of all files."""
    warnings: tuple[str, ...]
    """One line each: files that are left out, labels that may be the same."""


def read_source(path: Path) -> LabelSource:
    """Read labels, or all files of labels in a folder.

    Raises:
        InputError: there are none, or the file cannot be used.
    """
    if not exists(path):
        raise AnnotationError(path, "no such file or folder", "give what `predict -o` or `train` was given")
    if is_folder(path):
        return _read_folder(path)
    collected = _Collected(path.parent)
    collected.add_file(path, None)
    return collected.source(path)


def source_sha256(path: Path) -> str:
    """SHA-256 of labels: of the file, or of the names and contents of all files of labels in a folder.

    Raises:
        InputError: a file cannot be read.
    """
    if not is_folder(path):
        return sha256_of(path)
    digest = hashlib.sha256()
    for file in _files_of_labels(path, []):
        digest.update(f"{file.relative_to(path)}\0{sha256_of(file)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _files_of_labels(folder: Path, errors: list[InputError]) -> list[Path]:
    paths = (folder / path for path in walk_files(folder, recursive=True, errors=errors))
    return [path for path in paths if path.suffix.lower() in _SUFFIXES]


def _read_folder(folder: Path) -> LabelSource:
    errors: list[InputError] = []
    collected = _Collected(folder)
    records = Records(folder) if exists(folder / STATE_FOLDER) else None
    for path in _files_of_labels(folder, errors):
        record = None if records is None else records.read(path)
        try:
            collected.add_file(path, None if record is None else record.video)
        except InputError as error:
            errors.append(error)
    if not collected.names and errors:
        raise errors[0]
    collected.warnings += [f"{error}; left out" for error in errors]
    return collected.source(folder)


class _Collected:
    """Videos in the order in which they come, their labels together.

    Args:
        folder: of the labels.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names: dict[tuple[str, str], list[ReviewSegment]] = {}
        self.warnings: list[str] = []

    def add_file(self, path: Path, video: str | None) -> None:
        """Add a file of labels.

        Args:
            path: of it.
            video: that it is about, where it does not say so itself.

        Raises:
            InputError: it cannot be used.
        """
        folder = path.parent.relative_to(self._folder).as_posix()
        table = read_label_table(path)
        self.warnings += table.warnings
        for name in _named_videos(path):
            self.names.setdefault((name, folder), [])
        reviews = read_reviews(path)
        for row in table.rows:
            name = video if video is not None and row.video == path.stem else row.video
            segments = self.names.setdefault((name, folder), [])
            status, reviewer = reviews.get(row.line, ("unreviewed", None))
            try:
                segments.append(segment_of(len(segments), row, status, reviewer))
            except ValueError as error:
                raise AnnotationError(path, str(error), "give each a start and a later end") from error
        if video is not None and not table.rows:
            self.names.setdefault((video, folder), [])

    def source(self, path: Path) -> LabelSource:
        """All of it.

        Raises:
            AnnotationError: there is no video in it.
        """
        videos = tuple(SourceVideo(name, folder, tuple(own)) for (name, folder), own in self.names.items())
        if not videos:
            raise AnnotationError(path, "holds no labels", "give what `predict -o` wrote, or a table of labels")
        return LabelSource(videos, source_sha256(path), tuple(self.warnings))


def _named_videos(path: Path) -> Iterable[str]:
    """The videos that a JSON file names, those without labels too; the file was read before."""
    text = path.read_text(encoding="utf-8", errors="replace")
    if not text.lstrip().startswith("{"):
        return
    whole = path.suffix.lower() == ".json" or "\n{" not in text
    for part in [text] if whole else text.split("\n"):
        if part.strip():
            yield parse_result(part, os.fspath(path)).video.path
