"""Finds the videos of labels, also where they have moved since."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from vidlabel.errors import InputError, printable
from vidlabel.paths import is_file, is_folder
from vidlabel.report.results.video_files import path_parts
from vidlabel.review.source import SourceVideo
from vidlabel.video.folder_search import walk_files


class VideoSearch:
    """Looks for videos in a folder, and where their labels say.

    Args:
        folder: that is searched, with all below it; None: the labels alone say where a video is.
        labels_folder: of the labels, from which their paths may count.

    Raises:
        InputError: it is no folder.
    """

    def __init__(self, folder: Path | None, labels_folder: Path) -> None:
        if folder is not None and not is_folder(folder):
            raise InputError(folder, "is not a folder", "give the folder of the videos with --videos")
        self._folder = folder
        self._labels_folder = labels_folder
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, video: SourceVideo) -> tuple[Path | None, str]:
        """The file of a video; else why there is none."""
        path = Path(video.name)
        if self._folder is not None:
            parts = path_parts(video.name)
            inside = self._below(self._folder, parts)
            if inside is not None:
                return inside, ""
            named = self._named(parts[-1]) if parts else []
            if len(named) > 1:
                return None, f"several files are called {printable(parts[-1])!r}, such as {printable(str(named[0]))}"
            if named:
                return named[0], ""
        for place in (self._labels_folder / video.folder, Path()):
            if is_file(place / path):
                return place / path, ""
        where = "" if self._folder is None else f" below {printable(str(self._folder))}"
        return None, f"there is no file {printable(video.name)!r}{where}; give its folder with --videos"

    @staticmethod
    def _below(folder: Path, parts: Sequence[str]) -> Path | None:
        """The file whose path below a folder is the end of a path; the longest end counts."""
        ends = (
            folder.joinpath(*parts[first:]) for first in range(len(parts)) if not {"/", os.pardir} & {*parts[first:]}
        )
        return next((end for end in ends if is_file(end)), None)

    def _named(self, name: str) -> list[Path]:
        """All files below the folder with a name, in whatever Unicode form."""
        if self._by_name is None:
            self._by_name = {}
            for path in [] if self._folder is None else walk_files(self._folder, recursive=True, errors=[]):
                found = self._by_name.setdefault(unicodedata.normalize("NFC", path.name), [])
                found.append(Path(self._folder or "", path))
        return self._by_name.get(unicodedata.normalize("NFC", name), [])
