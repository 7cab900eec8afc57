"""Whether rows fit the length of their video and each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from vidlabel.checks import MAX_NAME_LENGTH
from vidlabel.labels.annotations import Annotation
from vidlabel.labels.formats.delimited import LineProblem, shown

END_TOLERANCE_S = 1.0
"""A row may end this much after its video, and ends with it then: people note whole seconds, rounded up."""

OVERLAP_TOLERANCE_S = 0.1
"""Rows may overlap by this much and still follow each other: nobody notes times more exactly."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two labels that hold at the same time."""

    first: Annotation
    second: Annotation
    """A row of another label; it does not start before the first."""


def label_problem(label: str) -> str | None:
    """Why a label cannot stand in a model file, on terminals and in tables; None if it can."""
    if not label.isprintable():
        return f"label {shown(label)} holds characters that cannot be printed"
    return f"label {shown(label)} is longer than {MAX_NAME_LENGTH}" if len(label) > MAX_NAME_LENGTH else None


def label_problems(rows: Sequence[Annotation]) -> list[LineProblem]:
    """Rows whose labels no model can have, each label once."""
    firsts: dict[str, int] = {}
    for row in rows:
        firsts.setdefault(row.label, row.line)
    found = [(line, label_problem(label)) for label, line in firsts.items()]
    return [LineProblem(line, problem) for line, problem in found if problem is not None]


def early_problems(rows: Sequence[Annotation], start_s: float) -> list[LineProblem]:
    """Rows that end before the first sample of a file of features, whose times may be of another clock.

    Args:
        rows: of one file.
        start_s: seconds at its first sample.
    """
    return [
        LineProblem(row.line, f"end {row.end:g} lies before {shown(row.video)}, whose times begin at {start_s:.3f} s")
        for row in rows
        if row.end is not None and row.end <= start_s
    ]


def end_problems(rows: Sequence[Annotation], duration_s: float) -> list[LineProblem]:
    """Rows that lie beyond the end of their video.

    Args:
        rows: of one video.
        duration_s: of the video.
    """
    problems = []
    for row in rows:
        if row.start is None or row.end is None:
            continue
        if row.start >= duration_s:
            problem = f"start {row.start:g} lies beyond the end of {shown(row.video)}, which lasts {duration_s:.3f} s"
            problems.append(LineProblem(row.line, problem))
        elif row.end > duration_s + END_TOLERANCE_S:
            problem = f"end {row.end:g} lies beyond the end of {shown(row.video)}, which lasts {duration_s:.3f} s"
            problems.append(LineProblem(row.line, problem))
    return problems


def repeated_label_problems(rows: Sequence[Annotation]) -> list[LineProblem]:
    """Rows of one label that overlap: one of them has a wrong time, or is there twice.

    Args:
        rows: of one video.
    """
    problems = []
    for first, second in _overlapping(rows):
        if first.label == second.label:
            times = "the whole video" if first.start is None else f"{first.start:g} to {first.end:g} s"
            problem = f"overlaps line {first.line}, which has {shown(first.label)} for {times} already"
            problems.append(LineProblem(second.line, problem))
    return problems


def label_overlaps(rows: Sequence[Annotation]) -> list[Overlap]:
    """Pairs of different labels that hold at the same time for longer than the tolerance.

    Args:
        rows: of one video.
    """
    pairs = _overlapping(rows)
    return [Overlap(first, second) for first, second in pairs if first.label != second.label]


def _overlapping(rows: Sequence[Annotation]) -> Iterator[tuple[Annotation, Annotation]]:
    """Pairs whose common time is longer than the tolerance, or all of the shorter row; in order of start."""
    whole = [row for row in rows if row.start is None]
    timed = sorted((row for row in rows if row.start is not None), key=_times)
    yield from combinations(whole, 2)
    yield from ((row, other) for row in whole for other in timed)
    for place, row in enumerate(timed):
        start, end = _times(row)
        for other in timed[place + 1 :]:
            other_start, other_end = _times(other)
            if other_start >= end:
                break
            common_s = min(end, other_end) - other_start
            if common_s > OVERLAP_TOLERANCE_S or common_s >= min(end - start, other_end - other_start):
                yield row, other


def _times(row: Annotation) -> tuple[float, float]:
    if row.start is None or row.end is None:
        raise ValueError("a row of the whole video has no times")
    return row.start, row.end
