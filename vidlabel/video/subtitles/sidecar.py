"""Which file of subtitles belongs to a video: one beside it, named like it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

SUFFIXES = (".srt", ".vtt", ".ass", ".ssa")
"""Of files of subtitles; the first wins where a video has several."""

_LANGUAGE = re.compile(r"\.[a-z]{2,3}([-_][a-z0-9]{2,8})*(\.(default|sdh|cc|hi))?", re.ASCII | re.IGNORECASE)
"""What may stand between the name of the video and the suffix: `en`, `pt-BR`, `en.sdh`; not `forced`: signs alone."""
_MOST_NAMED = 3

Kind = Literal["whole", "language"]
"""Of a name: `clip.srt`, or `clip.en.srt`."""


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The file of subtitles beside a video."""

    path: Path | None
    """None where there is none."""
    warning: str = ""
    """Why none of several is taken."""


def find_sidecar(video: Path) -> Sidecar:
    """Find the subtitles of `clip.mp4`: `clip.srt`, `clip.vtt`, `clip.ass`, `clip.ssa`, else a single `clip.en.srt`.

    What belongs to another file does not count: `clip.avi.srt` where there is a `clip.avi` holds labels of that one.
    """
    named: dict[Kind, list[Path]] = {"whole": [], "language": []}
    for path in _beside(video):
        kind = _kind(path, video)
        if kind is not None:
            named[kind].append(path)
    if named["whole"]:
        return Sidecar(min(named["whole"], key=lambda path: (SUFFIXES.index(path.suffix.lower()), path.name)))
    tagged = sorted(named["language"])
    if len(tagged) < 2:
        return Sidecar(tagged[0] if tagged else None)
    names = ", ".join(path.name for path in tagged[:_MOST_NAMED]) + (", ..." if len(tagged) > _MOST_NAMED else "")
    return Sidecar(None, f"there are subtitles in several languages ({names}); name one with --subtitles")


def is_taken_for_subtitles(path: Path, video: Path) -> bool:
    """Whether a file of that path would be read as the subtitles of a video; it need not exist."""
    beside = os.path.abspath(path.parent) == os.path.abspath(video.parent)  # noqa: PTH100 - links stay as they are
    named = path.name.startswith(video.stem) and path.suffix.lower() in SUFFIXES
    return beside and named and _kind(path, video) is not None


def _kind(path: Path, video: Path) -> Kind | None:
    """What of the name of a file of subtitles is that of the video; None: it belongs to another one."""
    middle = path.name[len(video.stem) : -len(path.suffix)]
    if not middle:
        return "whole"
    return "language" if _LANGUAGE.fullmatch(middle) and not path.with_suffix("").exists() else None


def _beside(video: Path) -> list[Path]:
    """Files whose names begin with that of the video and end as those of subtitles do."""
    try:
        with os.scandir(video.parent) as entries:
            return [
                video.with_name(entry.name)
                for entry in entries
                if entry.name.startswith(video.stem)
                and entry.name.lower().endswith(SUFFIXES)
                and entry.name != video.name
                and entry.is_file()
            ]
    except OSError:  # A folder that may not be listed has no subtitles to offer.
        return []
