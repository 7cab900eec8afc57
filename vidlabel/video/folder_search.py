"""Videos in folders: which files are taken, in which order, and what is left out."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from vidlabel.errors import InputError
from vidlabel.paths import is_file, reason_of

VIDEO_SUFFIXES = frozenset(
    """
    .264 .265 .266 .26l .360 .3g2 .3gp .3gp2 .3gpp .amv .apng .asf .avc .avi .cmfv .dav .dif .divx .dv .dvr-ms .evo .f4v
    .flv .gif .glv .gxf .h261 .h263 .h264 .h265 .h266 .h26l .hdv .hevc .insv .ismv .ivf .lrv .m1v .m2p .m2t .m2ts .m2v
    .m4v .mj2 .mjpeg .mjpg .mk3d .mkv .mov .mp2v .mp4 .mp4v .mpe .mpeg .mpg .mpv .mqv .mts .mxf .nsv .nut .obu .ogm .ogv
    .qt .rm .rmvb .ssif .tod .tp .trp .ts .vc1 .vdr .vob .vro .vvc .webm .wm .wmv .wtv .xvid .y4m
    """.split()
)
"""Files of a folder with these endings are taken for videos; a file given by name is taken whatever it is called.

They are the endings of what `vidlabel.video.container.open.FORMATS` reads, those among them that only cameras and
recorders write: camcorders `.mod .tod .mts`, action cameras `.insv .360 .lrv`, safety cameras `.264 .265 .dav`,
recorders of television `.trp .tp .m2t .vro .vdr .wtv .dvr-ms`. Endings of sound alone are left out."""

_TEXT_SUFFIXES = frozenset({".mts", ".ts"})
"""Suffixes of transport streams and of TypeScript, which is text. Cut-off streams may begin with any byte."""

_SHARED_SUFFIXES = frozenset({".dat", ".lrf", ".mod", ".ogg", ".ps", ".rec", ".vid"})
"""Suffixes of videos (Video CDs, previews of drones, camcorders, Theora, recorders), and of books, music and data."""

_VIDEO_STARTS = (
    (0, b"\0\0\1\xba"),  # MPEG program stream
    (0, b"RIFF"),  # AVI, and the sectors of Video CDs
    (4, b"ftyp"),  # MP4
    (0, b"DHAV"),
    (29, b"theora"),  # first header of an Ogg stream
)
_SYNC = b"\x47"
_PACKETS = ((0, 188), (4, 192))
"""Place and length of the first packet of a transport stream (ISO/IEC 13818-1), plain or behind an arrival time."""

_HEAD_BYTES = 4096
_MOST_KINDS_NAMED = 6


def walk_files(folder: Path, *, recursive: bool, errors: list[InputError]) -> Iterator[Path]:
    """Paths of the files below `folder`, relative to it, in natural order; cycles of links are left out.

    Hidden folders are not searched, and of hidden files only those come that are called like videos. Folders and links
    that cannot be looked at are added to `errors`.
    """
    yield from _walk(folder, Path(), recursive, errors, frozenset())


def _walk(
    folder: Path, below: Path, recursive: bool, errors: list[InputError], ancestors: frozenset[tuple[int, int]]
) -> Iterator[Path]:
    try:
        status = folder.stat()
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: natural_key(entry.name))
    except OSError as error:
        errors.append(InputError(folder, f"cannot be listed ({reason_of(error)})", "check its permissions"))
        return
    here = (status.st_dev, status.st_ino)
    if here in ancestors:
        return
    for entry in entries:
        path = folder / entry.name
        hidden = entry.name.startswith(".")
        try:
            is_folder = entry.is_dir()
        except OSError as error:
            is_folder = False
            if not has_video_suffix(path) and not hidden and error.errno != errno.ELOOP:
                errors.append(InputError(path, f"cannot be looked at ({reason_of(error)})", "check its permissions"))
                continue
        if is_folder:
            if recursive and not hidden:
                yield from _walk(path, below / entry.name, recursive, errors, ancestors | {here})
        elif not hidden or _is_hidden_video(path):
            yield below / entry.name


def is_video_name(path: Path) -> bool:
    """Whether a file found in a folder is taken for a video: by its ending; where others share it, by how it begins.

    Hidden files are not.
    """
    if path.name.startswith("."):
        return False
    suffix = path.suffix.lower()
    if suffix not in _TEXT_SUFFIXES | _SHARED_SUFFIXES:
        return suffix in VIDEO_SUFFIXES
    if not is_file(path):
        return suffix in VIDEO_SUFFIXES  # Let the reader say what is wrong with it.
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return True  # as above
    return not _is_text(head) if suffix in _TEXT_SUFFIXES else _begins_as_video(head)


def has_video_suffix(path: Path) -> bool:
    """Whether a file is called like a video, whatever it holds."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sort key that puts `clip2` before `clip10`."""
    parts = re.split(r"([0-9]+)", name)
    key = tuple((0, int(part), "") if index % 2 else (1, 0, part.casefold()) for index, part in enumerate(parts))
    return (*key, (2, 0, name))


def describe_left_out(paths: Sequence[str]) -> str:
    """One line that names files by their endings, the most frequent first: `9 .jpg such as a.jpg, b.txt`."""
    by_suffix: dict[str, list[str]] = {}
    for path in paths:
        by_suffix.setdefault(Path(path).suffix.lower(), []).append(path)
    kinds = sorted(by_suffix.items(), key=lambda kind: -len(kind[1]))
    words = [
        own[0] if len(own) == 1 else f"{len(own)} {suffix or 'without ending'} such as {own[0]}"
        for suffix, own in kinds[:_MOST_KINDS_NAMED]
    ]
    others = len(kinds) - _MOST_KINDS_NAMED
    return ", ".join(words) + (f", and {others} more kinds" if others > 0 else "")


def _is_hidden_video(path: Path) -> bool:
    """Whether a hidden file is called like a video; what macOS adds to each file elsewhere (`._a.mp4`) is none."""
    return has_video_suffix(path) and not path.name.startswith("._")


def _is_text(head: bytes) -> bool:
    return not any(byte < 9 or 13 < byte < 32 for byte in head)


def _begins_as_video(head: bytes) -> bool:
    if any(head.startswith(start, place) for place, start in _VIDEO_STARTS):
        return True
    return any(head.startswith(_SYNC, place) and head.startswith(_SYNC, place + length) for place, length in _PACKETS)
