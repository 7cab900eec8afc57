"""Where the labels of a command go, and the file of each video in an output folder."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidlabel.batch.inputs import VideoInput
from vidlabel.errors import UsageError
from vidlabel.labels.formats.registry import FORMATS, Format, format_named, format_of
from vidlabel.paths import exists, is_folder

LONGEST_NAME = 200
"""Bytes of an output's name; file systems allow 255, and a temporary name is longer than the final one."""


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
        output: `-o`, a file with the ending of a format, or a folder; None or `-`: standard output.
        format_name: `--format`, or None.
        videos: how many videos there are.
        is_terminal: whether a person looks at standard output.

    Raises:
        UsageError: an ending that is no format's, or one that cannot hold several videos.
    """
    if output is None or output == "-":
        return _standard_output(format_name, videos, is_terminal=is_terminal)
    if not output:
        raise UsageError("--output", "is empty", "give a file or a folder")
    path = Path(output)
    if output.endswith(("/", "\\")) or is_folder(path) or not has_ending(path):
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


def has_ending(path: Path) -> bool:
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


def plan_outputs(videos: Sequence[VideoInput], folder: Path, suffix: str) -> list[Path]:
    """One output path a video, below `folder`, all different.

    The tree of the inputs is mirrored, and an output keeps the input's whole name (`a.mp4.json`), so that it depends on
    its own input alone and `a.mp4` never meets `a.mkv`. Inputs of one name from different places get a hash of their
    place besides (`a.mp4~1b2c3d4e.json`).

    Args:
        videos: N inputs.
        folder: the output folder.
        suffix: ending of the format, with its dot.

    Returns:
        N paths.
    """
    count = Counter(_plain_name(video.below) for video in videos)
    return [folder / _output_name(video, suffix, shared=count[_plain_name(video.below)] > 1) for video in videos]


def _plain_name(below: Path) -> str:
    # Two names that differ only in case are one file on the usual file systems of Windows and macOS.
    return os.fspath(below).casefold()


def _output_name(video: VideoInput, suffix: str, *, shared: bool) -> Path:
    name = video.below.name
    encoded = os.fsencode(name)
    too_long = len(encoded) > LONGEST_NAME
    if too_long:
        name = os.fsdecode(encoded[: LONGEST_NAME - 16])
    if shared or too_long:
        place = hashlib.sha256(os.fsencode(Path(video.shown).absolute())).hexdigest()[:8]
        name = f"{name}~{place}"
    return video.below.with_name(name + suffix)
