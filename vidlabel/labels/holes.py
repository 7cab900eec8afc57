"""Stretches of a video that could not be decoded: nobody has seen them, so no label may claim them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vidlabel.labels.result import Segment


def cut_holes(segments: Sequence[Segment], holes: Sequence[tuple[float, float]]) -> tuple[Segment, ...]:
    """Take holes out of segments.

    Args:
        segments: of one video.
        holes: (start, end) in seconds, in order, not overlapping.

    Returns:
        The segments, each cut into the pieces that lie outside the holes, with the score of the whole.
    """
    return tuple(piece for segment in segments for piece in _pieces(segment, holes))


def _pieces(segment: Segment, holes: Sequence[tuple[float, float]]) -> Iterator[Segment]:
    start = segment.start
    for hole_start, hole_end in holes:
        if hole_end <= start or hole_start >= segment.end:
            continue
        if hole_start > start:
            yield replace(segment, start=start, end=round(hole_start, 3))
        start = round(hole_end, 3)
    if start < segment.end:
        yield replace(segment, start=start)
