"""SubRip (SRT) and WebVTT: one cue an annotation, so that any player shows the labels.

The text of a cue is the label, on one line. Where there are several models, the name of the one that found it stands
before it: in brackets in SRT, as the voice that speaks in WebVTT. Cues of different labels may overlap; players stack
them. The files name no video: read back, their own name without its ending does (`a.mp4` of `a.mp4.srt`), which stands
beside them then.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vidlabel.labels.annotations import Annotation, LabelTable, LabelTableError, composed, label_table
from vidlabel.labels.formats.delimited import LineProblem, TableError, decode_text, shown
from vidlabel.labels.result import Result, Segment

_LINE_END = re.compile(r"\r\n|\r|\n")
_SRT_CLOCK = r"(\d{2,6}):([0-5]\d):([0-5]\d)[,.](\d{3})"
_VTT_CLOCK = r"(?:(\d{2,6}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_SRT_TIMES = re.compile(rf"{_SRT_CLOCK}[ \t]*-->[ \t]*{_SRT_CLOCK}(?:[ \t]+[XY][12]:.*)?[ \t]*", re.ASCII)
_VTT_TIMES = re.compile(rf"{_VTT_CLOCK}[ \t]+-->[ \t]+{_VTT_CLOCK}(?:[ \t].*)?", re.ASCII)
_SRT_BEGINNING = re.compile(r"\s*\d+[ \t]*[\r\n]+\d{2,}:\d\d:\d\d[,.]\d{3}[ \t]*-->", re.ASCII)
_VTT_BEGINNING = re.compile(r"WEBVTT(?:[ \t\r\n]|$)")
_VTT_TAG = re.compile(r"<[^>]*>")
_VTT_OTHER_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t].*)?")


class SrtWriter:
    """SubRip.

    It knows no escapes: `<` and `&` stand as they are, only the arrow that would look like a cue's times is replaced by
    the character `→`.
    """

    def header(self, models: int) -> str:  # noqa: ARG002 - of the interface
        """Nothing: a file starts with its first cue."""
        return ""

    def body(self, result: Result) -> Iterator[str]:
        """Give one numbered cue a segment."""
        for number, segment in enumerate(result.segments, 1):
            model = "" if segment.model is None else f"[{segment.model}] "
            text = _on_one_line(model + segment.label).replace("-->", "→")
            yield f"{number}\n{_cue_times(segment, ',')}\n{text}\n\n"


class VttWriter:
    """WebVTT (W3C): `&`, `<` and `>` are escaped, which also takes care of the arrow."""

    def header(self, models: int) -> str:  # noqa: ARG002 - of the interface
        """The signature of the format and a blank line."""
        return "WEBVTT\n\n"

    def body(self, result: Result) -> Iterator[str]:
        """Give one cue a segment."""
        for segment in result.segments:
            voice = "" if segment.model is None else f"<v {_escaped(segment.model)}>"
            yield f"{_cue_times(segment, '.')}\n{voice}{_escaped(segment.label)}\n\n"


class SrtReader:
    """Reads SubRip; what stands in angle brackets is part of the label, as the writer writes it."""

    def recognises(self, beginning: str) -> bool:
        """Whether it begins with the number and the times of a cue."""
        return _SRT_BEGINNING.match(beginning) is not None

    def read(self, content: bytes, name: str) -> LabelTable:
        """Take the cues; every block of lines must be one."""
        blocks = _blocks(_lines(content, name))
        return _read_cues(blocks, name, _SRT_TIMES, "00:00:01,500 --> 00:00:02,000", _on_one_line)


class VttReader:
    """Reads WebVTT; notes, styles, regions, settings and tags are passed over."""

    def recognises(self, beginning: str) -> bool:
        """Whether it begins with the signature."""
        return _VTT_BEGINNING.match(beginning) is not None

    def read(self, content: bytes, name: str) -> LabelTable:
        """Take the cues."""
        lines = _lines(content, name)
        if _VTT_BEGINNING.match(lines[0]) is None:
            raise LabelTableError(name, [LineProblem(1, "does not begin with WEBVTT")])
        header, *blocks = _blocks(lines)
        if any("-->" in line for line in header.lines):
            blocks.insert(0, _Block(2, header.lines[1:]))
        cues = [block for block in blocks if _VTT_OTHER_BLOCK.fullmatch(block.lines[0]) is None]
        return _read_cues(cues, name, _VTT_TIMES, "00:01.500 --> 00:02.000", _without_markup)


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of a file with blank lines around them."""

    line: int
    """Number of the first one, from 1."""
    lines: list[str]


def _lines(content: bytes, name: str) -> list[str]:
    try:
        return _LINE_END.split(decode_text(content))
    except TableError as error:
        raise LabelTableError(name, error.problems) from error


def _blocks(lines: list[str]) -> list[_Block]:
    blocks: list[_Block] = []
    is_open = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            is_open = False
        elif is_open:
            blocks[-1].lines.append(line)
        else:
            blocks.append(_Block(number, [line]))
            is_open = True
    return blocks


def _read_cues(
    blocks: list[_Block], name: str, times: re.Pattern[str], example: str, label_of: Callable[[str], str]
) -> LabelTable:
    """Take the cue of each block: a name or number, which may be missing, times, and text."""
    video = Path(name).stem
    found: list[tuple[int, Callable[[], Annotation]]] = []
    problems = []
    for block in blocks:
        skipped = 0 if "-->" in block.lines[0] or len(block.lines) == 1 else 1
        line, text = block.line + skipped, block.lines[skipped]
        match = times.fullmatch(text)
        if match is None:
            problems.append(LineProblem(line, f"{shown(text)} are not the times of a cue, such as {example}"))
            continue
        label = "\n".join(block.lines[skipped + 1 :])
        found.append((line, partial(_cue, video, match, label, label_of, line)))
    return label_table(name, found, problems)


def _cue(video: str, times: re.Match[str], text: str, label_of: Callable[[str], str], line: int) -> Annotation:
    clocks = times.groups()
    return Annotation(video, _seconds(clocks[:4]), _seconds(clocks[4:]), composed(label_of(text)), line=line)


def _seconds(clock: tuple[str | None, ...]) -> float:
    hours, minutes, seconds, milliseconds = (int(digits or 0) for digits in clock)
    return ((hours * 60 + minutes) * 60_000 + seconds * 1000 + milliseconds) / 1000


def _escaped(text: str) -> str:
    return _on_one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_markup(text: str) -> str:
    return _on_one_line(html.unescape(_VTT_TAG.sub("", text)))


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
