"""Metrics of predictions, with bootstrap intervals over groups.

Everything but average precision is a function of sums over videos, so that all draws are one matrix product.
V videos, R rows, C labels, B draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from vidlabel.labels.metrics.bootstrap import group_draws, percentile_interval
from vidlabel.labels.metrics.evaluation import (
    Booleans,
    Confusion,
    Figure,
    Figures,
    GroundTruth,
    LabelFigures,
    Predictions,
)
from vidlabel.labels.metrics.samples import BINS, calibration_bins, confusion_matrix
from vidlabel.labels.metrics.segments import OVERLAPS, event_recall, segment_metrics
from vidlabel.labels.result import Segment

_DRAWN_AT_ONCE = 4_000_000
"""Numbers of a matrix of draws by rows."""

Numbers = npt.NDArray[np.float64]
Statistic = Callable[[Numbers], Numbers]
"""From how often each video is in each of B draws, (B, V), to B figures, or (B, C)."""


class MetricCalculator:
    """Makes the figures of predictions about the same videos.

    Args:
        tested: the videos and the truth.
        videos: which of them count, ascending; None: all.
        tolerance_s: how far the start of an event may be off.
    """

    def __init__(self, tested: GroundTruth, tolerance_s: float, videos: Sequence[int] | None = None) -> None:
        self._tested = tested
        self._tolerance_s = tolerance_s
        chosen = np.arange(len(tested.videos)) if videos is None else np.asarray(videos, dtype=np.intp)
        self._once = np.zeros((1, len(tested.videos)))
        self._once[0, chosen] = 1
        draws = group_draws([tested.videos[video].group for video in chosen])
        self._draws: Numbers | None = None
        if draws is not None:
            self._draws = np.zeros((len(draws), len(tested.videos)))
            self._draws[:, chosen] = draws
        self._shown = np.array([number for number in range(len(tested.labels)) if number != tested.background])

    def metrics(self, predictions: Predictions) -> Figures:
        """All figures by their names; None for those that do not apply."""
        tested = self._tested
        steps = _right_rows(tested, predictions.decided)
        figures: dict[str, Figure | None] = {
            "accuracy": self._rate(steps if tested.unit == "clip" else _right_rows(tested, _held(tested, predictions))),
            "macro_f1": self._figure(lambda draws: self._macro(self._f1(predictions)(draws))),
            "map": self._figure(lambda draws: self._macro(self._average_precisions(predictions)(draws))),
            "step_accuracy": None if tested.unit == "clip" else self._rate(steps),
            "edit": None,
            **{f"f1@{overlap}": None for overlap in OVERLAPS},
            "event_recall": None,
            "ece": self._figure(_calibration_error(tested, predictions)),
        }
        if tested.unit == "sample" and tested.segments_known:
            found = [_video_metrics(v.truth, own) for v, own in zip(tested.videos, predictions.segments, strict=True)]
            figures |= {name: self._mean(np.array([one[name] for one in found])) for name in found[0]}
        if tested.unit == "sample":
            events, hits = self._events(predictions)
            figures["event_recall"] = self._ratio(hits.sum(axis=1), events.sum(axis=1))
        return figures

    def per_label(self, predictions: Predictions) -> tuple[LabelFigures, ...]:
        """The figures of each label that holds or was predicted somewhere."""
        tested = self._tested
        right, true, predicted = _counts(tested, predictions.decided)
        occurring = np.flatnonzero((self._once @ (true + predicted))[0] > 0)
        precisions, recalls = self._columns(_ratios(right, predicted)), self._columns(_ratios(right, true))
        f1 = self._columns(self._f1(predictions))
        average = self._columns(self._average_precisions(predictions))
        events, hits = self._events(predictions) if tested.unit == "sample" else (None, None)
        support = (self._once @ true)[0].astype(int).tolist()
        return tuple(
            LabelFigures(
                label=tested.labels[number],
                support=support[number],
                precision=precisions[number],
                recall=recalls[number],
                f1=f1[number],
                average_precision=average[number],
                event_recall=None
                if events is None or hits is None or number == tested.background
                else self._ratio(hits[:, number], events[:, number]),
            )
            for number in occurring.tolist()
        )

    def _rate(self, right: Booleans) -> Figure | None:
        """Share of the known rows."""
        rows = _sums(self._tested, np.ones((len(right), 1)))
        return self._ratio(_sums(self._tested, right[:, None])[:, 0], rows[:, 0])

    def _ratio(self, parts: Numbers, wholes: Numbers) -> Figure | None:
        """Ratio of two sums over videos, from (V,) each."""
        return self._figure(lambda draws: _ratios(parts[:, None], wholes[:, None])(draws)[:, 0])

    def _mean(self, values: Numbers) -> Figure | None:
        """Mean of one figure of each video, (V,)."""
        return self._ratio(values, np.ones_like(values))

    def _figure(self, statistic: Statistic) -> Figure | None:
        drawn = None if self._draws is None else statistic(self._draws)
        return _as_figure(float(statistic(self._once)[0]), drawn)

    def _columns(self, statistic: Statistic) -> list[Figure | None]:
        """A figure for each label."""
        values = statistic(self._once)[0].tolist()
        drawn = None if self._draws is None else statistic(self._draws)
        return [_as_figure(value, None if drawn is None else drawn[:, n]) for n, value in enumerate(values)]

    def _macro(self, values: Numbers) -> Numbers:
        """The mean over the labels with a figure, without background: (B, C) to (B,)."""
        own = values[:, self._shown]
        defined = ~np.isnan(own)
        return _divided(np.where(defined, own, 0).sum(axis=1), defined.sum(axis=1).astype(np.float64))

    def _f1(self, predictions: Predictions) -> Statistic:
        right, true, predicted = _counts(self._tested, predictions.decided)
        return lambda draws: _divided(2 * draws @ right, draws @ (true + predicted))

    def _average_precisions(self, predictions: Predictions) -> Statistic:
        tested = self._tested
        rows = np.flatnonzero(tested.known)
        videos, targets, scores = (
            tested.video_of_row[rows],
            tested.targets[rows],
            predictions.scores[rows].astype(np.float64),
        )

        def of_labels(draws: Numbers) -> Numbers:
            """(B, V) draws to (B, C) average precisions; NaN for labels that never hold."""
            figures = np.full((len(draws), len(tested.labels)), np.nan)
            for label in np.flatnonzero(targets.any(axis=0)).tolist():
                figures[:, label] = _average_precision(draws, videos, targets[:, label], scores[:, label])
            return figures

        return of_labels

    def _events(self, predictions: Predictions) -> tuple[Numbers, Numbers]:
        """True events and those found, (V, C) each; none of background."""
        tested = self._tested
        events, hits = (np.zeros((len(tested.videos), len(tested.labels))) for _ in range(2))
        for place, (video, own) in enumerate(zip(tested.videos, predictions.segments, strict=True)):
            for label in {segment.label for segment in video.truth}:
                truth, predicted = {"": video.truth}, {"": own}
                recall = event_recall(truth, predicted, label=label, tolerance_s=self._tolerance_s)
                number = tested.labels.index(label)
                events[place, number], hits[place, number] = recall.events, recall.found
        return events, hits


def confusion(tested: GroundTruth, predictions: Predictions) -> Confusion | None:
    """How often which label was taken for which, of the known rows; None where several may hold at once."""
    targets, decided = tested.targets[tested.known], predictions.decided[tested.known]
    if tested.single:
        true, predicted = targets.argmax(axis=1), decided.argmax(axis=1)
        names = tested.labels
        kept = np.union1d(true, predicted)
    elif len(tested.labels) == 1:
        true, predicted = targets[:, 0].astype(np.int64), decided[:, 0].astype(np.int64)
        names = (f"not {tested.labels[0]}", tested.labels[0])
        kept = np.arange(2)
    else:
        return None
    counts = confusion_matrix(np.searchsorted(kept, true), np.searchsorted(kept, predicted), len(kept))
    return Confusion(tuple(names[number] for number in kept), counts)


def top_probabilities(tested: GroundTruth, predictions: Predictions) -> tuple[Numbers, Booleans, npt.NDArray[np.intp]]:
    """How sure the predictions are, whether they are right, and of which video: (N,) each.

    Of the best label, where one holds at a time; else each label is a question of its own with the answers no and yes.
    """
    scores = predictions.scores[tested.known].astype(np.float64)
    targets, videos = tested.targets[tested.known], tested.video_of_row[tested.known]
    if tested.single:
        return scores.max(axis=1), targets[np.arange(len(targets)), scores.argmax(axis=1)], videos
    yes = scores > 0.5
    sure, right = np.where(yes, scores, 1 - scores), yes == targets
    return sure.ravel(), right.ravel(), np.repeat(videos, scores.shape[1])


def _calibration_error(tested: GroundTruth, predictions: Predictions) -> Statistic:
    sure, right, videos = top_probabilities(tested, predictions)
    gaps = np.zeros((len(tested.videos), BINS))
    np.add.at(gaps, (videos, calibration_bins(sure)), right - sure)
    items = np.bincount(videos, minlength=len(tested.videos)).astype(np.float64)
    return lambda draws: _divided(np.abs(draws @ gaps).sum(axis=1), draws @ items)


def _right_rows(tested: GroundTruth, decided: Booleans) -> Booleans:
    """(R,) whether exactly what holds was predicted."""
    right: Booleans = (decided == tested.targets).all(axis=1)
    return right


def _held(tested: GroundTruth, predictions: Predictions) -> Booleans:
    """(R, C) what holds at each sample by the segments."""
    held = np.zeros_like(predictions.decided)
    starts = np.searchsorted(tested.video_of_row, np.arange(len(tested.videos)))
    for start, video, own in zip(starts.tolist(), tested.videos, predictions.segments, strict=True):
        for segment in own:
            # Segments are given to the millisecond: a sample at 1.0001 s begins one of 1.000 s.
            first, last = np.searchsorted(video.times, [segment.start - 5e-4, segment.end - 5e-4])
            held[start + first : start + last, tested.labels.index(segment.label)] = True
    if tested.background is not None:
        held[:, tested.background] = ~held.any(axis=1)
    return held


def _counts(tested: GroundTruth, decided: Booleans) -> tuple[Numbers, Numbers, Numbers]:
    """Rows of each video where a label was rightly predicted, holds, was predicted: (V, C) each."""
    return tuple(_sums(tested, rows) for rows in (decided & tested.targets, tested.targets, decided))  # type: ignore[return-value]


def _sums(tested: GroundTruth, rows: npt.NDArray[np.bool_] | Numbers) -> Numbers:
    """Sums over the known rows of each video: (R, K) to (V, K)."""
    sums = np.zeros((len(tested.videos), rows.shape[1]))
    np.add.at(sums, tested.video_of_row[tested.known], rows[tested.known].astype(np.float64))
    return sums


def _ratios(parts: Numbers, wholes: Numbers) -> Statistic:
    return lambda draws: _divided(draws @ parts, draws @ wholes)


def _divided(parts: Numbers, wholes: Numbers) -> Numbers:
    quotients = np.full(parts.shape, np.nan)
    np.divide(parts, wholes, out=quotients, where=wholes > 0)
    return quotients


def _average_precision(draws: Numbers, videos: npt.NDArray[np.intp], truth: Booleans, scores: Numbers) -> Numbers:
    """Average precision with each row weighted by the draws of its video: (B, V) to (B,)."""
    order = np.argsort(-scores, kind="stable")
    last_of_equals = np.append(np.diff(scores[order]) != 0, True)
    figures = [
        _average_precision_of(drawn[:, videos[order]], truth[order], last_of_equals)
        for drawn in _chunks(draws, max(1, _DRAWN_AT_ONCE // max(1, len(scores))))
    ]
    return np.concatenate(figures)


def _average_precision_of(weights: Numbers, truth: Booleans, last_of_equals: Booleans) -> Numbers:
    found = np.cumsum(weights * truth, axis=1)[:, last_of_equals]
    taken = np.cumsum(weights, axis=1)[:, last_of_equals]
    steps = np.diff(found, prepend=0, axis=1)
    return _divided((steps * np.nan_to_num(_divided(found, taken))).sum(axis=1), found[:, -1])


def _chunks(draws: Numbers, size: int) -> Iterator[Numbers]:
    for start in range(0, len(draws), size):
        yield draws[start : start + size]


def _video_metrics(truth: Sequence[Segment], predicted: Sequence[Segment]) -> dict[str, float]:
    found = segment_metrics({"": truth}, {"": predicted}, background=None, averaging="per video")
    return {"edit": found.edit / 100, **{f"f1@{overlap}": found.f1[overlap] / 100 for overlap in OVERLAPS}}


def _as_figure(value: float, drawn: Numbers | None) -> Figure | None:
    if np.isnan(value):
        return None
    if drawn is None or np.isnan(drawn).all():
        return Figure(value, None, None)
    interval = percentile_interval(drawn)
    return Figure(value, interval.low, interval.high)
