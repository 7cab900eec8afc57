"""Which videos a command was given: files, folders, lists."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from vidlabel.batch.path_list import read_open_path_list, read_path_list
from vidlabel.errors import InputError, UsageError
from vidlabel.paths import exists, is_folder, real_path, reason_of
from vidlabel.video.folder_search import is_video_name, walk_files

STANDARD_INPUT = "standard input"


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
    left_out: tuple[str, ...] = ()
    """Files in folders which are no videos by their names, in the user's words."""
    errors: tuple[InputError, ...] = ()
    """Arguments, lists, and folders inside folders that cannot be used; the rest is there."""
    refused: int = 0
    """How many arguments and entries of lists are among the errors."""


def refuse_shared_subtitles(inputs: Inputs, subtitles: str | None) -> None:
    """Refuse a file of subtitles for several videos.

    Raises:
        UsageError: there are several.
    """
    if subtitles is not None and len(inputs.videos) > 1:
        remedy = "give one video, or put files named like the videos beside them (clip.srt)"
        raise UsageError("--subtitles", f"belongs to one video, and {len(inputs.videos)} are given", remedy)


def take_none(_path: Path) -> bool:
    """No file of a folder without videos is taken in their place."""
    return False


def collect_inputs(
    arguments: Sequence[str],
    *,
    recursive: bool,
    standard_input: BinaryIO,
    in_place_of_videos: Callable[[Path], bool] = take_none,
) -> Inputs:
    """Turn command line arguments into videos, in the order given, folders in natural order, each video once.

    A video is the same under every spelling of its path, also through linked folders. A link to a file is a name of its
    own, as a copy would be. Within one folder every path counts, since the output tree mirrors it.

    Args:
        arguments: files, folders, `@FILE` (a list of paths, one a line or NUL-separated), or `-` (such a list on
            standard input). `@FILE` is a file or folder where one of that name exists.
        recursive: whether folders inside folders are searched.
        standard_input: read only for `-`.
        in_place_of_videos: which files are taken of a folder that holds no video.

    Raises:
        UsageError: no argument at all.
    """
    if not arguments:
        raise UsageError("inputs", "no video was given", "name files, folders, @LIST or -")
    collection = _Collection(in_place_of_videos, recursive=recursive, several=len(arguments) > 1)
    for argument in arguments:
        if argument == "-":
            collection.add_standard_input(standard_input)
        elif argument.startswith("@"):
            collection.add_list_or_file(argument)
        else:
            collection.add(argument)
    return collection.inputs()


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of a folder, whatever path leads to it."""

    folder: str
    """Real path, links followed."""
    name: str


class _Collection:
    """Inputs while they are collected.

    Args:
        in_place_of_videos: which files are taken of a folder that holds no video.
        recursive: whether folders inside folders are searched.
        several: whether folders keep their own names in the output tree.
    """

    def __init__(self, in_place_of_videos: Callable[[Path], bool], *, recursive: bool, several: bool) -> None:
        self._in_place_of_videos = in_place_of_videos
        self._recursive = recursive
        self._several = several
        self._videos: list[VideoInput] = []
        self._taken: set[_Entry] = set()
        self._left_out: dict[_Entry, str] = {}
        self._errors: dict[str, InputError] = {}
        self._refused = 0
        self._real_folders: dict[Path, str] = {}

    def inputs(self) -> Inputs:
        """All that was collected."""
        return Inputs(tuple(self._videos), tuple(self._left_out.values()), tuple(self._errors.values()), self._refused)

    def add(self, path: str) -> None:
        """Add a file, or the files in a folder."""
        if is_folder(path):
            self._add_folder(path)
            return
        if not Path(path).name:
            self._refuse(InputError(repr(path), "is no path of a file", "name files, folders, @LIST or -"))
            return
        entry = self._entry(Path(path))
        self._left_out.pop(entry, None)
        if entry not in self._taken:
            self._taken.add(entry)
            self._videos.append(VideoInput(path, Path(Path(path).name)))

    def add_list_or_file(self, argument: str) -> None:
        """Add `@FILE`: a list, or a file or folder whose own name begins with @."""
        name = argument[1:]
        is_there, is_list_there = os.path.lexists(argument), exists(name) and not is_folder(name)
        if is_there and is_list_there:
            problem = f"is a file, and there is a list {name}"
            self._refuse(InputError(argument, problem, f"write ./{argument} for the file, or @./{name} for the list"))
        elif is_there:
            self.add(argument)
        else:
            self._add_list(Path(name))

    def add_standard_input(self, file: BinaryIO) -> None:
        """Add the paths of a list on standard input."""
        try:
            entries = read_open_path_list(file, STANDARD_INPUT)
        except OSError as error:
            self._refuse(InputError(STANDARD_INPUT, f"cannot be read ({reason_of(error)})", "redirect a list to it"))
        except InputError as error:
            self._refuse(error)
        else:
            self._add_entries(entries, STANDARD_INPUT)

    def _add_list(self, path: Path) -> None:
        try:
            entries = read_path_list(path)
        except InputError as error:
            self._refuse(error)
        else:
            self._add_entries(entries, os.fspath(path))

    def _add_entries(self, entries: Sequence[str], list_name: str) -> None:
        for entry in entries:
            if is_folder(entry) and Path(entry).name in ("", ".."):
                # In a list that was decoded wrongly they come by themselves, and nobody means the whole disk.
                remedy = "give it as an argument, or name the folders in it"
                self._refuse(InputError(list_name, f"names {entry}, which is not searched for a list", remedy))
            else:
                self.add(entry)

    def _add_folder(self, folder: str) -> None:
        root = Path(Path(self._real_folder(Path(folder))).name) if self._several else Path()
        errors: list[InputError] = []
        found: set[_Entry] = set()
        files = list(walk_files(Path(folder), recursive=self._recursive, errors=errors))
        wanted = {relative for relative in files if is_video_name(Path(folder, relative))}
        wanted = wanted or {relative for relative in files if self._in_place_of_videos(Path(folder, relative))}
        for relative in files:
            shown = os.path.join(folder, relative)  # noqa: PTH118 - keeps "./"
            entry = self._entry(Path(shown))
            if entry in self._taken:
                continue
            if relative in wanted:
                found.add(entry)
                self._videos.append(VideoInput(shown, root / relative))
            else:
                self._left_out.setdefault(entry, shown)
        self._taken |= found  # Only now: what a linked folder inside this one holds is shown twice in the output tree.
        self._errors |= {str(error): error for error in errors}

    def _refuse(self, error: InputError) -> None:
        self._errors[str(error)] = error
        self._refused += 1

    def _entry(self, path: Path) -> _Entry:
        return _Entry(self._real_folder(path.parent), path.name)

    def _real_folder(self, folder: Path) -> str:
        if folder not in self._real_folders:
            self._real_folders[folder] = real_path(folder)
        return self._real_folders[folder]
