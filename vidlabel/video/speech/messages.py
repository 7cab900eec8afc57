"""What goes over the pipes between an owner and its process of speech recognition: a JSON object a line."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from vidlabel.child_process import decode_line, encode_line
from vidlabel.json_fields import FilledText, dataclass_from_json
from vidlabel.video.isolation.messages import Alive, Failed, read_message
from vidlabel.video.subtitles.transcript import SpokenLine


@dataclass(frozen=True, slots=True)
class Transcribe:
    """To the process: the one video that it reads."""

    path: str
    """Absolute, like that of the model."""
    model: str
    """Folder of a Whisper model in CTranslate2's format."""
    audio_stream: int | None
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class SpeechEnd:
    """The sound is over."""

    warnings: tuple[FilledText, ...]
    """What of it could not be heard; one line each, for the user."""


SpeechMessage = Alive | SpokenLine | SpeechEnd | Failed
_MESSAGES: dict[str, type[SpeechMessage]] = {kind.__name__: kind for kind in (Alive, SpokenLine, SpeechEnd, Failed)}


def encode_speech(message: Transcribe | SpeechMessage) -> bytes:
    """A message as a line."""
    return encode_line(message, asdict(message), repr)


def read_order(line: bytes) -> Transcribe:
    """The order of the owner, whom the process believes."""
    return dataclass_from_json(Transcribe, decode_line(line), "")


def decode_speech(line: bytes) -> SpeechMessage:
    """Check a line of the process.

    Raises:
        BrokenMessageError: it is no message, or holds values that cannot be.
    """
    return read_message(line, _MESSAGES)
