"""Files of subtitles: SubRip, WebVTT and ASS or SSA, as people and programs save them.

They are read leniently, since a player shows them too: what is wrong in some lines is warned of, and the others are
used. Libraries were tried first: pysubs2 1.8 reads notes of WebVTT as text and `-00:00:01` as 1 s, and loses an ASS
file for one damaged line; FFmpeg lets a line that ends before it starts run up to the next one.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vidlabel.errors import SubtitleError
from vidlabel.video.subtitles.lines import LONGEST_LINE, SubtitleLine, plain_text

MOST_BYTES = 32 << 20
"""A day of subtitles takes 2 MB."""

_CLOCK = r"(-?)(?:(\d{1,6}):)?(\d{1,3}):(\d{1,2})(?:[.,](\d{1,9}))?"
_ARROW = re.compile(r"\s*-?\d\w*:[\w:.,]*\s*-+>")
"""What makes a line the times of a cue, readable or not."""
_CUE_TIMES = re.compile(rf"\s*{_CLOCK}\s*-+>\s*{_CLOCK}(?:\s.*)?", re.ASCII)
_ASS_TIME = re.compile(rf"\s*{_CLOCK}\s*", re.ASCII)
_LINE_END = re.compile(r"\r\n|\r|\n")
_ASS_COMMENT = re.compile(r" ?\{[^{}]*\}")
_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_REMEDY = "give an SRT, WebVTT or ASS file"


@dataclass(frozen=True, slots=True)
class SubtitleFile:
    """What a file of subtitles holds."""

    lines: tuple[SubtitleLine, ...]
    """In the order of their starts. Time 0 is the first presented frame of the video."""
    warnings: tuple[str, ...]
    """What was wrong in it and is left out or guessed; one line each, for the user."""


@dataclass(frozen=True, slots=True)
class _Cue:
    """Times and text of a line as they stand in the file."""

    times: tuple[Fraction, Fraction] | None
    """None where they cannot be read."""
    text: str


def read_subtitle_file(path: Path) -> SubtitleFile:
    """Read a file of subtitles; its content says in which format it is.

    Raises:
        SubtitleError: it cannot be read, or holds no subtitles.
    """
    text, warnings = _decode(_content(path), path)
    if not text.strip():
        raise SubtitleError(path, "is empty", _REMEDY)
    beginning = text.lstrip("\ufeff \t\r\n")
    is_vtt = beginning.startswith("WEBVTT")
    is_ass = "[Script Info]" in text or "\nDialogue:" in text or beginning.startswith("Dialogue:")
    raw = _LINE_END.split(text)
    cues = list(_ass_cues(raw) if is_ass else _vtt_cues(raw) if is_vtt else _srt_cues(raw))
    readable = [SubtitleLine(*cue.times, cue.text) for cue in cues if cue.times is not None]
    if not readable and (cues or not (is_vtt or is_ass)):
        raise SubtitleError(path, "holds no subtitles that can be read", _REMEDY)
    lines = [line for line in readable if line.end_s > line.start_s]
    warnings += _left_out(path, len(cues), len(cues) - len(readable), "have times that cannot be read")
    warnings += _left_out(path, len(cues), len(readable) - len(lines), "do not end after their start")
    shown = sorted((line for line in lines if line.text), key=lambda line: line.start_s)
    return SubtitleFile(tuple(shown), tuple(warnings))


def _left_out(path: Path, lines: int, some: int, problem: str) -> list[str]:
    return [f"{path.name}: {some} of {lines} subtitle lines {problem} and are left out"] if some else []


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            path.stat()  # says why
            raise SubtitleError(path, "is no file", _REMEDY)
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise SubtitleError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    if len(content) > MOST_BYTES:
        raise SubtitleError(path, f"is larger than {MOST_BYTES >> 20} MB, which no subtitles are", _REMEDY)
    return content


def _decode(content: bytes, path: Path) -> tuple[str, list[str]]:
    """The text, and a warning where its encoding had to be guessed."""
    if content.startswith(_UTF16_MARKS):
        text = content.decode("utf-16", errors="replace")
        warning = f"{path.name}: is damaged UTF-16; what cannot be read is replaced"
        return text, [warning] if "\ufffd" in text else []
    if b"\0" in content:
        raise SubtitleError(path, "is no text", _REMEDY)
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        text = content.decode("utf-8-sig", errors="replace")
    broken = text.count("\ufffd")
    if sum(character > "\x7f" for character in text) > 2 * broken:  # UTF-8 with a few damaged bytes
        return text, [f"{path.name}: {broken} characters are not UTF-8 and are replaced"]
    warning = f"{path.name}: is not UTF-8 and read as Windows-1252; save it as UTF-8 if letters are wrong"
    return content.decode("cp1252", errors="replace"), [warning]


def _srt_cues(lines: list[str]) -> Iterator[_Cue]:
    """Cues of SubRip: text goes on to the next times, blank lines included, without the number before those."""
    times = ""
    text: list[str] = []
    for line in lines:
        if _ARROW.match(line) is None:
            text.append(line)
            continue
        if times:
            yield _Cue(_cue_times(times), _joined(_without_number(text)))
        times, text = line, []
    if times:
        yield _Cue(_cue_times(times), _joined(text))


def _without_number(text: list[str]) -> list[str]:
    """The lines of a cue without the number of the next one, which follows a blank line or is all there is."""
    ends_in_number = text[-1:] != [] and text[-1].strip().isdecimal()
    return text[:-1] if ends_in_number and not "".join(text[-2:-1]).strip() else text


def _vtt_cues(lines: list[str]) -> Iterator[_Cue]:
    """Cues of WebVTT: times and the lines up to a blank one; all else are names of cues, notes, styles and regions."""
    times = ""
    text: list[str] = []
    for line in [*lines, ""]:
        if _ARROW.match(line):
            if times:
                yield _Cue(_cue_times(times), html.unescape(_joined(text)))
            times, text = line, []
        elif line.strip():
            text.append(line)
        elif times:
            yield _Cue(_cue_times(times), html.unescape(_joined(text)))
            times = ""


def _joined(text: list[str]) -> str:
    size, kept = 0, []
    for line in text:
        kept.append(line[:LONGEST_LINE])
        size += len(line)
        if size > LONGEST_LINE:
            break
    return plain_text("\n".join(kept))


def _cue_times(line: str) -> tuple[Fraction, Fraction] | None:
    match = _CUE_TIMES.fullmatch(line[:LONGEST_LINE])
    return None if match is None else (_seconds(match.groups()[:5]), _seconds(match.groups()[5:]))


def _ass_cues(lines: list[str]) -> Iterator[_Cue]:
    """Dialogues of ASS and SSA; comments are not shown."""
    fields: tuple[str, ...] = _ASS_FIELDS
    for line in lines:
        kind, _, rest = line.strip().partition(":")
        if kind == "Format" and "text" in rest.lower():
            fields = tuple(name.strip().lower() for name in rest.split(","))
        elif kind == "Dialogue":
            cells = dict(zip(fields, rest.split(",", len(fields) - 1), strict=False))
            start, end = (_ASS_TIME.fullmatch(cells.get(name, "")[:LONGEST_LINE]) for name in ("start", "end"))
            times = None if start is None or end is None else (_seconds(start.groups()), _seconds(end.groups()))
            yield _Cue(times, _ASS_COMMENT.sub("", plain_text(cells.get("text", ""))))


def _seconds(clock: tuple[str | None, ...]) -> Fraction:
    sign, hours, minutes, seconds, decimals = clock
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    scale = 10 ** len(decimals or "")
    ticks = whole * scale + int(decimals or 0)
    return Fraction(-ticks if sign else ticks, scale)
