"""Subtitle lines, and what is shown of them at a time."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

LONGEST_LINE = 1000
"""Characters of a line that are kept; lines of films have 80."""
LONGEST_TEXT = 2000
"""Characters of all lines that are shown together."""
_MOST_SHOWN = 32
"""Lines that are shown together at most, the latest ones: a file may hold 100,000 that never end."""

_BRACES = re.compile(r"(\{[^{}]*\})")
_DRAWING = re.compile(r"\\p(\d)")
_BREAK = re.compile(r"\\[Nnh]")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>")


@dataclass(frozen=True, slots=True)
class SubtitleLine:
    """One line of subtitles, without styling."""

    start_s: Fraction
    end_s: Fraction
    """The line is shown up to it, not at it."""
    text: str


def plain_text(text: str) -> str:
    r"""Text without the styling of ASS, SRT and WebVTT (`{\i1}`, `<b>`, `<00:01.500>`) and drawings, on one line."""
    text = text[:LONGEST_LINE]
    if "{" in text:
        text = "".join(_unstyled(_BRACES.split(text)))
    if "<" in text:
        text = _TAG.sub("", text)
    return " ".join(_BREAK.sub(" ", text).split())


def _unstyled(parts: Sequence[str]) -> Iterator[str]:
    r"""The text between commands in braces; between `{\p1}` and `{\p0}` stand the points of a drawing."""
    draws = False
    for part in parts:
        if _BRACES.fullmatch(part) and "\\" in part:
            scales = _DRAWING.findall(part)
            draws = scales[-1] != "0" if scales else draws
        elif not draws:
            yield part


class ShownText:
    """What is shown at times that only go forward, in constant memory.

    Args:
        lines: in the order of their starts.
    """

    def __init__(self, lines: Iterator[SubtitleLine]) -> None:
        self._lines = lines
        self._next = next(lines, None)
        self._shown: deque[SubtitleLine] = deque(maxlen=_MOST_SHOWN)

    def at(self, time_s: Fraction) -> str:
        """The lines that are shown at a time, in the order of their starts, each text once; empty where there is none.

        Args:
            time_s: seconds, not before that of the last call.
        """
        while self._next is not None and self._next.start_s <= time_s:
            if self._next.end_s > time_s:
                self._shown.append(self._next)
            self._next = next(self._lines, None)
        if any(line.end_s <= time_s for line in self._shown):
            self._shown = deque((line for line in self._shown if line.end_s > time_s), maxlen=_MOST_SHOWN)
        return " ".join(dict.fromkeys(line.text for line in self._shown if line.text))[:LONGEST_TEXT]
