"""From the paths of a table to files: whether they are there, and how long they last."""

from __future__ import annotations

import difflib
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from vidlabel.errors import printable
from vidlabel.features.feature_file import FeatureKind, is_feature_name
from vidlabel.features.resampling import read_features
from vidlabel.labels.typos import distinguishable
from vidlabel.video.samples import isolated_probe

_MOST_COMPARED = 5000
"""File names that are compared with a missing one; beyond that it takes seconds."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that features can be had from."""

    path: Path
    duration_s: float
    features: FeatureKind | None
    """The kind of a feature file; None for a video."""
    start_s: float = 0.0
    """Seconds at the first sample of a file of features."""
    own_rate: float | None = None
    """Samples per second of a file of features itself, where it is resampled to another rate."""
    warnings: tuple[str, ...] = ()
    """About a video as a whole, one line each."""


def resolve(folder: Path, video: str) -> Path:
    """The file that a path in a table means, links followed, so that two spellings of one file are the same.

    Names that differ by their Unicode form alone are the same where one file has such a name: macOS and some tools
    write an accent as a character of its own, others do not.

    Args:
        folder: of the table.
        video: path relative to it, or absolute.
    """
    path = Path(os.path.realpath(folder / video))  # `Path.resolve` raises on links that lead in a circle
    if video.isascii() or is_there(path):
        return path
    found = _equivalent_files(folder, video)
    return Path(os.path.realpath(found[0])) if len(found) == 1 else path


def is_there(path: Path) -> bool:
    """Whether something is where a path leads; yes also where it may not be looked at: reading it gives the reason."""
    try:
        os.stat(path)  # noqa: PTH116 - as the text that was given
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


def open_source(path: Path, rate: float | None) -> Source:
    """Look into a file.

    Args:
        path: a video or a file of features.
        rate: samples per second that features are wanted at; None: their own.

    Raises:
        InputError: it can be used as neither.
    """
    if is_feature_name(path):
        features = read_features(path, rate)
        own_rate = None if features.own_rate == features.rate else features.own_rate
        return Source(path, features.duration_s, features.kind, float(features.times[0]), own_rate)
    opened = isolated_probe(path)
    return Source(path, opened.facts.duration_s, None, warnings=opened.warnings)


def missing_file_problem(folder: Path, video: str) -> str:
    """What is wrong with a path that leads nowhere, with the file that was perhaps meant.

    Args:
        folder: of the table.
        video: path relative to it, or absolute.
    """
    missing = f"there is no file {printable(video)!r}"
    equivalent = [] if video.isascii() else _equivalent_files(folder, video)
    if equivalent:
        names = " and ".join(ascii(path.relative_to(folder).as_posix()) for path in equivalent)
        return f"there is no file {video!a}, and {names} differ from it by their Unicode form alone"
    elsewhere = _from_elsewhere(folder, video)
    if elsewhere is not None:
        place, path = elsewhere
        return f"{missing} from the table's folder, where paths count from; the one in {place} is {printable(path)!r}"
    near = _near_file(folder, video)
    if near is None:
        return missing
    first, second = distinguishable(printable(video), printable(near))
    return f"there is no file {first} (is it {second}?)"


def _equivalent_files(folder: Path, video: str) -> list[Path]:
    """The paths below a folder that differ from one by their Unicode form alone, in order."""
    found = [folder]
    for part in Path(video).parts:
        exact = [path / part for path in found if is_there(path / part)]
        found = exact or [path / name for path in found for name in _equivalent_names(path, part)]
    return sorted(found)


def _equivalent_names(folder: Path, name: str) -> list[str]:
    wanted = unicodedata.normalize("NFC", name)
    try:
        return [found for found in os.listdir(folder) if unicodedata.normalize("NFC", found) == wanted]  # noqa: PTH208 - names
    except OSError:
        return []


def _from_elsewhere(folder: Path, video: str) -> tuple[str, str] | None:
    """A file whose path counts from another folder: which folder that is, and the path as the table has to have it."""
    if Path(video).is_absolute():
        return None
    table_folder = Path(os.path.realpath(folder))
    for place, start in (("the working directory", Path()), ("the folder above the table's", table_folder.parent)):
        if is_there(start / video):
            return place, Path(os.path.relpath(os.path.realpath(start / video), table_folder)).as_posix()
    return None


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
