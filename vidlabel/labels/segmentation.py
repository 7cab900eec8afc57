"""Post-processing: scores per sample become segments, streaming.

Letters in shapes: T samples in time, C labels.

A sample holds from its time to the time of the next one, the last sample to the end of the video. A segment is a
longest stretch over which a label holds; its score is the mean of the label's scores at the samples where it holds. One
that is shorter than its label's minimum duration is left out. Holes, which are stretches that could not be decoded, are
cut out of the segments afterwards: no label may claim time that nobody has seen.

Segments do not depend on how the samples were cut into chunks. Memory: the segments and a few numbers per label.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from vidlabel.labels.result import Segment

NOTHING = -1
"""Stands for "no label" among the label indices."""

ROUNDING_S = 1e-6
"""A segment may fall short of its minimum by this: 2.3 - 1.3 is 0.9999999999999998 in binary."""

TIME_DECIMALS = 3
"""Segments are given to the millisecond, so that Python, JSON and CSV tell the same times."""


class SegmentBuilder(ABC):
    """Turns samples, fed in order of time, into segments.

    Args:
        labels: the C label names, in the order of the score columns.
        thresholds: C scores at and above which a label may hold.
        minimum_durations_s: C seconds; shorter segments are left out.
        background: index of the label that means "nothing happens"; it competes like the others and is never shown.

    Raises:
        ValueError: the lengths differ, or a number lies outside its range.
    """

    def __init__(
        self,
        labels: Sequence[str],
        thresholds: Sequence[float],
        minimum_durations_s: Sequence[float],
        *,
        background: int | None = None,
    ) -> None:
        if not len(labels) == len(thresholds) == len(minimum_durations_s):
            lengths = f"{len(labels)}, {len(thresholds)}, {len(minimum_durations_s)}"
            raise ValueError(f"labels, thresholds and minimum durations differ in number: {lengths}")
        if background is not None and not 0 <= background < len(labels):
            raise ValueError(f"there is no label {background} for the background")
        self._labels = tuple(labels)
        self._thresholds = np.asarray(thresholds, dtype=np.float64)
        self._minimum_durations_s = tuple(minimum_durations_s)
        self._background = NOTHING if background is None else background
        self._latest_s = float("-inf")
        self._segments: list[Segment] = []

    def push(self, times: npt.ArrayLike, scores: npt.ArrayLike) -> None:
        """Take the next samples.

        Args:
            times: (T,) seconds from the first presented frame, increasing within and across calls.
            scores: (T, C) calibrated probabilities.

        Raises:
            ValueError: the shapes do not fit, the times do not increase, or a number is not finite.
        """
        sample_times = np.asarray(times, dtype=np.float64)
        sample_scores = np.asarray(scores, dtype=np.float64)
        if sample_times.ndim != 1 or sample_scores.shape != (len(sample_times), len(self._labels)):
            raise ValueError(f"times {sample_times.shape} and scores {sample_scores.shape} do not fit each other")
        if not (np.isfinite(sample_times).all() and np.isfinite(sample_scores).all()):
            raise ValueError("times and scores must be finite")
        if (np.diff(sample_times, prepend=self._latest_s) <= 0).any():
            raise ValueError("times must increase from sample to sample")
        for time_s, row in zip(sample_times.tolist(), sample_scores, strict=True):
            self._take(time_s, row)
            self._latest_s = time_s

    def finish(self, end_s: float, holes: Sequence[tuple[float, float]] = ()) -> tuple[Segment, ...]:
        """Close what is open and give the segments.

        Args:
            end_s: seconds from the first presented frame to the end of the video; the last sample holds to there.
            holes: (start, end) in seconds of stretches that could not be decoded, in order, not overlapping; they are
                cut out of the segments.

        Returns:
            The segments by start, then end, then label.
        """
        self._close(max(end_s, self._latest_s))
        found = sorted(self._segments, key=lambda segment: (segment.start, segment.end, segment.label))
        return cut_holes(found, holes)

    @abstractmethod
    def _take(self, time_s: float, scores: npt.NDArray[np.float64]) -> None:
        """Go on with one sample; `scores` is (C,)."""

    @abstractmethod
    def _close(self, end_s: float) -> None:
        """End everything that is open."""

    def _is_long_enough(self, label: int, start_s: float, end_s: float) -> bool:
        return label == NOTHING or end_s - start_s >= self._minimum_durations_s[label] - ROUNDING_S

    def _emit(self, label: int, start_s: float, end_s: float, mean_score: float) -> None:
        """Add a segment, unless it is hidden, too short, or gone when rounded."""
        if label in (NOTHING, self._background) or not self._is_long_enough(label, start_s, end_s):
            return
        start, end = round(start_s, TIME_DECIMALS), round(end_s, TIME_DECIMALS)
        if start < end:
            # Probabilities that were averaged in single precision may end a hair above 1.
            self._segments.append(Segment(start, end, self._labels[label], min(max(mean_score, 0.0), 1.0)))


@dataclass(slots=True)
class _Stretch:
    """Samples in a row with the same best label."""

    label: int
    start_s: float
    score_sum: float = 0.0
    samples: int = 0


class SingleLabelBuilder(SegmentBuilder):
    """Segments that do not overlap: at each sample the best label, if its score reaches its threshold.

    The first of equal scores is the best. A flicker, that is a label which holds for less than its own minimum
    duration, does not interrupt another one which has held for its minimum and holds again right after: the segment
    goes on. So it does over a flicker of the background, if that has a minimum duration. Time below the threshold
    always interrupts.
    """

    _run: _Stretch | None = None
    _before: _Stretch | None = None  # the run that ended where `_run` starts

    def _take(self, time_s: float, scores: npt.NDArray[np.float64]) -> None:
        best = int(scores.argmax())
        label = best if scores[best] >= self._thresholds[best] else NOTHING
        if self._run is None:
            self._run = _Stretch(label, time_s)
        elif self._run.label != label:
            self._run = self._turn(self._run, label, time_s)
        self._run.score_sum += float(scores[best])
        self._run.samples += 1

    def _turn(self, run: _Stretch, label: int, time_s: float) -> _Stretch:
        """The run to go on with when `label` takes over from `run` at this time."""
        before = self._before
        if before is not None:
            held = self._is_long_enough(before.label, before.start_s, run.start_s)
            if held and before.label == label and not self._is_long_enough(run.label, run.start_s, time_s):
                self._before = None
                return before
            self._emit_run(before, run.start_s)
        self._before = run
        return _Stretch(label, time_s)

    def _close(self, end_s: float) -> None:
        if self._run is not None:
            if self._before is not None:
                self._emit_run(self._before, self._run.start_s)
            self._emit_run(self._run, end_s)
        self._run = self._before = None

    def _emit_run(self, run: _Stretch, end_s: float) -> None:
        self._emit(run.label, run.start_s, end_s, run.score_sum / run.samples)


class MultiLabelBuilder(SegmentBuilder):
    """Segments of each label on its own: it holds at a sample if its score reaches its threshold.

    Args:
        labels: the C label names, in the order of the score columns.
        thresholds: C scores at and above which a label begins to hold.
        minimum_durations_s: C seconds; shorter segments are left out, once gaps are closed.
        background: index of the label that is never shown.
        staying_thresholds: C scores, none above its threshold, at and above which a label that holds goes on to hold;
            None: the thresholds.
        closed_gaps_s: C seconds; segments of a label that are not further apart are one. None: 0.

    Raises:
        ValueError: the lengths differ, or a number lies outside its range.
    """

    def __init__(
        self,
        labels: Sequence[str],
        thresholds: Sequence[float],
        minimum_durations_s: Sequence[float],
        *,
        background: int | None = None,
        staying_thresholds: Sequence[float] | None = None,
        closed_gaps_s: Sequence[float] | None = None,
    ) -> None:
        super().__init__(labels, thresholds, minimum_durations_s, background=background)
        self._staying = self._thresholds if staying_thresholds is None else np.asarray(staying_thresholds, np.float64)
        self._gaps_s = np.zeros(len(labels)) if closed_gaps_s is None else np.asarray(closed_gaps_s, np.float64)
        if not len(labels) == len(self._staying) == len(self._gaps_s):
            lengths = f"{len(labels)}, {len(self._staying)}, {len(self._gaps_s)}"
            raise ValueError(f"labels, staying thresholds and closed gaps differ in number: {lengths}")
        if (self._staying > self._thresholds).any():
            raise ValueError("a staying threshold lies above the threshold")
        self._open = np.zeros(len(labels), dtype=np.bool_)
        self._start_s = np.zeros(len(labels))
        self._end_s = np.full(len(labels), -np.inf)  # of the last stretch that is not open
        self._score_sum = np.zeros(len(labels))
        self._samples = np.zeros(len(labels))

    def _take(self, time_s: float, scores: npt.NDArray[np.float64]) -> None:
        holds = scores >= np.where(self._open, self._staying, self._thresholds)
        self._end_s[self._open & ~holds] = time_s
        begins = holds & ~self._open
        anew = begins & (time_s - self._end_s > self._gaps_s + ROUNDING_S)
        self._emit_ended(anew & (self._samples > 0))
        self._start_s[anew] = time_s
        self._open = holds
        self._score_sum += scores * holds
        self._samples += holds

    def _close(self, end_s: float) -> None:
        self._end_s[self._open] = end_s
        self._emit_ended(self._samples > 0)
        self._open = np.zeros_like(self._open)

    def _emit_ended(self, ended: npt.NDArray[np.bool_]) -> None:
        for label in np.flatnonzero(ended).tolist():
            mean_score = float(self._score_sum[label] / self._samples[label])
            self._emit(label, float(self._start_s[label]), float(self._end_s[label]), mean_score)
            self._score_sum[label] = self._samples[label] = 0.0


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


def keep_top(segments: Sequence[Segment], count: int) -> tuple[Segment, ...]:
    """The segments of the labels that hold the most time.

    Args:
        segments: of one video.
        count: how many labels to keep. Equal times are decided by the higher mean score over that time, then by name.

    Returns:
        The segments of the kept labels, in the order given.

    Raises:
        ValueError: `count` is below 1.
    """
    if count < 1:
        raise ValueError(f"at least 1 label must be kept, not {count}")

    held_ms: dict[str, int] = {}
    weighted: dict[str, float] = {}
    for segment in segments:
        # Whole milliseconds: three times 0.1 s is a tie with 0.3 s.
        duration_ms = round((segment.end - segment.start) * 1000)
        held_ms[segment.label] = held_ms.get(segment.label, 0) + duration_ms
        weighted[segment.label] = weighted.get(segment.label, 0.0) + duration_ms * segment.score
    ranked = sorted(held_ms, key=lambda label: (-held_ms[label], -weighted[label], label))
    kept = set(ranked[:count])
    return tuple(segment for segment in segments if segment.label in kept)
