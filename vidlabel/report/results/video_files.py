"""Where the videos of results are: at their paths, beside the files of labels, or moved into another folder."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from vidlabel.errors import InputError, UsageError
from vidlabel.paths import is_file, is_folder, real_path
from vidlabel.video.folder_search import VIDEO_SUFFIXES, has_video_suffix, walk_files


class VideoFinder:
    """Finds videos by the paths that results have for them.

    Args:
        folder: where moved videos are looked for, subfolders included; None: nowhere.

    Raises:
        UsageError: the folder is none.
        InputError: it cannot be listed.
    """

    def __init__(self, folder: Path | None) -> None:
        self._moved: dict[str, list[Path]] = {}
        if folder is None:
            return
        if not is_folder(folder):
            raise UsageError(folder, "is no folder", "give the folder that holds the videos")
        errors: list[InputError] = []
        for path in walk_files(folder, recursive=True, errors=errors):
            self._moved.setdefault(path.name, []).append(folder / path)
        if errors and not self._moved:
            raise errors[0]

    def find(self, path: str, source: Path) -> Path | None:
        """The file of a video.

        Args:
            path: as the results name it: from the working folder, or from the folder of the labels.
            source: file of labels that names it.

        Returns:
            None where there is none, or where moved videos of its name are equally likely.
        """
        beside = (folder / path for folder in (Path(), source.parent))
        return next(
            (one for one in (*beside, *_with_endings(source.parent, path)) if _is_video(one)), self._find_moved(path)
        )

    def _find_moved(self, path: str) -> Path | None:
        wanted = path_parts(path)
        if not wanted:
            return None
        candidates = self._moved.get(wanted[-1], [])
        ranked = sorted(candidates, key=lambda found: -common_tail(found.parts, wanted))
        if len(ranked) > 1 and common_tail(ranked[0].parts, wanted) == common_tail(ranked[1].parts, wanted):
            return None
        return ranked[0] if ranked else None


def _with_endings(folder: Path, path: str) -> Iterator[Path]:
    """Videos beside a file of subtitles, which names its video without the ending."""
    if not has_video_suffix(Path(path)):
        yield from (folder / (path + suffix) for suffix in sorted(VIDEO_SUFFIXES))


def _is_video(path: Path) -> bool:
    # `video` in a table of labels may be any text.
    return "\0" not in str(path) and is_file(path)


def path_parts(path: str) -> tuple[str, ...]:
    """The folders and the name of a path, of Windows too."""
    return PurePosixPath(path.replace("\\", "/")).parts


def common_tail(first: Sequence[str], second: Sequence[str]) -> int:
    """How many parts at the end of two paths are the same."""
    pairs = zip(reversed(first), reversed(second), strict=False)
    return next((count for count, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))


def address_from(page: Path, file: Path) -> str:
    """The relative address of a file for a page that is written to `page`: it holds when both are moved together."""
    relative = os.path.relpath(real_path(file), os.path.dirname(real_path(page)))  # noqa: PTH120 - may hold any bytes
    return quote(os.fsencode(relative), safe="/")
