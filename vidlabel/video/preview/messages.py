"""What goes over the pipes between an owner and its process that describes or copies a video: a JSON object a line."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from vidlabel.child_process import decode_line, encode_line
from vidlabel.json_fields import FilledText, Range, dataclass_from_json
from vidlabel.video.isolation.messages import Alive, Failed, read_message
from vidlabel.video.metadata import Count, Pixels, ShortText


@dataclass(frozen=True, slots=True)
class Describe:
    """To the process: find out what a video is, and when its frames are shown."""

    path: str
    """Absolute, like all paths here."""
    times_path: str
    """Gets the seconds of each frame from the first presented one, as little-endian float64."""
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class MakePreview:
    """To the process: copy a video as H.264 and AAC in MP4."""

    path: str
    preview_path: str
    times_path: str
    """As in `Describe`, of the frames in the copy."""
    short_side: int
    """Pixels, even."""
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class VideoDescription:
    """From the process: what a browser has to know."""

    duration_s: Annotated[float, Range(0)]
    """From the first presented frame to the end of the last."""
    width: Pixels
    """As shown, like the height."""
    height: Pixels
    obstacle: ShortText
    """Why browsers cannot play the file itself; empty where they can."""
    warnings: tuple[FilledText, ...]
    """One line each, for the user."""


@dataclass(frozen=True, slots=True)
class PreviewProgress:
    """From the process: the copy has come so far."""

    seconds: Annotated[float, Range(0)]


@dataclass(frozen=True, slots=True)
class PreviewEnd:
    """From the process: the copy is whole."""

    frames: Count
    warnings: tuple[FilledText, ...]
    """What of the video could not be decoded; one line each, for the user."""


PreviewOrder = Describe | MakePreview
PreviewMessage = Alive | VideoDescription | PreviewProgress | PreviewEnd | Failed
_ORDERS: dict[str, type[PreviewOrder]] = {kind.__name__: kind for kind in (Describe, MakePreview)}
_MESSAGES: dict[str, type[PreviewMessage]] = {
    kind.__name__: kind for kind in (Alive, VideoDescription, PreviewProgress, PreviewEnd, Failed)
}


def encode_preview(message: PreviewOrder | PreviewMessage) -> bytes:
    """A message as a line."""
    return encode_line(message, asdict(message), repr)


def read_preview_order(line: bytes) -> PreviewOrder:
    """The order of the owner, whom the process believes."""
    fields: dict[str, Any] = decode_line(line) or {}
    return dataclass_from_json(_ORDERS[str(fields.get("type"))], fields, "")


def decode_preview(line: bytes) -> PreviewMessage:
    """Check a line of the process.

    Raises:
        BrokenMessageError: it is no message, or holds values that cannot be.
    """
    return read_message(line, _MESSAGES)
