"""Metrics of segments: edit score, F1 at an overlap, accuracy in time, recall of events.

Definitions of edit and F1: Lea et al., Temporal Convolutional Networks for Action Segmentation and Detection (CVPR
2017). All in percent, as published. Times count in whole milliseconds, so that an overlap of exactly one half is one
half.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from vidlabel.errors import UsageError
from vidlabel.labels.result import Segment

OVERLAPS = (10, 25, 50)
"""Percent of overlap (intersection over union) from which on a segment counts as found: F1@10, F1@25, F1@50."""

DEFAULT_TOLERANCE_S = 1.0
"""Largest error of an event's start, where the user gives no other."""

Averaging = Literal["per video", "pooled"]
"""`per video`: the mean of the videos' figures (Lea et al.); `pooled`: one figure over all (MS-TCN, later papers)."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Segments found, invented and missed."""

    true_positives: int
    false_positives: int
    false_negatives: int

    @property
    def f1(self) -> float:
        """Percent; 100 where there is nothing to find and nothing was found."""
        total = 2 * self.true_positives + self.false_positives + self.false_negatives
        return 200 * self.true_positives / total if total else 100.0


@dataclass(frozen=True, slots=True)
class SegmentMetrics:
    """How well predicted segments match the true ones, with the rules that the figures follow. Figures in percent."""

    accuracy: float
    """Share of the time, from the first to the last segment of a video on either side, with the right label or none."""
    accuracy_without_background: float
    """Share of the time with a true label that is not background; NaN if there is no such time, and videos without any
    are left out."""
    edit: float
    """Order of the labels, whatever their times; the mean of the videos under either averaging."""
    f1: Mapping[int, float]
    """By the percent of `OVERLAPS`."""
    counts: Mapping[int, Counts]
    """Summed over the videos, by the percent of `OVERLAPS`."""
    videos: int
    background: str | None
    averaging: Averaging


class _Span(NamedTuple):
    start_ms: int
    end_ms: int
    label: str


def segment_metrics(
    truth: Mapping[str, Sequence[Segment]],
    predicted: Mapping[str, Sequence[Segment]],
    *,
    background: str | None,
    averaging: Averaging,
) -> SegmentMetrics:
    """Compare predicted segments with true ones.

    Args:
        truth: segments by video, in any order; a video where nothing happens has an empty list. Segments of one label
            that touch or overlap count as one.
        predicted: segments by video; a video that is missing counts as one without segments.
        background: label that means "nothing happens": its segments take no part in edit and F1, and in accuracy it is
            the same as no segment. None: every label counts.
        averaging: over the videos; see `Averaging`.

    Raises:
        UsageError: there is no true video, or a predicted one that is not among them.

    Example:
        >>> truth = {"clip.mp4": [vidlabel.Segment(0.0, 2.0, "wave", 1.0)]}
        >>> predicted = {"clip.mp4": [vidlabel.Segment(0.0, 1.0, "wave", 0.9)]}
        >>> vidlabel.segment_metrics(truth, predicted, background=None, averaging="pooled").f1
        {10: 100.0, 25: 100.0, 50: 100.0}
    """
    if not truth:
        raise UsageError("truth", "holds no video", "give the true segments of one video at least")
    for video in predicted:
        if video not in truth:
            raise UsageError(video, "has predictions and no truth", "give it an empty list if nothing happens in it")
    videos = [_compare(truth[video], predicted.get(video, ()), background) for video in truth]
    counts = {overlap: _summed(video.counts[overlap] for video in videos) for overlap in OVERLAPS}
    labelled = [video.labelled for video in videos if video.labelled.compared_ms]
    if averaging == "pooled":
        accuracy = _pooled_percent([video.whole for video in videos])
        labelled_accuracy = _pooled_percent(labelled) if labelled else math.nan
        f1 = {overlap: counts[overlap].f1 for overlap in OVERLAPS}
    else:
        accuracy = _mean([video.whole.percent for video in videos])
        labelled_accuracy = _mean([agreement.percent for agreement in labelled])
        f1 = {overlap: _mean([video.counts[overlap].f1 for video in videos]) for overlap in OVERLAPS}
    edit = _mean([video.edit for video in videos])
    return SegmentMetrics(accuracy, labelled_accuracy, edit, f1, counts, len(videos), background, averaging)


def matched_counts(
    truth: Sequence[Segment], predicted: Sequence[Segment], *, background: str | None
) -> Mapping[int, Counts]:
    """Count the segments of one video that match, as `segment_metrics` does, by the percent of `OVERLAPS`."""
    return _counts(_spans(truth, background), _spans(predicted, background))


def label_pieces(
    truth: Sequence[Segment], predicted: Sequence[Segment], *, background: str | None
) -> Iterator[tuple[int, frozenset[str], frozenset[str]]]:
    """Stretches of one video in which no label changes, from 0 to the last end: milliseconds, true, predicted labels.

    Stretches without background; one label that overlaps itself counts once.
    """
    for duration_ms, true_labels, predicted_labels in _pieces(_spans(truth, background), _spans(predicted, background)):
        yield duration_ms, frozenset(true_labels), frozenset(predicted_labels)


def edit_score(truth: Sequence[str], predicted: Sequence[str]) -> float:
    """Likeness of two sequences of labels.

    Returns:
        100 * (1 - Levenshtein distance / length of the longer); 100 if both are empty, so 0 if one is.
    """
    longer = max(len(truth), len(predicted))
    return 100 * (1 - _levenshtein(truth, predicted) / longer) if longer else 100.0


@dataclass(frozen=True, slots=True)
class EventRecall:
    """How many of the true events of a label were found."""

    found: int
    events: int

    @property
    def percent(self) -> float:
        """NaN where there were no events."""
        return 100 * self.found / self.events if self.events else math.nan


def event_recall(
    truth: Mapping[str, Sequence[Segment]],
    predicted: Mapping[str, Sequence[Segment]],
    *,
    label: str,
    tolerance_s: float,
) -> EventRecall:
    """Count the true segments of a label that a predicted one starts near to.

    Each predicted segment finds one true segment at most; as many pairs as possible are made.

    Args:
        truth: segments by video.
        predicted: segments by video.
        label: the only one that is looked at.
        tolerance_s: seconds that the two starts may lie apart, this much included.
    """
    tolerance_ms = round(tolerance_s * 1000)
    found = events = 0
    for video, segments in truth.items():
        true_starts = sorted(round(segment.start * 1000) for segment in segments if segment.label == label)
        own = predicted.get(video, ())
        free = iter(sorted(round(segment.start * 1000) for segment in own if segment.label == label))
        events += len(true_starts)
        start = next(free, None)
        # The earliest free one that is not too early: no other choice leaves more for the later events.
        for true_start in true_starts:
            while start is not None and start < true_start - tolerance_ms:
                start = next(free, None)
            if start is not None and start <= true_start + tolerance_ms:
                found += 1
                start = next(free, None)
    return EventRecall(found, events)


@dataclass(frozen=True, slots=True)
class _Agreement:
    """Time in which the labels of both sides are the same, of the time that was looked at."""

    agreed_ms: int
    compared_ms: int

    @property
    def percent(self) -> float:
        """100 where there was nothing to look at."""
        return 100 * self.agreed_ms / self.compared_ms if self.compared_ms else 100.0


@dataclass(frozen=True, slots=True)
class _VideoFigures:
    edit: float
    counts: Mapping[int, Counts]
    whole: _Agreement
    labelled: _Agreement
    """Only where the truth has a label other than background."""


def _compare(truth: Sequence[Segment], predicted: Sequence[Segment], background: str | None) -> _VideoFigures:
    true_spans = _spans(truth, background)
    predicted_spans = _spans(predicted, background)
    bounds_ms = [round(time_s * 1000) for segment in (*truth, *predicted) for time_s in (segment.start, segment.end)]
    extent_ms = max(bounds_ms) - min(bounds_ms) if bounds_ms else 0
    differing_ms = labelled_ms = labelled_right_ms = 0
    for duration_ms, true_labels, predicted_labels in _pieces(true_spans, predicted_spans):
        differing_ms += duration_ms * (true_labels != predicted_labels)
        labelled_ms += duration_ms * bool(true_labels)
        labelled_right_ms += duration_ms * (bool(true_labels) and true_labels == predicted_labels)
    return _VideoFigures(
        edit=edit_score([span.label for span in true_spans], [span.label for span in predicted_spans]),
        counts=_counts(true_spans, predicted_spans),
        whole=_Agreement(extent_ms - differing_ms, extent_ms),
        labelled=_Agreement(labelled_right_ms, labelled_ms),
    )


def _spans(segments: Iterable[Segment], background: str | None) -> list[_Span]:
    """The segments without background, in time order, those of one label that touch made one."""
    merged: dict[str, list[_Span]] = {}
    for segment in sorted(segments, key=lambda segment: segment.start):
        span = _Span(round(segment.start * 1000), round(segment.end * 1000), segment.label)
        own = merged.setdefault(span.label, [])
        if own and span.start_ms <= own[-1].end_ms:
            own[-1] = own[-1]._replace(end_ms=max(own[-1].end_ms, span.end_ms))
        else:
            own.append(span)
    return sorted(span for label, own in merged.items() if label != background for span in own)


def _counts(truth: Sequence[_Span], predicted: Sequence[_Span]) -> dict[int, Counts]:
    """Match each predicted segment to the true one of its label that it overlaps most, at each of `OVERLAPS`.

    One that is taken already is not replaced by the second best (Lea et al.); the first of equals is the best.
    """
    by_label: dict[str, list[_Span]] = {}
    for span in truth:
        by_label.setdefault(span.label, []).append(span)
    ends = {label: [span.end_ms for span in own] for label, own in by_label.items()}
    best = [_best_match(span, by_label.get(span.label, ()), ends.get(span.label, ())) for span in predicted]
    counts = {}
    for overlap in OVERLAPS:
        found = {match.span for match in best if match and 100 * match.common_ms >= overlap * match.union_ms}
        counts[overlap] = Counts(len(found), len(predicted) - len(found), len(truth) - len(found))
    return counts


class _Match(NamedTuple):
    span: _Span
    common_ms: int
    union_ms: int


def _best_match(span: _Span, truth: Sequence[_Span], ends_ms: Sequence[int]) -> _Match | None:
    """The true segment that a predicted one overlaps most, among those of its label: in time order, and apart."""
    best = None
    for position in range(bisect_right(ends_ms, span.start_ms), len(truth)):
        true_span = truth[position]
        if true_span.start_ms >= span.end_ms:
            break
        common = min(span.end_ms, true_span.end_ms) - max(span.start_ms, true_span.start_ms)
        union = max(span.end_ms, true_span.end_ms) - min(span.start_ms, true_span.start_ms)
        if best is None or common * best.union_ms > best.common_ms * union:
            best = _Match(true_span, common, union)
    return best


def _pieces(truth: Sequence[_Span], predicted: Sequence[_Span]) -> Iterator[tuple[int, set[str], set[str]]]:
    """Stretches in which no label changes: milliseconds, true labels, predicted labels (valid until the next one)."""
    true_labels: set[str] = set()
    predicted_labels: set[str] = set()
    changes: list[tuple[int, str, set[str]]] = []
    for spans, labels in ((truth, true_labels), (predicted, predicted_labels)):
        changes += ((time_ms, span.label, labels) for span in spans for time_ms in (span.start_ms, span.end_ms))
    latest_ms = 0
    for time_ms, label, labels in sorted(changes, key=lambda change: change[0]):
        yield time_ms - latest_ms, true_labels, predicted_labels
        latest_ms = time_ms
        labels ^= {label}  # its start puts it in, its end takes it out


def _levenshtein(first: Sequence[str], second: Sequence[str]) -> int:
    """Fewest insertions, deletions and replacements that make one sequence the other."""
    previous = list(range(len(second) + 1))
    for row, item in enumerate(first, 1):
        current = [row]
        for column, other in enumerate(second, 1):
            replaced = previous[column - 1] + (item != other)
            current.append(min(replaced, previous[column] + 1, current[-1] + 1))
        previous = current
    return previous[-1]


def _summed(counts: Iterable[Counts]) -> Counts:
    listed = list(counts)
    return Counts(
        sum(video.true_positives for video in listed),
        sum(video.false_positives for video in listed),
        sum(video.false_negatives for video in listed),
    )


def _pooled_percent(agreements: Sequence[_Agreement]) -> float:
    agreed_ms = sum(agreement.agreed_ms for agreement in agreements)
    return _Agreement(agreed_ms, sum(agreement.compared_ms for agreement in agreements)).percent


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan
