"""What goes between an owner and its process that writes videos: a JSON object a line.

The order comes in a file, whose path is the one line that the process is sent: a pipe holds 64 KiB, and a video may
have 100,000 segments. What the process sends is checked: it works on files of unknown origin, which may take it over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

from vidlabel.child_process import decode_line, encode_line
from vidlabel.json_fields import FilledText, Range, dataclass_from_json
from vidlabel.video.isolation.messages import Alive, Failed, read_message
from vidlabel.video_writing.drawn import BandSegment, PeopleSettings


@dataclass(frozen=True, slots=True)
class ClipOrder:
    """A clip to be written."""

    start_ms: int
    """From the first presented frame."""
    end_ms: int
    path: str
    """Absolute; the file is replaced."""


@dataclass(frozen=True, slots=True)
class CutVideo:
    """To the process: write clips of a video, in this order."""

    path: str
    """Absolute."""
    clips: tuple[ClipOrder, ...]
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class RenderVideo:
    """To the process: write a copy of a video with labels burnt in."""

    path: str
    """Absolute."""
    output: str
    """Absolute; the file is replaced."""
    segments: tuple[BandSegment, ...]
    """In order of their starts."""
    people: PeopleSettings | None
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class Written:
    """The next file of the order is whole."""

    copied: bool
    """Whether its pictures are those of the video, bit for bit."""
    warnings: tuple[FilledText, ...]


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The next file of the order cannot be made; the process goes on with the one after it."""

    kind: FilledText
    """Name of the class in `vidlabel.errors`."""
    problem: FilledText
    remedy: str


@dataclass(frozen=True, slots=True)
class Reached:
    """So much of the video was written."""

    time_s: Annotated[float, Range(0)]
    duration_s: Annotated[float, Range(0)]


@dataclass(frozen=True, slots=True)
class OrderDone:
    """The order is carried out."""

    warnings: tuple[FilledText, ...]
    """About the video as a whole, one line each."""


WriteOrder = CutVideo | RenderVideo
WriterMessage = Alive | Reached | Written | NotWritten | Failed | OrderDone
_MESSAGES: Mapping[str, type[WriterMessage]] = {
    kind.__name__: kind for kind in (Alive, Reached, Written, NotWritten, Failed, OrderDone)
}
_ORDERS: Mapping[str, type[WriteOrder]] = {kind.__name__: kind for kind in (CutVideo, RenderVideo)}


def encode_message(message: WriteOrder | WriterMessage) -> bytes:
    """A message as a line."""
    return encode_line(message, asdict(message), repr)


def read_order(line: bytes) -> WriteOrder:
    """The order of the owner, whom the process believes."""
    fields = decode_line(line) or {}
    return dataclass_from_json(_ORDERS[fields["type"]], fields, "")


def decode_message(line: bytes) -> WriterMessage:
    """Check a line of the process.

    Raises:
        BrokenMessageError: it is no message, or holds values that cannot be.
    """
    return read_message(line, _MESSAGES)
