"""Every answer of an evaluation as a table, to find out what went wrong where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from vidlabel.labels.formats.csv import csv_line
from vidlabel.labels.metrics.evaluation import Evaluation, VideoGroundTruth
from vidlabel.labels.result import Segment

COLUMNS = ("video", "group", "fold", "start", "end", "truth", "predicted", "score")
SEPARATOR = "|"
"""Between labels that hold at once."""


def prediction_lines(evaluation: Evaluation) -> Iterator[str]:
    """The table, line by line: one for each clip; of videos with times, one for each segment.

    A predicted segment stands beside the true one that it shares most time with; a true one that shares time with no
    predicted one of its label stands alone. Several labels of one clip are parted by `|`.
    """
    yield csv_line(COLUMNS)
    for place, video in enumerate(evaluation.tested.videos):
        rows = [_clip(evaluation, place)] if evaluation.data.unit == "clip" else _segments(evaluation, place)
        for row in rows:
            yield csv_line((video.video, video.group, str(video.fold), *row))


def _clip(evaluation: Evaluation, place: int) -> tuple[str, ...]:
    tested, answers = evaluation.tested, evaluation.answers
    scores = answers.scores[place]
    told = np.flatnonzero(answers.decided[place])
    score = scores[told].min() if len(told) else scores.max()
    names = [SEPARATOR.join(tested.labels[n] for n in rows) for rows in (np.flatnonzero(tested.targets[place]), told)]
    return "", "", *names, f"{score:.4f}"


def _segments(evaluation: Evaluation, place: int) -> Iterator[tuple[str, ...]]:
    video, told = evaluation.tested.videos[place], evaluation.answers.segments[place]
    rows = [(segment, _nearest(segment, video), segment.label, f"{segment.score:.4f}") for segment in told]
    rows += [(segment, segment.label, "", "") for segment in video.truth if not _found(segment, told)]
    for segment, *rest in sorted(rows, key=lambda row: (row[0].start, row[0].end, row[1], row[2])):
        yield f"{segment.start:.3f}", f"{segment.end:.3f}", *rest


def _nearest(segment: Segment, video: VideoGroundTruth) -> str:
    best = max(video.truth, key=lambda true: _common_s(true, segment), default=None)
    return best.label if best is not None and _common_s(best, segment) > 0 else ""


def _found(true: Segment, told: Sequence[Segment]) -> bool:
    return any(segment.label == true.label and _common_s(segment, true) > 0 for segment in told)


def _common_s(first: Segment, second: Segment) -> float:
    return min(first.end, second.end) - max(first.start, second.start)
