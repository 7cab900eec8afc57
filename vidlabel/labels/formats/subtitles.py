"""SubRip (SRT) and WebVTT: one cue a segment, so that any player shows the labels.

The text of a cue is the label, on one line. Cues of different labels may overlap; players stack them.
"""

from __future__ import annotations

from collections.abc import Iterator

from vidlabel.labels.formats.base import Format
from vidlabel.labels.result import Result, Segment


class SrtFormat(Format):
    """SubRip.

    It knows no escapes: `<` and `&` stand as they are, only the arrow that would look like a cue's times is replaced by
    the character `→`.
    """

    name = "srt"
    suffix = ".srt"
    holds_many = False

    def header(self) -> str:
        """Nothing: a file starts with its first cue."""
        return ""

    def body(self, result: Result) -> Iterator[str]:
        """Give one numbered cue a segment."""
        for number, segment in enumerate(result.segments, 1):
            text = _on_one_line(segment.label).replace("-->", "→")
            yield f"{number}\n{_cue_times(segment, ',')}\n{text}\n\n"


class VttFormat(Format):
    """WebVTT (W3C): `&`, `<` and `>` are escaped, which also takes care of the arrow."""

    name = "vtt"
    suffix = ".vtt"
    holds_many = False

    def header(self) -> str:
        """The signature of the format and a blank line."""
        return "WEBVTT\n\n"

    def body(self, result: Result) -> Iterator[str]:
        """Give one cue a segment."""
        for segment in result.segments:
            text = _on_one_line(segment.label).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
            yield f"{_cue_times(segment, '.')}\n{text}\n\n"


def _on_one_line(label: str) -> str:
    """The label without line breaks: an empty line would end the cue."""
    return " ".join(label.split())


def _cue_times(segment: Segment, decimal_mark: str) -> str:
    start_ms = round(segment.start * 1000)
    # Players drop a cue that ends where it starts.
    end_ms = max(round(segment.end * 1000), start_ms + 1)
    return f"{_clock(start_ms, decimal_mark)} --> {_clock(end_ms, decimal_mark)}"


def _clock(time_ms: int, decimal_mark: str) -> str:
    """`hh:mm:ss,mmm`; the hours grow to three digits beyond 99."""
    seconds, milliseconds = divmod(time_ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{milliseconds:03}"
