"""Labels of stretches of videos, as people or models give them; what every annotation format is read into.

Times are seconds from the first presented frame; no start and no end label the whole video. Labels, groups and
annotators have no white space around them and are in Unicode's composed form (NFC), so that an `e` with an accent is
the same whichever system wrote it. No video is opened.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from vidlabel.errors import AnnotationError
from vidlabel.labels.formats.delimited import LineProblem, shown
from vidlabel.labels.typos import distinguishable, similar_spellings

_LISTED_PROBLEMS = 10

Kind = Literal["segment", "point"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """This label holds in this video from start to end.

    Raises:
        ValueError: it means nothing: no video or label, one time without the other, a segment whose end is not after
            its start, a negative time, or a number that is not finite.
    """

    video: str
    """Path as it stands in the file of labels, relative to it."""
    start: float | None
    """Seconds; None with `end` None: the whole video."""
    end: float | None
    """Seconds; the start again for a point."""
    label: str
    """Without white space around it."""
    group: str | None = None
    """What must not be torn apart when data is split: a person, a room, a day."""
    score: float | None = None
    annotator: str | None = None
    """Who labelled it: a person, a tier, a model."""
    kind: Kind = "segment"
    """Whether it lasts, or is an event at one time."""
    line: int = field(default=0, compare=False)
    """Where it stands in its file, from 1; 0 for one that was not read."""

    def __post_init__(self) -> None:
        problems = _row_problems(self)
        if problems:
            raise ValueError("; ".join(problems))


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The annotations of a file and what its author may want to look at."""

    rows: tuple[Annotation, ...]
    warnings: tuple[str, ...]
    """One line each: labels that may be the same, paths with white space around them, comments that may be rows."""


class LabelTableError(AnnotationError):
    """A file of labels with lines that cannot be used.

    Args:
        name: of the file.
        problems: all of them; the message names the first ten.
    """

    def __init__(self, name: str, problems: Iterable[LineProblem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: problem.line))
        listed = "; ".join(map(str, self.problems[:_LISTED_PROBLEMS]))
        more = len(self.problems) - _LISTED_PROBLEMS
        super().__init__(name, listed + (f"; and {more} more" if more > 0 else ""), "correct these lines")

    def __reduce__(self) -> tuple[type[LabelTableError], tuple[str, tuple[LineProblem, ...]]]:  # type: ignore[override]
        return LabelTableError, (self.subject, self.problems)


def label_table(
    name: str, found: Iterable[tuple[int, Callable[[], Annotation]]], problems: Iterable[LineProblem] = ()
) -> LabelTable:
    """Collect the annotations of a file, and everything that is wrong with them.

    Args:
        name: of the file, for messages.
        found: the line of each annotation and what makes it; its ValueError gives the problem of the line.
        problems: lines that are wrong in form.

    Raises:
        LabelTableError: lines are wrong or repeat others; all of them are named at once.
    """
    rows: dict[tuple[object, ...], Annotation] = {}
    wrong = list(problems)
    for line, make in found:
        try:
            row = make()
        except ValueError as error:
            wrong.append(LineProblem(line, str(error)))
            continue
        first = rows.setdefault((row.video, row.start, row.end, row.label), row)
        if first is not row:
            wrong.append(LineProblem(line, f"repeats line {first.line}"))
    if wrong:
        raise LabelTableError(name, wrong)
    return LabelTable(tuple(rows.values()), _warnings(rows.values()))


def composed(text: str) -> str:
    """Text without white space around it, in Unicode's composed form."""
    return unicodedata.normalize("NFC", text).strip()


def _row_problems(row: Annotation) -> list[str]:
    problems = [f"{name} is empty" for name in ("video", "label") if not getattr(row, name).strip()]
    optional = [text for text in (row.group, row.annotator) if text is not None]
    if any(text != text.strip() for text in (row.label, *optional)) or "" in optional:
        problems.append("label, group and annotator cannot begin or end with white space")
    if any("\0" in text for text in (row.video, row.label, *optional)):
        problems.append("text cannot hold a NUL character")
    if row.score is not None and not math.isfinite(row.score):
        problems.append(f"score {row.score:g} is not finite")
    return problems + _time_problems(row.start, row.end, row.kind)


def _time_problems(start: float | None, end: float | None, kind: Kind) -> list[str]:
    if start is None and end is None:
        return [] if kind == "segment" else ["a point needs a time"]
    if start is None or end is None:
        given, missing = ("a start", "end") if end is None else ("an end", "start")
        return [f"has {given} and no {missing}: give both, or none to label the whole video"]
    problems = [
        f"{name} {time_s:g} is not finite" if not math.isfinite(time_s) else f"{name} {time_s:g} is negative"
        for name, time_s in (("start", start), ("end", end))
        if not 0 <= time_s < math.inf
    ]
    if not problems and kind == "segment" and end <= start:
        problems.append(f"end {end:g} is not after start {start:g}")
    if not problems and kind == "point" and end != start:
        problems.append(f"a point cannot last from {start:g} to {end:g}")
    return problems


def _warnings(rows: Iterable[Annotation]) -> tuple[str, ...]:
    counts = Counter(row.label for row in rows)
    warnings = []
    for rare, common in similar_spellings(counts):
        first, second = distinguishable(rare, common)
        warnings.append(
            f"label {first} ({_rows(counts[rare])}) is spelt nearly like {second} ({_rows(counts[common])})"
        )
    padded = sorted({row.video for row in rows if row.video != row.video.strip()})
    warnings += [f"path {shown(video)} has white space around it" for video in padded]
    return tuple(warnings)


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"
