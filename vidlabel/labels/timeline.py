"""Segments as bars of characters, one row a label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vidlabel.labels.result import Segment

SHADES = " ░▒▓█"
"""A cell of which nothing, up to a third, up to two thirds, nearly all, all is covered."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """When one label holds."""

    label: str
    bar: str
    """The video from left to right, in as many characters as were asked for."""


def timeline(segments: Sequence[Segment], duration_s: float, width: int) -> tuple[TimelineRow, ...]:
    """Draw segments as bars.

    Args:
        segments: of one video.
        duration_s: seconds that the bars stand for.
        width: characters of a bar.

    Returns:
        One row a label, in the order in which they first hold. A segment leaves a mark however short it is.

    Raises:
        ValueError: the duration is not above 0.
    """
    if not duration_s > 0:
        raise ValueError(f"a timeline cannot stand for {duration_s} s")
    rows: dict[str, list[Segment]] = {}
    for segment in sorted(segments, key=lambda segment: (segment.start, segment.end, segment.label)):
        rows.setdefault(segment.label, []).append(segment)
    return tuple(TimelineRow(label, _bar(own, duration_s, width)) for label, own in rows.items())


def _bar(segments: Sequence[Segment], duration_s: float, width: int) -> str:
    covered = [0.0] * width
    for segment in segments:
        start, end = (min(max(time_s / duration_s, 0.0), 1.0) * width for time_s in (segment.start, segment.end))
        for cell in range(int(start), min(int(end) + 1, width)):
            covered[cell] += max(min(end, cell + 1) - max(start, cell), 0.0)
    return "".join(_shade(share) for share in covered)


def _shade(share: float) -> str:
    """The character for the covered share of a cell."""
    if share <= 0:
        return SHADES[0]
    # Sums of many short segments fall short of 1 by rounding.
    return SHADES[-1] if share > 1 - 1e-9 else SHADES[1 + min(int(share * 3), 2)]
