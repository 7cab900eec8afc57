"""Recordings that were joined end to end in one file: FFmpeg reads the first, or takes the second for damage.

Where a container says how long it is, only heads are read. Ogg, NUT, GIF and APNG do not, and are searched through.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from vidlabel.video.container.boxes import ANYWHERE, EBML, SEGMENT, Box, boxes, element_at

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
"""FFmpeg's name of MP4 and its kin."""
MOST_RECORDINGS = 10_000
_MOST_PIECES = 1_000_000
"""Boxes or elements that are looked at. A recording of a day in fragments of 2 s has 90,000."""
_CHUNK = 4 << 20
_LONGEST_SIGNATURE = 64

ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_OBJECT_HEAD = 24
_RIFF_HEAD = 12
_RIFF_SLACK = 1024
"""Bytes by which programs are off in the length of an AVI as a whole."""
_AVI_START = re.compile(rb"RIFF.{4}AVI LIST", re.DOTALL)
_OGG_FIRST_PAGE = re.compile(rb"OggS\x00\x02")
_OGG_PAGE_HEAD = 27
_GIF_START = re.compile(rb"(?<=\x3b)GIF8[79]a")
_APNG_START = re.compile(rb"(?<=IEND\xaeB`\x82)\x89PNG\r\n\x1a\n")
_IVF_START = b"DKIF\x00\x00\x20\x00"
_IVF_HEAD = 32
_IVF_FRAME_HEAD = 12
_NUT_START = re.compile(rb"nut/multimedia container\x00")
_EBML_START = re.compile(re.escape(EBML))
_FLV_START = re.compile(rb"FLV\x01[\x01\x04\x05]\x00{3}\x09\x00{4}")


def joined_starts(container: str, file: BinaryIO, size_bytes: int) -> list[int]:
    """Where the further recordings of a file begin, in bytes, ascending; most files hold none.

    Args:
        container: FFmpeg's name of it.
        file: the whole file.
        size_bytes: of it.
    """
    find = _FINDERS.get(container)
    return [] if find is None else list(islice(find(file, size_bytes), MOST_RECORDINGS))


def joined_starts_by_signature(container: str, file: BinaryIO, begin: int) -> list[int]:
    """As `joined_starts`, of containers that do not say how long they are.

    Args:
        container: FFmpeg's name of it.
        file: the whole file; it is read from `begin` on.
        begin: byte before which no further recording begins.
    """
    if container == "flv":
        return [place for place in _find_all(file, _FLV_START, begin) if place > 0]
    if container == "matroska,webm":
        return [place for place in _find_all(file, _EBML_START, begin) if place > 0 and _is_matroska(file, place)]
    return []


@dataclass(slots=True)
class _Movie:
    """What was seen of a movie in an MP4 so far."""

    start: int
    has_media: bool = False
    after_index: int = 0
    """Byte after its index; 0: none was seen."""
    has_media_after_index: bool = False
    index_came_first: bool = False


def _mp4_starts(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    """A movie begins with its `ftyp`. Old ones of MOV have none: a second index then tells that another one began.

    What holds no media is no movie, but an index or a head that was written twice.
    """
    movie = _Movie(0)
    for box in islice(boxes(file, 0, size_bytes), _MOST_PIECES):
        following = _following_movie(movie, box)
        if following is not None:
            if movie.start and movie.has_media:
                yield movie.start
            movie = following
        if box.name == b"mdat":
            movie.has_media = True
            movie.has_media_after_index = movie.after_index > 0
        elif box.name == b"moov":
            movie.index_came_first = not movie.has_media
            movie.after_index = box.end
    if movie.start and movie.has_media:
        yield movie.start


def _following_movie(movie: _Movie, box: Box) -> _Movie | None:
    """The movie that begins with a box, or began before it where the box is its index; None: it belongs to `movie`."""
    if box.name == b"ftyp" and movie.has_media:
        return _Movie(box.start)
    if box.name == b"moov" and movie.after_index and movie.has_media:
        if movie.has_media_after_index and not movie.index_came_first:
            return _Movie(movie.after_index, has_media=True)
        return _Movie(box.start)
    return None


def _matroska_starts(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    """A segment that does not say where it ends, as in live recordings, is not passed."""
    position = 0
    for _ in range(_MOST_PIECES):
        kind, start, length = element_at(file, position)
        if length is None or not (kind in (EBML, SEGMENT) or kind in ANYWHERE):
            return
        if kind == EBML and position and _is_matroska(file, position):
            yield position
        position = start + length
        if position >= size_bytes:
            return


def _is_matroska(file: BinaryIO, position: int) -> bool:
    """Whether a head of EBML lies here, and a segment behind it."""
    kind, start, length = element_at(file, position)
    return kind == EBML and length is not None and element_at(file, start + length)[0] == SEGMENT


def _avi_starts(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    """An AVI above 1 GB goes on in lists of its own (`AVIX`), which begin no other one."""
    position = 0
    while position < size_bytes:
        file.seek(position)
        head = file.read(_RIFF_HEAD)
        if len(head) < _RIFF_HEAD or head[:4] != b"RIFF":
            return
        end = position + 8 + int.from_bytes(head[4:8], "little")
        begin = max(position + _RIFF_HEAD, end - _RIFF_SLACK)
        file.seek(begin)
        near = file.read(2 * _RIFF_SLACK)
        found = _AVI_START.search(near)
        if found is not None:
            position = begin + found.start()
            yield position
        else:
            position = end + end % 2


def _asf_starts(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    position = 0
    while position < size_bytes:
        file.seek(position)
        head = file.read(_ASF_OBJECT_HEAD)
        length = int.from_bytes(head[16:24], "little")
        if len(head) < _ASF_OBJECT_HEAD or length < _ASF_OBJECT_HEAD:
            return
        if position and head[:16] == ASF_HEADER:
            yield position
        position += length


def _ogg_starts(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    """First pages of all streams lie side by side at the start of each link of a chain (RFC 3533, section 4)."""
    end = 0
    for place in _find_all(file, _OGG_FIRST_PAGE):
        if place > end:
            yield place
        file.seek(place)
        head = file.read(_OGG_PAGE_HEAD)
        pieces = file.read(head[-1]) if len(head) == _OGG_PAGE_HEAD else b""
        end = min(size_bytes, place + _OGG_PAGE_HEAD + len(pieces) + sum(pieces))


def _ivf_starts(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    position = _IVF_HEAD
    while position < size_bytes:
        file.seek(position)
        head = file.read(_IVF_FRAME_HEAD)
        if head.startswith(_IVF_START):
            yield position
            position += _IVF_HEAD
        else:
            position += _IVF_FRAME_HEAD + int.from_bytes(head[:4], "little")


def _nut_starts(file: BinaryIO, _size_bytes: int) -> Iterator[int]:
    yield from (place for place in _find_all(file, _NUT_START) if place > 0)


def _gif_starts(file: BinaryIO, _size_bytes: int) -> Iterator[int]:
    yield from _find_all(file, _GIF_START)


def _apng_starts(file: BinaryIO, _size_bytes: int) -> Iterator[int]:
    yield from _find_all(file, _APNG_START)


def _find_all(file: BinaryIO, signature: re.Pattern[bytes], begin: int = 0) -> Iterator[int]:
    """Where a signature stands in a file from a byte on. The caller may move the file in between."""
    position, last = begin, -1
    while True:
        file.seek(position)
        data = file.read(_CHUNK + 2 * _LONGEST_SIGNATURE)  # Pieces overlap by what a signature looks at.
        for found in signature.finditer(data):
            if position + found.start() > last:
                last = position + found.start()
                yield last
        if len(data) < _CHUNK + 2 * _LONGEST_SIGNATURE:
            return
        position += _CHUNK


_FINDERS: Mapping[str, Callable[[BinaryIO, int], Iterator[int]]] = {
    MP4: _mp4_starts,
    "matroska,webm": _matroska_starts,
    "avi": _avi_starts,
    "asf": _asf_starts,
    "ogg": _ogg_starts,
    "ivf": _ivf_starts,
    "nut": _nut_starts,
    "gif": _gif_starts,
    "apng": _apng_starts,
}
"""By FFmpeg's name of the container."""
