"""Changes within an MPEG transport stream: its video goes on under another identifier, or in another codec.

The tables of a transport stream (ISO 13818-1, section 2.4.4) repeat every 0.1 to 0.5 s and say which packets are video,
and of which codec. FFmpeg keeps the stream and the decoder with which it began.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from vidlabel.video.container.recording import Link, Recording

_SYNC = 0x47
_PACKET = 188
_SHAPES = ((188, 0), (192, 4), (204, 0))
"""Bytes from packet to packet, and bytes before the packet in them: plain, Blu-ray and AVCHD, with error correction."""
_ROW_PACKETS = 5
_BLOCK = 1 << 18
_MOST_BLOCKS = 64
"""So much is read: all of a small file, and samples of a large one, 16 MB of it."""
_MOST_CHANGES = 1000
_VIDEO_TYPES = frozenset({0x01, 0x02, 0x10, 0x1B, 0x20, 0x24, 0x33, 0x42, 0xD1, 0xD2, 0xDB, 0xEA})
"""Stream types: MPEG-1, MPEG-2, MPEG-4, H.264 with its extensions, HEVC, VVC, AVS, Dirac, AVS2,
encrypted H.264 of HLS, and VC-1."""
_SAMPLE_AES = 0xDB
_PROGRAMME_LIST, _STREAM_LIST = 0x00, 0x02
"""Identifiers of the programme association table, and of a programme map table."""
_LEAST_SECTION = 12
_MOST_SECTION_PACKETS = 256
_LOOK_AHEAD = 1 << 12
"""Bytes in which packets are looked for, and in which a table that begins in one block ends."""
_FIRST: Link = "none"
_OTHER_STREAM: Link = "clock"
_SAME_STREAM: Link = "stream"


@dataclass(frozen=True, slots=True)
class _Table:
    """The video streams of one programme, as listed at one place of the file."""

    position: int
    listed_at: int
    """Where the list of programmes before it lies, which a reader that starts here needs."""
    programmes: frozenset[int]
    """Those in that list."""
    programme: int
    videos: tuple[tuple[int, int], ...]
    """Identifier and stream type of each."""


def stream_changes(path: Path, file: BinaryIO, size_bytes: int, identifier: int) -> tuple[Recording, ...]:
    """The recordings of a transport stream: a new one begins where its video goes on as another stream or codec.

    Programmes that are there side by side with the first one are no continuation of it.

    Args:
        path: the file.
        file: likewise, open.
        size_bytes: of it.
        identifier: of the packets of the video stream that is read first.
    """
    tables = _Tables(file, size_bytes)
    recordings: list[Recording] = []
    start, link, begin = 0, _FIRST, 0
    while len(recordings) < _MOST_CHANGES and (change := tables.next_change(identifier, begin)) is not None:
        recordings.append(Recording(path, start, change.position, link=link))
        is_same = any(video == identifier for video, _ in change.videos)
        link = _SAME_STREAM if is_same else _OTHER_STREAM
        identifier = identifier if is_same else change.videos[0][0]
        start, begin = change.listed_at, change.position
    return (*recordings, Recording(path, start, link=link))


def is_scrambled(file: BinaryIO) -> bool:
    """Whether most packets at the start of a file are scrambled packets of a transport stream."""
    shape = _packet_shape(file)
    if shape is None:
        return False
    file.seek(0)
    rows = _packets(np.frombuffer(file.read(_BLOCK), np.uint8), shape[0])
    has_content = (rows[:, 0] == _SYNC) & (rows[:, 3] & 0x10 > 0)
    scrambled = has_content & (rows[:, 3] & 0xC0 > 0)
    return 2 * int(scrambled.sum()) > int(has_content.sum())


def has_encrypted_samples(file: BinaryIO, size_bytes: int) -> bool:
    """Whether the first table of a transport stream names video as HLS encrypts it (SAMPLE-AES)."""
    tables = _Tables(file, min(size_bytes, _BLOCK)).first
    return bool(tables) and any(kind == _SAMPLE_AES for _, kind in tables[0].videos)


class _Tables:
    """The tables of a transport stream, as far as they have to be read to find a change.

    Args:
        file: the whole file.
        size_bytes: of it.
    """

    def __init__(self, file: BinaryIO, size_bytes: int) -> None:
        self._file = file
        self._shape = _packet_shape(file)
        blocks = -(-size_bytes // _BLOCK)
        numbers = {round(number * (blocks - 1) / (_MOST_BLOCKS - 1)) for number in range(_MOST_BLOCKS)}
        self._sampled = [] if self._shape is None else [(n, self._block(n)) for n in sorted(numbers) if n >= 0]

    @property
    def first(self) -> list[_Table]:
        """Those at the start of the file."""
        return self._sampled[0][1] if self._sampled else []

    def next_change(self, identifier: int, begin: int) -> _Table | None:
        """The first table from a byte on that names another video in place of the one that goes by an identifier."""
        own: _Table | None = None
        before = 0
        for number, tables in self._sampled:
            for table in tables:
                if table.position < begin:
                    continue
                if own is None and any(video == identifier for video, _ in table.videos):
                    own = table
                if own is not None and _replaces(table, own, identifier):
                    return self._first_change(before, number, own, identifier)
            before = number
        return None

    def _first_change(self, low: int, high: int, own: _Table, identifier: int) -> _Table | None:
        """The first such table in blocks from `low`, which has none or holds `own`, to `high`, which has one."""

        def change_in(number: int) -> _Table | None:
            """The first one in a block."""
            found = (table for table in self._block(number) if table.position >= own.position)
            return next((table for table in found if _replaces(table, own, identifier)), None)

        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if change_in(middle) is None else (low, middle)
        return change_in(low) or change_in(high)

    def _block(self, number: int) -> list[_Table]:
        """The tables that begin in a block of the file."""
        if self._shape is None:
            return []
        stride, lead = self._shape
        self._file.seek(number * _BLOCK)
        data = np.frombuffer(self._file.read(_BLOCK + _LOOK_AHEAD), np.uint8)
        phase = _phase(data, stride)
        if phase is None:
            return []
        rows = _packets(data, stride)
        return [
            table
            for table in _read_tables(rows, number * _BLOCK + phase - lead, stride)
            if table.position < (number + 1) * _BLOCK
        ]


def _replaces(table: _Table, own: _Table, identifier: int) -> bool:
    """Whether a table has another video in place of the one of `own` that goes by an identifier."""
    known = next(video for video in own.videos if video[0] == identifier)
    if not table.videos or known in table.videos:
        return False
    return table.programme == own.programme or own.programme not in table.programmes


def _packet_shape(file: BinaryIO) -> tuple[int, int] | None:
    """The shape of packets in a file, as in `_SHAPES`; None if it does not begin with packets."""
    file.seek(0)
    data = np.frombuffer(file.read(_LOOK_AHEAD), np.uint8)
    return next(((stride, lead) for stride, lead in _SHAPES if _phase(data, stride) is not None), None)


def _phase(data: npt.NDArray[np.uint8], stride: int) -> int | None:
    """Where the first of a row of packets begins."""
    is_sync = data == _SYNC
    for phase in np.flatnonzero(is_sync[:_LOOK_AHEAD]).tolist():
        row = is_sync[phase : phase + _ROW_PACKETS * stride : stride]
        if len(row) == _ROW_PACKETS and row.all():
            return int(phase)
    return None


def _packets(data: npt.NDArray[np.uint8], stride: int) -> npt.NDArray[np.uint8]:
    """(N, 188) the packets in some bytes, from the first row of them on."""
    phase = _phase(data, stride) or 0
    return data[phase : phase + (len(data) - phase) // stride * stride].reshape(-1, stride)[:, :_PACKET]


def _read_tables(rows: npt.NDArray[np.uint8], origin: int, stride: int) -> Iterator[_Table]:
    """The tables of packets side by side.

    Args:
        rows: (N, 188) the packets.
        origin: byte of the file at which the first one begins, with what stands before it.
        stride: bytes from one to the next.
    """
    identifiers = (rows[:, 1].astype(np.int64) & 0x1F) << 8 | rows[:, 2]
    is_start = (rows[:, 0] == _SYNC) & (rows[:, 1] & 0x40 > 0)
    listed_at, maps = origin, dict[int, int]()
    # Tables are a hundredth of all packets, and stand below a small number that the list of programmes gives.
    for row in np.flatnonzero(is_start & _is_table(rows)).tolist():
        identifier = int(identifiers[row])
        if identifier != 0 and identifier not in maps:
            continue
        section = _section(rows[row : row + _MOST_SECTION_PACKETS], identifiers[row : row + _MOST_SECTION_PACKETS])
        if section is None:
            continue
        position = origin + row * stride
        if identifier == 0 and section[0] == _PROGRAMME_LIST:
            maps = _programmes(section)
            listed_at = position
        elif section[0] == _STREAM_LIST and identifier in maps:
            programme = int.from_bytes(section[3:5], "big")
            yield _Table(position, listed_at, frozenset(maps.values()), programme, _videos(section))


def _is_table(rows: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """(N,) whether a packet may begin a list: no audio or video, which begins with the bytes 0, 0, 1."""
    is_media: npt.NDArray[np.bool_] = (rows[:, 4] == 0) & (rows[:, 5] == 0) & (rows[:, 6] == 1)
    return ~is_media


def _section(rows: npt.NDArray[np.uint8], identifiers: npt.NDArray[np.int64]) -> bytes | None:
    """The section that begins in the first of some packets; None if it is damaged."""
    data = b""
    for number, (row, identifier) in enumerate(zip(rows, identifiers.tolist(), strict=True)):
        if number and (identifier != identifiers[0] or row[1] & 0x40):
            continue
        data += _payload(row.tobytes())
        begin = 1 + data[0] if data else 0
        length = 3 + (int.from_bytes(data[begin + 1 : begin + 3], "big") & 0xFFF)
        if len(data) >= max(begin + length, begin + 3):
            section = data[begin : begin + length]
            return section if _is_intact(section) else None
    return None


def _payload(packet: bytes) -> bytes:
    control = packet[3] >> 4 & 3
    if control == 1:
        return packet[4:]
    return packet[5 + packet[4] :] if control == 3 else b""


@lru_cache(maxsize=64)
def _is_intact(section: bytes) -> bool:
    """Whether the check sum of a section is right (ISO 13818-1, annex A)."""
    remainder = 0xFFFFFFFF
    for byte in section:
        remainder ^= byte << 24
        for _ in range(8):
            remainder = (remainder << 1 ^ (0x04C11DB7 if remainder & 0x80000000 else 0)) & 0xFFFFFFFF
    return remainder == 0 and len(section) >= _LEAST_SECTION


def _programmes(section: bytes) -> dict[int, int]:
    """By the identifier of its table: number of each programme in the list of programmes."""
    entries = (section[place : place + 4] for place in range(8, len(section) - 7, 4))
    return {
        int.from_bytes(entry[2:], "big") & 0x1FFF: int.from_bytes(entry[:2], "big")
        for entry in entries
        if any(entry[:2])
    }


def _videos(section: bytes) -> tuple[tuple[int, int], ...]:
    """Identifier and type of the video streams in the list of a programme's streams."""
    place = 12 + (int.from_bytes(section[10:12], "big") & 0xFFF)
    videos = []
    while place + 5 <= len(section) - 4:
        kind, identifier = section[place], int.from_bytes(section[place + 1 : place + 3], "big") & 0x1FFF
        if kind in _VIDEO_TYPES:
            videos.append((identifier, kind))
        place += 5 + (int.from_bytes(section[place + 3 : place + 5], "big") & 0xFFF)
    return tuple(videos)
