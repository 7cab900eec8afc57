"""Finds the videos that labels name: where the labels say, or in a folder that they were moved to."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from vidlabel.errors import InputError, UsageError, VideoError
from vidlabel.paths import is_file, is_folder
from vidlabel.video.folder_search import VIDEO_SUFFIXES, has_video_suffix, walk_files


class VideoFinder:
    """Finds videos by the paths that labels have for them.

    Args:
        folder: is searched first, with all below it; None: videos are where the labels say.

    Raises:
        UsageError: it is no folder.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder is not None and not is_folder(folder):
            raise UsageError("--videos", f"{folder} is not a folder", "give the folder of the videos")
        self._folder = folder

    def find(self, named: str, places: Sequence[Path]) -> Path:
        """The file of a video.

        Args:
            named: its path in the labels, with the separators of any system and with or without its ending.
            places: folders that the path may count from, first one first.

        Raises:
            VideoError: it is not there, or several files of the folder may be meant.
        """
        found = None if self._folder is None else self._find_moved(path_parts(named), self._folder)
        found = found or next((path for place in places for path in _possible(place, named) if _is_video(path)), None)
        if found is None:
            where = "" if self._folder is None else f" below {self._folder}"
            raise VideoError(named, f"there is no such file{where}", "name its folder with --videos")
        return found

    def _find_moved(self, parts: Sequence[str], folder: Path) -> Path | None:
        """The file below the folder whose path ends as the labels say; the longest end counts."""
        ends = (parts[first:] for first in range(len(parts)) if not {os.pardir, "/"} & {*parts[first:]})
        below = next((path for end in ends if _is_video(path := folder.joinpath(*end))), None)
        if below is not None or not parts:
            return below
        candidates = self._by_name.get(_spelling(parts[-1]), [])
        ranked = sorted(candidates, key=lambda path: -common_tail(path.parts, parts))
        if len(ranked) > 1 and common_tail(ranked[0].parts, parts) == common_tail(ranked[1].parts, parts):
            names = " and ".join(str(path) for path in ranked[:2])
            raise VideoError("/".join(parts), f"may be {names}", "give the folder of one of them with --videos")
        return ranked[0] if ranked else None

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        """The files of the folder by how their names are spelt.

        Raises:
            InputError: it cannot be listed.
        """
        folder, errors = self._folder or Path(), list[InputError]()
        found: dict[str, list[Path]] = {}
        for below in walk_files(folder, recursive=True, errors=errors):
            found.setdefault(_spelling(below.name), []).append(folder / below)
        if errors and not found:
            raise errors[0]
        return found


def path_parts(path: str) -> tuple[str, ...]:
    """The folders and the name of a path, of Windows too."""
    return PurePosixPath(path.replace("\\", "/")).parts


def common_tail(first: Sequence[str], second: Sequence[str]) -> int:
    """How many parts at the end of two paths are the same."""
    pairs = zip(reversed(first), reversed(second), strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def _possible(place: Path, named: str) -> Iterator[Path]:
    yield place / named
    if not has_video_suffix(Path(named)):  # A file of subtitles names its video without the ending.
        yield from (place / (named + suffix) for suffix in sorted(VIDEO_SUFFIXES))


def _is_video(path: Path) -> bool:
    # `video` in a table of labels may be any text.
    return "\0" not in str(path) and is_file(path)


def _spelling(name: str) -> str:
    """The same for all forms of a name that people take for one: file systems differ in both."""
    return unicodedata.normalize("NFC", name).casefold()
