"""The state of a review: videos with their segments, every change of them, and undoing. No files, no web."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from vidlabel.errors import UsageError
from vidlabel.json_fields import Range
from vidlabel.review.segments import ReviewSegment, SegmentEdit, checked_edit, is_background
from vidlabel.training.dataset.examples import BACKGROUND

MIDDLE_SCORE = 0.5
"""A score here is the least certain."""

ChangeKind = Literal["do", "undo", "redo"]


@dataclass(frozen=True, slots=True)
class Change:
    """One step of a review: a segment is added (no `before`), deleted (no `after`) or changed."""

    kind: ChangeKind
    video: Annotated[int, Range(0)]
    before: ReviewSegment | None
    after: ReviewSegment | None


class StaleRevisionError(Exception):
    """A change was asked for by somebody who has not seen the latest one."""


class ReviewSession:
    """Segments of videos, changed step by step.

    Args:
        segments: of each video.
        record: called with each change before it is made; what it raises keeps the change from being made.
    """

    def __init__(self, segments: Sequence[Iterable[ReviewSegment]], record: Callable[[Change], None]) -> None:
        self._segments = [{segment.number: segment for segment in own} for own in segments]
        self._next = [max(own, default=-1) + 1 for own in self._segments]
        self._record = record
        self._done: list[Change] = []
        self._undone: list[Change] = []
        counts = Counter(segment.label for own in self._segments for segment in own.values())
        self._labels = [label for label, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
        self.revision = 0
        """How many changes there were, undoing included."""

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels there are or were, the most frequent at the start first; background comes last."""
        own = [label for label in self._labels if not is_background(label)]
        return (*own, BACKGROUND)

    @property
    def videos(self) -> int:
        """How many there are."""
        return len(self._segments)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether a change was undone, and none made since."""
        return bool(self._undone)

    def segments(self, video: int) -> tuple[ReviewSegment, ...]:
        """The segments of a video, by start, then end, then label."""
        own = self._segments[video].values()
        return tuple(sorted(own, key=lambda segment: (*segment.span, segment.label, segment.number)))

    def counts(self, video: int) -> tuple[int, int]:
        """How many segments of a video were reviewed, and how many it has."""
        own = self._segments[video].values()
        return sum(segment.status != "unreviewed" for segment in own), len(own)

    def labels_of(self, video: int) -> frozenset[str]:
        """The labels that a video has now."""
        return frozenset(segment.label for segment in self._segments[video].values())

    def least_certain(self, video: int) -> float:
        """Distance of the least certain unreviewed score from the middle; infinite where all segments are reviewed."""
        keys = (uncertainty_order(segment) for segment in self._segments[video].values())
        return min((distance for is_reviewed, distance, _ in keys if not is_reviewed), default=math.inf)

    def add(self, revision: int, video: int, edit: SegmentEdit, reviewer: str, duration_s: float | None) -> Change:
        """Add a segment.

        Args:
            revision: the latest that the reviewer has seen.
            video: number of the video.
            edit: the segment.
            reviewer: who adds it.
            duration_s: seconds of the video, where they are known.

        Raises:
            StaleRevisionError: there is a later revision.
            UsageError: there is no such video, or a table with that segment could not be read.
        """
        own = self._own(revision, video)
        wanted = checked_edit(edit, own.values(), duration_s)
        number = self._next[video]
        return self._do(
            Change("do", video, None, ReviewSegment(number, wanted.start, wanted.end, wanted.label, "added", reviewer))
        )

    def correct(
        self, revision: int, video: int, number: int, edit: SegmentEdit, reviewer: str, duration_s: float | None
    ) -> Change:
        """Give a segment other times or another label, or confirm it where all stays.

        Args:
            revision: the latest that the reviewer has seen.
            video: number of the video.
            number: of the segment.
            edit: what it is to be.
            reviewer: who corrects it.
            duration_s: seconds of the video, where they are known.

        Raises:
            StaleRevisionError, UsageError: as in `add`; or there is no such segment.
        """
        before = self._segment(revision, video, number)
        if (edit.start, edit.end, edit.label) == (before.start, before.end, before.label):
            status = "confirmed" if before.status == "unreviewed" else before.status
            return self._do(Change("do", video, before, replace(before, status=status, reviewer=reviewer)))
        others = (other for other in self._segments[video].values() if other.number != number)
        wanted = checked_edit(edit, others, duration_s)
        after = replace(
            before,
            start=wanted.start,
            end=wanted.end,
            label=wanted.label,
            status="added" if before.status == "added" else "corrected",
            reviewer=reviewer,
        )
        return self._do(Change("do", video, before, after))

    def delete(self, revision: int, video: int, number: int) -> Change:
        """Delete a segment.

        Raises:
            StaleRevisionError, UsageError: as in `correct`.
        """
        return self._do(Change("do", video, self._segment(revision, video, number), None))

    def undo(self, revision: int) -> Change:
        """Take the latest change back.

        Raises:
            StaleRevisionError: there is a later revision.
            UsageError: there is nothing to undo.
        """
        self._check(revision)
        if not self._done:
            raise UsageError("undo", "there is no change to undo")
        last = self._done[-1]
        return self._do(Change("undo", last.video, last.after, last.before))

    def redo(self, revision: int) -> Change:
        """Make the change again that was undone last.

        Raises:
            StaleRevisionError: there is a later revision.
            UsageError: there is nothing to redo.
        """
        self._check(revision)
        if not self._undone:
            raise UsageError("redo", "no change was undone")
        last = self._undone[-1]
        return self._do(Change("redo", last.video, last.before, last.after))

    def replay(self, change: Change) -> None:
        """Make a change that was recorded earlier.

        Raises:
            ValueError: it does not fit what was recorded before it.
        """
        before, after = change.before, change.after
        number = next((segment.number for segment in (before, after) if segment is not None), None)
        if number is None or not change.video < len(self._segments):
            raise ValueError("changes nothing")
        if self._segments[change.video].get(number) != before:
            raise ValueError("changes a segment that is not there")
        if (change.kind == "undo" and not self._done) or (change.kind == "redo" and not self._undone):
            raise ValueError(f"there is nothing to {change.kind}")
        self._make(change)

    def _own(self, revision: int, video: int) -> dict[int, ReviewSegment]:
        self._check(revision)
        if not 0 <= video < len(self._segments):
            raise UsageError("video", f"there is no number {video}", "reload the page")
        return self._segments[video]

    def _segment(self, revision: int, video: int, number: int) -> ReviewSegment:
        own = self._own(revision, video)
        if number not in own:
            raise UsageError("segment", f"there is no number {number}", "reload the page")
        return own[number]

    def _check(self, revision: int) -> None:
        if revision != self.revision:
            raise StaleRevisionError

    def _do(self, change: Change) -> Change:
        self._record(change)
        self._make(change)
        return change

    def _make(self, change: Change) -> None:
        own = self._segments[change.video]
        if change.before is not None:
            del own[change.before.number]
        if change.after is not None:
            own[change.after.number] = change.after
            self._next[change.video] = max(self._next[change.video], change.after.number + 1)
            if change.after.label not in self._labels:
                self._labels.append(change.after.label)
        if change.kind == "undo":
            self._undone.append(self._done.pop())
        elif change.kind == "redo":
            self._done.append(self._undone.pop())
        else:
            self._done.append(change)
            self._undone.clear()
        self.revision += 1


def uncertainty_order(segment: ReviewSegment) -> tuple[bool, float, float]:
    """Sort key: what nobody has reviewed first, the least certain score before surer ones, those without one last."""
    distance = 1.0 if segment.score is None else abs(segment.score - MIDDLE_SCORE)
    return segment.status != "unreviewed", distance, segment.span[0]
