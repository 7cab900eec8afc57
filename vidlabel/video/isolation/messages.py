"""What goes over the pipes between a reader of videos and its decoding process: one JSON object a line, never a pickle.

The decoding process works on files of unknown origin, which may take it over. Nothing that it sends is believed before
it was checked here or by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from fractions import Fraction
from typing import Annotated, Any, BinaryIO, TypeVar

from vidlabel.child_process import decode_line, encode_line
from vidlabel.json_fields import MismatchError, Range, Text, dataclass_from_json
from vidlabel.video.metadata import Count, ShortText, VideoMetadata
from vidlabel.video.request import SampleRequest
from vidlabel.video.subtitles.lines import LONGEST_TEXT

_MOST_TICKS = 1 << 63

M = TypeVar("M")


class BrokenMessageError(Exception):
    """A line that no decoding process of this version writes."""


@dataclass(frozen=True, slots=True)
class Setup:
    """To the process, first: what it shares with its owner."""

    memory: str
    """The file descriptor of the frame memory."""
    lifeline: int
    """A file descriptor that is closed when the owner is gone."""
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class ReadVideo:
    """To the process: read this video."""

    path: str
    """Absolute."""
    request: SampleRequest
    timeout_s: float
    """Seconds until the owner takes silence for a hang."""
    after: int | None = None
    """Tick of the last sample of a process that was lost: PyAV goes on after it."""
    reason: str = ""
    """Why the process before was lost."""


@dataclass(frozen=True, slots=True)
class Release:
    """To the process: how many of the oldest waiting samples were taken; their slots are free."""

    slots: int


@dataclass(frozen=True, slots=True)
class Stop:
    """To the process: the rest of the video is not wanted."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The process has loaded its libraries."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The video was probed."""

    facts: VideoMetadata
    first: Count
    """The asked time begins at this tick."""
    end: Annotated[int, Range(-_MOST_TICKS, _MOST_TICKS)]
    """And ends at this one."""
    warnings: tuple[ShortText, ...]
    """What is known of the file before it is decoded: one line each, for the user."""
    text_source: ShortText | None = None
    """Where subtitles come from, if they were asked for and there are any."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Something was read or decoded, which gave no sample."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How reading went so far; sent before a sample when it changed."""

    decoder: ShortText
    decode_errors: Count
    lost: Count
    """Ticks of the asked time that could not be decoded."""
    holes: tuple[tuple[Count, Count], ...]
    """Those that were found since the last such message: first tick, end tick."""
    warnings: tuple[ShortText, ...]


@dataclass(frozen=True, slots=True)
class SampleReady:
    """A sample lies in the next slot; slots are used in turn."""

    tick: Count
    has_earlier: bool
    text: Annotated[str, Text(longest=LONGEST_TEXT)] | None = None
    """The subtitles that are shown with it."""
    rate_mask: Annotated[int, Range(1)] = 1
    """Bit k: a sample of rate k of the request."""


@dataclass(frozen=True, slots=True)
class Finished:
    """There are no more samples; the process waits for another video."""

    cpu_s: Annotated[float, Range()]
    """CPU seconds that the process spent on this one."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Reading ended with an expected error; the process waits for another video."""

    kind: ShortText
    """Name of the class in `vidlabel.errors`."""
    subject: ShortText
    problem: ShortText
    remedy: ShortText


Order = Setup | ReadVideo | Release | Stop
Message = Ready | Probed | Alive | Stats | SampleReady | Finished | Failed


def encode(message: Order | Message) -> bytes:
    """One message as a line."""
    return encode_line(message, _fields(message), _as_json)


def _fields(value: object) -> dict[str, Any]:
    return {name: getattr(value, name) for name in getattr(value, "__dataclass_fields__", ())}


def _as_json(value: object) -> object:
    if is_dataclass(value):
        return _fields(value)
    if isinstance(value, Fraction):
        return [value.numerator, value.denominator]
    raise TypeError(f"{type(value).__name__} does not go into a message")


def read_orders(pipe: BinaryIO) -> Callable[[], Order | None]:
    """What gives the next order from the owner, whom the process believes; None at the end."""

    def read() -> Order | None:
        """Wait for one line, and make an order of it."""
        line = pipe.readline()
        if not line.endswith(b"\n"):
            return None
        fields = decode_line(line) or {}
        return dataclass_from_json(_ORDERS[fields["type"]], fields, "")

    return read


def decode_message(line: bytes) -> Message:
    """Check one line of a decoding process.

    Raises:
        BrokenMessageError: it is no message, or holds values that cannot be.
    """
    return read_message(line, _MESSAGES)


def read_message(line: bytes, kinds: Mapping[str, type[M]]) -> M:
    """Check one line of a process.

    Args:
        line: of its standard output.
        kinds: the classes of its messages, by name.

    Raises:
        BrokenMessageError: it is no message of these, or holds values that cannot be.
    """
    fields = decode_line(line)
    if fields is None:
        raise BrokenMessageError("no JSON object with a type")
    kind = kinds.get(str(fields["type"]))
    if kind is None:
        raise BrokenMessageError("a message of an unknown type")
    try:
        return dataclass_from_json(kind, fields, "")
    except MismatchError as error:
        raise BrokenMessageError(f"a message whose {error.where} {error.problem}") from error


_ORDERS: Mapping[str, type[Order]] = {kind.__name__: kind for kind in (Setup, ReadVideo, Release, Stop)}
_MESSAGES: Mapping[str, type[Message]] = {
    kind.__name__: kind for kind in (Ready, Probed, Alive, Stats, SampleReady, Finished, Failed)
}
