"""The speech of a video as lines of text, in a file of which the decoding process reads them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from vidlabel.errors import SubtitleError
from vidlabel.json_fields import FilledText, Range, Text, exact_dataclass_from_json
from vidlabel.video.subtitles.lines import LONGEST_LINE, SubtitleLine

_LONGEST_MS = 1 << 40


@dataclass(frozen=True, slots=True)
class SpokenLine:
    """Words that were spoken without a pause."""

    start_ms: Annotated[int, Range(0, _LONGEST_MS)]
    """Thousandths of a second from the first presented frame."""
    end_ms: Annotated[int, Range(0, _LONGEST_MS)]
    text: Annotated[str, Text(longest=LONGEST_LINE)]


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was spoken in a video."""

    lines: tuple[SpokenLine, ...] = ()
    """In the order of their starts."""
    warnings: tuple[FilledText, ...] = ()
    """What of the sound could not be heard; one line each, for the user."""

    def shown(self) -> Iterator[SubtitleLine]:
        """The lines as subtitles."""
        for line in self.lines:
            yield SubtitleLine(Fraction(line.start_ms, 1000), Fraction(line.end_ms, 1000), line.text)

    def to_bytes(self) -> bytes:
        """The content of a file: a digest, by which damage is known, and JSON."""
        content = json.dumps(asdict(self)).encode("ascii")
        return _digest(content) + b"\n" + content


def read_transcript(path: Path) -> Transcript:
    """Read what `Transcript.to_bytes` wrote.

    Raises:
        SubtitleError: it is not there, or damaged.
    """
    try:
        digest, _, content = path.read_bytes().partition(b"\n")
        fields = json.loads(content if digest == _digest(content) else b"")  # no JSON: an error
        return exact_dataclass_from_json(Transcript, fields, "")
    except (OSError, ValueError, RecursionError) as error:
        raise SubtitleError(path, "is no transcript that can be read", "run the same command again") from error


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode("ascii")
