"""Where the labels of a command go, decided from the command line alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.labels.formats.registry import FORMATS, Format, format_named, format_of
from vidlabel.paths import exists, is_folder


@dataclass(frozen=True, slots=True)
class Terminal:
    """A readable table for a person."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Standard output, in one format."""

    format: Format


@dataclass(frozen=True, slots=True)
class OneFile:
    """One file for the one video there is."""

    path: Path
    format: Format


@dataclass(frozen=True, slots=True)
class TableDestination:
    """One file for the labels of many videos."""

    path: Path
    format: Format


@dataclass(frozen=True, slots=True)
class Folder:
    """One file a video, in a tree that mirrors the inputs."""

    path: Path
    format: Format


Destination = Terminal | Stream | OneFile | TableDestination | Folder


def choose_destination(output: str | None, format_name: str | None, videos: int, *, is_terminal: bool) -> Destination:
    """Decide where the labels go.

    Args:
        output: `-o`, a file with the ending of a format, or a folder; None: standard output.
        format_name: `--format`, or None.
        videos: how many videos there are.
        is_terminal: whether a person looks at standard output.

    Raises:
        UsageError: an ending that is no format's, or one that cannot hold several videos.
    """
    if output is None:
        return _standard_output(format_name, videos, is_terminal=is_terminal)
    if not output:
        raise UsageError("--output", "is empty", "give a file or a folder")
    path = Path(output)
    if output.endswith(("/", "\\")) or is_folder(path) or not _has_ending(path):
        if exists(path) and not is_folder(path):
            raise UsageError(output, "is a file where a folder is needed", "give a folder, or a name with an ending")
        return Folder(path, format_named(format_name or "json"))
    try:
        chosen = format_of(path)
    except UsageError as error:
        raise UsageError(output, error.problem, f"{error.remedy}, or end it with / for a folder") from error
    if format_name is not None and format_named(format_name) is not chosen:
        raise UsageError(output, f"does not end as --format {format_name} does", "leave one of the two out")
    if videos == 1:
        return OneFile(path, chosen)
    if not chosen.holds_many:
        tables = ", ".join(format_.suffix for format_ in FORMATS.values() if format_.holds_many)
        remedy = f"give a folder, or one file for all ({tables})"
        raise UsageError(output, f"can hold the labels of one video, not of {videos}", remedy)
    return TableDestination(path, chosen)


def _has_ending(path: Path) -> bool:
    """Whether a name ends like that of a file; dates and versions hold dots, too (`results_2024.05.01`, `v1.2`)."""
    return path.suffix != "" and not path.suffix[1:].isdecimal()


def _standard_output(format_name: str | None, videos: int, *, is_terminal: bool) -> Terminal | Stream:
    if format_name is None:
        return Terminal() if is_terminal else Stream(FORMATS["json" if videos == 1 else "jsonl"])
    chosen = format_named(format_name)
    if videos == 1 or chosen.holds_many:
        return Stream(chosen)
    if chosen.name == "json":
        return Stream(FORMATS["jsonl"])
    raise UsageError(
        "--format", f"{chosen.name} holds the labels of one video, not of {videos}", "give a folder with -o"
    )
