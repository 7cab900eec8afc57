"""Which videos a command was given: files, folders, lists."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vidlabel.errors import InputError, UsageError

VIDEO_SUFFIXES = frozenset(
    """
    .3g2 .3gp .apng .asf .avi .divx .dv .f4v .flv .gif .h264 .h265 .hevc .ivf .m1v .m2ts .m2v .m4v .mjpeg .mjpg .mkv
    .mov .mp4 .mpe .mpeg .mpg .mts .mxf .nut .obu .ogm .ogv .qt .ts .vob .webm .wmv .y4m
    """.split()
)
"""Files of a folder with these endings are taken for videos; a file given by name is taken whatever it is called."""

TRANSPORT_STREAM_SYNC = 0x47
"""First byte of every MPEG transport stream packet (ISO/IEC 13818-1); TypeScript files share the ending `.ts`."""


@dataclass(frozen=True, slots=True)
class VideoInput:
    """One video that a command was given."""

    shown: str
    """The path in the user's words: as given, or the folder as given with the rest of the path."""
    below: Path
    """Path below the folder that was given, or the name of a file that was given: where its output goes in a tree."""

    @property
    def path(self) -> Path:
        """The path to open."""
        return Path(self.shown)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All that a command was given."""

    videos: tuple[VideoInput, ...]
    other_files: int
    """Files in folders which are no videos by their names."""
    errors: tuple[InputError, ...] = ()
    """Folders inside folders that cannot be listed; the rest is there."""


def collect_inputs(arguments: Sequence[str], *, recursive: bool, standard_input: BinaryIO) -> Inputs:
    """Turn command line arguments into videos, in the order given, folders in natural order, each video once.

    Args:
        arguments: files, folders, `@FILE` (a list of paths, one a line or NUL-separated), or `-` (such a list on
            standard input).
        recursive: whether folders inside folders are searched.
        standard_input: read only for `-`.

    Raises:
        InputError: a list cannot be read.
        UsageError: no argument at all.
    """
    if not arguments:
        raise UsageError("predict", "no video was given", "name files, folders, @LIST or -")
    videos: dict[VideoInput, None] = {}
    other_files = 0
    errors: list[InputError] = []
    several = len(arguments) > 1
    for argument in _with_lists(arguments, standard_input):
        if not Path(argument).is_dir():
            videos[VideoInput(argument, Path(Path(argument).name))] = None
            continue
        root = Path(Path(argument).resolve().name) if several else Path()
        for relative in walk_files(Path(argument), recursive=recursive, errors=errors):
            if is_video_name(Path(argument) / relative):
                videos[VideoInput(os.path.join(argument, relative), root / relative)] = None  # noqa: PTH118 - keeps "./"
            else:
                other_files += 1
    return Inputs(tuple(videos), other_files, tuple(errors))


def walk_files(folder: Path, *, recursive: bool, errors: list[InputError]) -> Iterator[Path]:
    """Paths of the files below `folder`, relative to it, in natural order; hidden ones and cycles of links left out.

    Folders that cannot be listed are added to `errors`.
    """
    yield from _walk(folder, Path(), recursive, errors, frozenset())


def _walk(
    folder: Path, below: Path, recursive: bool, errors: list[InputError], ancestors: frozenset[tuple[int, int]]
) -> Iterator[Path]:
    try:
        status = folder.stat()
        names = sorted(os.listdir(folder), key=natural_key)  # noqa: PTH208 - names, not paths
    except OSError as error:
        errors.append(InputError(folder, f"cannot be listed ({error.strerror})", "check its permissions"))
        return
    here = (status.st_dev, status.st_ino)
    if here in ancestors:
        return
    for name in names:
        if name.startswith("."):
            continue
        path = folder / name
        if not path.is_dir():
            yield below / name
        elif recursive:
            yield from _walk(path, below / name, recursive, errors, ancestors | {here})


def is_video_name(path: Path) -> bool:
    """Whether a file found in a folder is taken for a video: by its ending; `.ts` also by its first byte."""
    suffix = path.suffix.lower()
    if suffix != ".ts" or not path.is_file():
        return suffix in VIDEO_SUFFIXES
    try:
        with path.open("rb") as file:
            return file.read(1) == bytes([TRANSPORT_STREAM_SYNC])
    except OSError:
        return True  # Let the reader say what is wrong with it.


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts `clip2` before `clip10`."""
    parts = re.split(r"([0-9]+)", name)
    key = tuple((0, int(part), "") if index % 2 else (1, 0, part.casefold()) for index, part in enumerate(parts))
    return (*key, (2, 0, name))


def _with_lists(arguments: Sequence[str], standard_input: BinaryIO) -> Iterator[str]:
    for argument in arguments:
        if argument == "-":
            yield from parse_list(standard_input.read())
        elif argument.startswith("@"):
            yield from parse_list(_read_list(Path(argument[1:])))
        else:
            yield argument


def _read_list(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(path, "is a folder, not a list of paths", "write @ before the name of a text file")
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check its permissions") from error


def parse_list(data: bytes) -> Iterable[str]:
    """Paths of a list: NUL-separated if it holds a NUL, else one a line; empty entries are left out.

    Bytes outside UTF-8 stay what they are (surrogate escapes), as the file system gave them.
    """
    entries = data.split(b"\0") if b"\0" in data else data.removeprefix(b"\xef\xbb\xbf").splitlines()
    return [os.fsdecode(entry) for entry in entries if entry.strip()]
