"""Names of clips, which every file system takes: `clip_0012.340-0015.200_fall.mp4`."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_MOST_BYTES = 50
"""Of the name of the video, and of the label. File systems allow 255 for all, and temporary names are longer."""
_DIGEST = 8


@dataclass(frozen=True, slots=True)
class Clip:
    """A stretch of a video that is to be a file of its own."""

    video: Path
    start_ms: int
    end_ms: int
    label: str

    @property
    def start_s(self) -> float:
        """Seconds from the first presented frame."""
        return self.start_ms / 1000

    @property
    def end_s(self) -> float:
        """Likewise; not part of it."""
        return self.end_ms / 1000


def clip_names(clips: Sequence[Clip]) -> list[str]:
    """A name for each clip, no two the same, also where capitals do not count.

    Clips of videos of one name from different folders, and of labels that differ in capitals alone, get a hash of what
    they are.
    """
    plain = [_name(clip) for clip in clips]
    users: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for clip, name in zip(clips, plain, strict=True):
        users[name.casefold()].add((os.path.realpath(clip.video), clip.label))
    return [
        name if len(users[name.casefold()]) == 1 else f"{Path(name).stem}~{_digest_of(clip)}.mp4"
        for clip, name in zip(clips, plain, strict=True)
    ]


def _name(clip: Clip) -> str:
    times = f"{clip.start_s:08.3f}-{clip.end_s:08.3f}"
    return f"{cleaned(clip.video.stem) or 'video'}_{times}_{_label_part(clip.label)}.mp4"


def _label_part(label: str) -> str:
    clean = cleaned(label)
    # What was changed otherwise could be the name of another label as well.
    return clean if clean == label.replace(" ", "_") else f"{clean}~{_digest(label)}"


def cleaned(text: str) -> str:
    """Text of letters, digits, `-` and `.`; everything else is `_`. Cut to 50 bytes, at a whole character."""
    composed = unicodedata.normalize("NFC", text)
    kept = "".join(c if _is_safe(c) else "_" for c in composed)
    short = kept.encode("utf-8")[:_MOST_BYTES].decode("utf-8", errors="ignore")
    return short.strip(" .")  # Windows drops these at the end of a name.


def _is_safe(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN" or character in "-._"


def _digest_of(clip: Clip) -> str:
    return _digest(f"{os.path.realpath(clip.video)}\0{clip.label}")


def _digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:_DIGEST]
