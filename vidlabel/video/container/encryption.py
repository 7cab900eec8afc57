"""Videos that are encrypted: their pictures cannot be decoded without a key, or come out as noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from vidlabel.errors import VideoError
from vidlabel.video.container.boxes import (
    CLUSTER,
    EBML,
    FULL_BOX_HEAD,
    MOST_PIECES,
    SEGMENT,
    Box,
    element_at,
    find_box,
    sample_entries,
)
from vidlabel.video.container.joined import ASF_HEADER
from vidlabel.video.container.transport import has_encrypted_samples, is_scrambled

if TYPE_CHECKING:
    from vidlabel.video.container.recording import Recording

_VISUAL_ENTRY_HEAD = 78
"""Bytes of the fixed fields of a visual sample entry."""
_COMMON_SCHEMES = frozenset({"cenc", "cens", "cbc1", "cbcs"})
"""Schemes of MPEG Common Encryption (ISO 23001-7)."""

_TRACKS, _TRACK, _TRACK_TYPE = bytes.fromhex("1654ae6b"), bytes.fromhex("ae"), bytes.fromhex("83")
_ENCODINGS, _ENCODING, _ENCRYPTION = bytes.fromhex("6d80"), bytes.fromhex("6240"), bytes.fromhex("5035")
"""Elements of Matroska (RFC 9559, section 5.1.4)."""
_VIDEO_TRACK = b"\x01"

_ASF_HEADER_BYTES = 24
_LARGEST_ASF_HEADER = 1 << 20
_ASF_ENCRYPTIONS = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),
    bytes.fromhex("335085438169e6499b74ad12cb86d58c"),
)
"""Content encryption objects of ASF: plain, extended and advanced (ASF specification, sections 3.14, 3.15 and 4.8)."""


def refuse_encrypted(recording: Recording, size_bytes: int) -> None:
    """Make sure that the video of a recording is not encrypted, as far as its container says.

    Raises:
        VideoError: it is.
    """
    with recording.open() as file:
        scheme = _scheme(file, size_bytes)
    if scheme is not None:
        raise VideoError(
            recording.path, f"is encrypted ({scheme})", "give a copy without encryption; vidlabel takes no keys"
        )


def _scheme(file: BinaryIO, size_bytes: int) -> str | None:
    """How the video is encrypted; None if it is not."""
    head = file.read(len(ASF_HEADER))
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _mp4_scheme(file, size_bytes)
    if head.startswith(EBML):
        return "Matroska content encryption" if _is_encrypted_matroska(file) else None
    if head == ASF_HEADER:
        return "Windows Media DRM" if _is_encrypted_asf(file) else None
    if is_scrambled(file):
        return "scrambled transport stream"
    return "SAMPLE-AES" if has_encrypted_samples(file, size_bytes) else None


def _mp4_scheme(file: BinaryIO, size_bytes: int) -> str | None:
    for _, entry in sample_entries(file, size_bytes):
        if entry.name == b"encv":
            return _encv_scheme(file, entry)
        if entry.name == b"drmi":
            return "FairPlay, drmi"
    return None


def _encv_scheme(file: BinaryIO, entry: Box) -> str:
    inner = Box(entry.name, entry.start, entry.content + _VISUAL_ENTRY_HEAD, entry.end)
    scheme = find_box(file, inner, b"sinf", b"schm")
    if scheme is None:
        return "encv"
    file.seek(scheme.content + FULL_BOX_HEAD)
    name = file.read(4).decode("ascii", "replace")
    return f"Common Encryption, {name}" if name in _COMMON_SCHEMES else name


def _is_encrypted_matroska(file: BinaryIO) -> bool:
    _, start, length = element_at(file, 0)
    kind, start, _ = element_at(file, start + (length or 0))
    if kind != SEGMENT:
        return False
    tracks = None
    for name, begin, end in _elements(file, start, None):
        if name == CLUSTER:
            break
        if name == _TRACKS:
            tracks = begin, end
            break
    if tracks is None:
        return False
    return any(
        name == _TRACK and _is_encrypted_track(file, begin, end) for name, begin, end in _elements(file, *tracks)
    )


def _is_encrypted_track(file: BinaryIO, start: int, end: int) -> bool:
    is_video = is_encrypted = False
    for name, begin, stop in _elements(file, start, end):
        if name == _TRACK_TYPE:
            file.seek(begin)
            is_video = file.read(stop - begin).lstrip(b"\0") == _VIDEO_TRACK
        elif name == _ENCODINGS:
            is_encrypted = any(
                inner == _ENCRYPTION
                for encoding, first, last in _elements(file, begin, stop)
                if encoding == _ENCODING
                for inner, _, _ in _elements(file, first, last)
            )
    return is_video and is_encrypted


def _elements(file: BinaryIO, start: int, end: int | None) -> Iterator[tuple[bytes, int, int]]:
    """Name, first byte and end of the content of elements side by side, up to one whose length is not known."""
    for _ in range(MOST_PIECES):
        if end is not None and start >= end:
            return
        name, begin, length = element_at(file, start)
        if not name or length is None:
            return
        start = begin + length
        yield name, begin, start


def _is_encrypted_asf(file: BinaryIO) -> bool:
    file.seek(0)
    length = int.from_bytes(file.read(_ASF_HEADER_BYTES)[16:], "little")
    header = file.read(min(length, _LARGEST_ASF_HEADER))
    return any(guid in header for guid in _ASF_ENCRYPTIONS)
