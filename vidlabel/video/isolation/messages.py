"""What goes over the pipes between a reader of videos and its decoding process: one JSON object a line, never a pickle.

The decoding process works on files of unknown origin, which may take it over. Nothing that it says is believed before
it was checked here or by the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from fractions import Fraction
from typing import Any, BinaryIO

from vidlabel.child_process import decode_line, encode_line
from vidlabel.video.metadata import VideoMetadata
from vidlabel.video.request import SampleRequest

_LONGEST_TEXT = 1000
_MOST_TICKS = 1 << 63


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
    """To the process: so many of the oldest waiting samples were taken, their slots are free."""

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
    first: int
    """The asked time begins at this tick."""
    end: int
    """And ends at this one."""
    warnings: tuple[str, ...] = ()
    """What is known of the file before it is decoded: one line each, for the user."""


@dataclass(frozen=True, slots=True)
class Alive:
    """Something was read or decoded, which gave no sample."""


@dataclass(frozen=True, slots=True)
class Stats:
    """How reading went so far; sent before a sample when it changed."""

    decoder: str
    decode_errors: int
    lost: int
    """Ticks of the asked time that could not be decoded."""
    holes: tuple[tuple[int, int], ...]
    """Those that were found since the last such message: first tick, end tick."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleReady:
    """A sample lies in the next slot; slots are used in turn."""

    tick: int
    has_earlier: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """There are no more samples; the process waits for another video."""

    cpu_s: float = 0.0
    """CPU seconds that the process spent on this one."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Reading ended with an expected error; the process waits for another video."""

    kind: str
    """Name of the class in `vidlabel.errors`."""
    subject: str
    problem: str
    remedy: str


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
        kind = fields.pop("type")
        if kind == "ReadVideo":
            return ReadVideo(request=SampleRequest(**fields.pop("request")), **fields)
        kinds: Mapping[str, type[Setup | Release | Stop]] = {"Setup": Setup, "Release": Release, "Stop": Stop}
        return kinds[kind](**fields)

    return read


def decode_message(line: bytes) -> Message:
    """Check one line of a decoding process.

    Raises:
        BrokenMessageError: it is no message, or holds values that cannot be.
    """
    fields = decode_line(line)
    if fields is None:
        raise BrokenMessageError("no JSON object with a type")
    reader = _READERS.get(str(fields["type"]))
    if reader is None:
        raise BrokenMessageError("a message of an unknown type")
    return reader(_Fields(fields))


class _Fields:
    """Takes values out of a message, of the right type and range or not at all."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self._fields = fields

    def whole(self, name: str, low: int = 0, high: int = _MOST_TICKS) -> int:
        """A whole number from `low` to `high`."""
        return _whole(self._fields.get(name), low, high)

    def number(self, name: str) -> float:
        """A number, finite."""
        value = self._fields.get(name)
        if not isinstance(value, float | int) or not -1e300 < value < 1e300:  # no whole number that fits no float
            raise BrokenMessageError(f"{name} is no number")
        return float(value)

    def text(self, name: str) -> str:
        """A string."""
        return _text(self._fields.get(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        return tuple(_text(value) for value in self.items(name))

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self._fields.get(name)
        if not isinstance(value, bool):
            raise BrokenMessageError(f"{name} is neither true nor false")
        return value

    def items(self, name: str) -> list[Any]:
        """A list, of anything."""
        value = self._fields.get(name)
        if not isinstance(value, list):
            raise BrokenMessageError(f"{name} is no list")
        return value

    def part(self, name: str) -> _Fields:
        """An object inside the message."""
        value = self._fields.get(name)
        if not isinstance(value, dict):
            raise BrokenMessageError(f"{name} is no object")
        return _Fields(value)


def _whole(value: object, low: int = 0, high: int = _MOST_TICKS) -> int:
    if type(value) is not int or not low <= value <= high:
        raise BrokenMessageError("a number that is not whole or out of range")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BrokenMessageError("a text that is none")
    return value[:_LONGEST_TEXT]


def _pair(value: object) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise BrokenMessageError("a pair that is none")
    return _whole(value[0]), _whole(value[1])


def _facts(fields: _Fields) -> VideoMetadata:
    ticks_a_second = _pair(fields.items("time_base"))
    if 0 in ticks_a_second:
        raise BrokenMessageError("a clock that stands still")
    return VideoMetadata(
        size_bytes=fields.whole("size_bytes"),
        container=fields.text("container"),
        codec=fields.text("codec"),
        shown_width=fields.whole("shown_width", low=1, high=1 << 24),
        shown_height=fields.whole("shown_height", low=1, high=1 << 24),
        rotation=fields.whole("rotation", high=270),
        time_base=Fraction(*ticks_a_second),
        start_time=fields.number("start_time"),
        duration=fields.whole("duration"),
        frames=fields.whole("frames"),
    )


def _stats(fields: _Fields) -> Stats:
    return Stats(
        decoder=fields.text("decoder"),
        decode_errors=fields.whole("decode_errors"),
        lost=fields.whole("lost"),
        holes=tuple(_pair(hole) for hole in fields.items("holes")),
        warnings=fields.texts("warnings"),
    )


_READERS: Mapping[str, Callable[[_Fields], Message]] = {
    Ready.__name__: lambda _: Ready(),
    Probed.__name__: lambda fields: Probed(
        _facts(fields.part("facts")),
        fields.whole("first"),
        fields.whole("end", low=-_MOST_TICKS),
        fields.texts("warnings"),
    ),
    Alive.__name__: lambda _: Alive(),
    Stats.__name__: _stats,
    SampleReady.__name__: lambda fields: SampleReady(fields.whole("tick"), fields.flag("has_earlier")),
    Finished.__name__: lambda fields: Finished(fields.number("cpu_s")),
    Failed.__name__: lambda fields: Failed(
        fields.text("kind"), fields.text("subject"), fields.text("problem"), fields.text("remedy")
    ),
}
