"""Segments under review, and which of them may stand together in one table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Literal

from vidlabel.checks import check_name
from vidlabel.errors import UsageError
from vidlabel.json_fields import FilledText, Range
from vidlabel.labels.annotations import Annotation, composed
from vidlabel.labels.formats.delimited import shown
from vidlabel.training.dataset.examples import BACKGROUND
from vidlabel.training.dataset.row_checks import END_TOLERANCE_S, OVERLAP_TOLERANCE_S

ReviewStatus = Literal["unreviewed", "confirmed", "corrected", "added"]
Seconds = Annotated[float, Range(0)]


@dataclass(frozen=True, slots=True)
class ReviewSegment:
    """A label of a video, and whether somebody has looked at it."""

    number: Annotated[int, Range(0)]
    """Within its video; never used again."""
    start: Seconds | None
    """Seconds from the first presented frame; None with `end` None: the whole video."""
    end: Seconds | None
    label: FilledText
    status: ReviewStatus = "unreviewed"
    reviewer: FilledText | None = None
    score: Annotated[float, Range()] | None = None
    annotator: FilledText | None = None
    group: FilledText | None = None

    @property
    def span(self) -> tuple[float, float]:
        """Start and end in seconds, the whole video as all of time."""
        return (0.0, math.inf) if self.start is None or self.end is None else (self.start, self.end)


@dataclass(frozen=True, slots=True)
class SegmentEdit:
    """What a reviewer wants a segment to be."""

    start: Seconds | None
    end: Seconds | None
    label: FilledText


def segment_of(number: int, row: Annotation, status: ReviewStatus, reviewer: str | None) -> ReviewSegment:
    """The segment of a row of labels.

    Raises:
        ValueError: it is a point in time, which a table of starts and ends does not hold.
    """
    if row.kind == "point":
        raise ValueError(f"{shown(row.label)} of {shown(row.video)} is a point in time, which cannot be reviewed")
    return ReviewSegment(number, row.start, row.end, row.label, status, reviewer, row.score, row.annotator, row.group)


def checked_edit(edit: SegmentEdit, others: Iterable[ReviewSegment], duration_s: float | None) -> SegmentEdit:
    """An edit as it may be saved, its label in composed form.

    Args:
        edit: what a reviewer wants.
        others: the other segments of the video.
        duration_s: seconds of the video, where they are known; a later end is cut to it.

    Raises:
        UsageError: `train` could not read a table with it.
    """
    label = composed(edit.label)
    try:
        check_name(label, "label")
    except ValueError as error:
        raise UsageError("label", str(error), "give another name") from error
    start, end = edit.start, edit.end
    if (start is None) != (end is None):
        raise UsageError("segment", "has one time without the other", "give a start and an end, or none")
    if start is not None and end is not None:
        if duration_s is not None:
            end = min(end, duration_s) if start < duration_s else end
        _check_times(start, end, duration_s)
    wanted = ReviewSegment(0, start, end, label)
    clash = next((other for other in others if _clash(wanted, other)), None)
    if clash is not None:
        times = "the whole video" if clash.start is None else f"{clash.start:.3f} to {clash.end:.3f} s"
        raise UsageError("segment", f"overlaps {shown(clash.label)} ({times})", "change or delete that one first")
    return SegmentEdit(start, end, label)


def is_background(label: str) -> bool:
    """Whether a label means that no label holds."""
    return label.casefold() == BACKGROUND


def _check_times(start: float, end: float, duration_s: float | None) -> None:
    if end <= start:
        raise UsageError("segment", f"ends at {end:.3f} s, not after its start at {start:.3f} s", "move its end")
    if duration_s is not None and end > duration_s + END_TOLERANCE_S:
        raise UsageError("segment", f"ends after the video, which lasts {duration_s:.3f} s", "move its end")


def _clash(one: ReviewSegment, other: ReviewSegment) -> bool:
    """Whether two segments hold at once and may not: those of one label, and any with background."""
    if is_background(one.label) == is_background(other.label) and one.label != other.label:
        return False
    (start, end), (other_start, other_end) = one.span, other.span
    common_s = min(end, other_end) - max(start, other_start)
    return common_s > OVERLAP_TOLERANCE_S or 0 < common_s >= min(end - start, other_end - other_start)
