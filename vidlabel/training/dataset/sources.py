"""From the paths of a table to files: whether they are there, and how long they last."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from vidlabel.errors import printable
from vidlabel.features.feature_files import FeatureKind, is_feature_name, read_feature_file
from vidlabel.video.isolated import isolated_facts

_MOST_COMPARED = 5000
"""File names that are compared with a missing one; beyond that it takes seconds."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that features can be had from."""

    path: Path
    duration_s: float
    features: FeatureKind | None
    """Of a file of features; None for a video."""


def resolve(folder: Path, video: str) -> Path:
    """The file that a path in a table means, links followed, so that two spellings of one file are the same.

    Args:
        folder: of the table.
        video: path relative to it, or absolute.
    """
    return Path(os.path.realpath(folder / video))  # `Path.resolve` raises on links that lead in a circle


def is_there(path: Path) -> bool:
    """Whether a path leads anywhere; no also for those that no file system could hold."""
    return os.path.exists(path)  # noqa: PTH110 - `Path.exists` raises on names that are too long


def open_source(path: Path, rate: float | None) -> Source:
    """Look into a file.

    Args:
        path: a video or a file of features.
        rate: samples per second of features that tell no times.

    Raises:
        InputError: it can be used as neither.
    """
    if is_feature_name(path):
        features = read_feature_file(path, rate)
        return Source(path, features.duration_s, features.kind)
    return Source(path, isolated_facts(path).duration_s, None)


def missing_file_problem(folder: Path, video: str) -> str:
    """What is wrong with a path that leads nowhere, with the file that was perhaps meant."""
    near = _near_file(folder, video)
    hint = f" (is it {printable(near)!r}?)" if near is not None else ""
    return f"there is no file {printable(video)!r}{hint}"


def _near_file(folder: Path, video: str) -> str | None:
    turned = PureWindowsPath(video).as_posix()
    for candidate in (video.strip(), turned):
        if candidate != video and is_there(folder / candidate):
            return candidate
    place = Path(video).parent
    names = _names(folder / place)
    same_but_case = [name for name in names if name.casefold() == Path(video).name.casefold()]
    near = same_but_case or difflib.get_close_matches(Path(video).name, names, n=1)
    return (place / near[0]).as_posix() if near else None


def _names(folder: Path) -> list[str]:
    try:
        names = sorted(path.name for path in folder.iterdir() if not path.is_dir())
    except OSError:
        return []
    return names[:_MOST_COMPARED]
