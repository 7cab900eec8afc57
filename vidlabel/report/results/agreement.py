"""How far the labels of models agree with those of people: F1 at an overlap, and Cohen's kappa."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from vidlabel.labels.metrics.kappa import Decision, cohens_kappa, confused_time
from vidlabel.labels.metrics.segments import OVERLAPS, Counts, matched_counts
from vidlabel.report.results.content import LabelTrack, ReportVideo


@dataclass(slots=True)
class Agreement:
    """Agreement of one model with the truth, over one video or several."""

    track: str
    videos: int = 0
    labels: set[str] = field(default_factory=set)
    """Those that were compared: the annotation file uses them, and the model knows them."""
    left_out: int = 0
    """Segments on either side with other labels: nobody looked for those, or the model could not find them."""
    counts: dict[int, Counts] = field(default_factory=lambda: dict.fromkeys(OVERLAPS, Counts(0, 0, 0)))
    """Segments found, invented and missed, by the percent of overlap."""
    confused: Counter[tuple[Decision, Decision]] = field(default_factory=Counter)
    """Milliseconds by what was true and what was predicted."""

    def add(self, other: Agreement) -> None:
        """Add another video."""
        self.videos += other.videos
        self.labels |= other.labels
        self.left_out += other.left_out
        self.counts = {overlap: _sum(counts, other.counts[overlap]) for overlap, counts in self.counts.items()}
        self.confused.update(other.confused)

    @property
    def f1(self) -> Mapping[int, float]:
        """Percent, by the percent of overlap, all segments pooled."""
        return {overlap: counts.f1 for overlap, counts in self.counts.items()}

    @property
    def kappa(self) -> float | None:
        """None where there is nothing that could be agreed on beyond chance."""
        kappa = cohens_kappa(self.confused)
        return None if math.isnan(kappa) else kappa


def agreements(video: ReportVideo, labels: frozenset[str]) -> list[Agreement]:
    """The agreement of each model with the truth of a video.

    Args:
        video: with truth, or none is given.
        labels: those of the annotation file.

    Returns:
        One a track.
    """
    if video.truth is None:
        return []
    return [_compared(video, track, labels) for track in video.tracks]


def overall_agreements(videos: Iterable[ReportVideo], labels: frozenset[str]) -> list[Agreement]:
    """The agreement of each model with the truth of all videos that have one, in the order of the tracks.

    A model that knows none of the labels of the annotation file is left out: it answers other questions.
    """
    found: dict[str, Agreement] = {}
    for video in videos:
        for own in agreements(video, labels):
            found.setdefault(own.track, Agreement(own.track)).add(own)
    return [one for one in found.values() if one.labels]


def _compared(video: ReportVideo, track: LabelTrack, labels: frozenset[str]) -> Agreement:
    spans = () if video.truth is None else video.truth.spans
    common = labels if track.labels is None else labels & track.labels
    truth = [span.segment() for span in spans if span.label in common]
    predicted = [span.segment() for span in track.spans if span.label in common]
    return Agreement(
        track=track.name,
        videos=1,
        labels=set(common),
        left_out=len(spans) - len(truth) + len(track.spans) - len(predicted),
        counts=dict(matched_counts(truth, predicted, background=None)),
        confused=confused_time(truth, predicted, video.duration or 0.0),
    )


def _sum(first: Counts, second: Counts) -> Counts:
    return Counts(
        first.true_positives + second.true_positives,
        first.false_positives + second.false_positives,
        first.false_negatives + second.false_negatives,
    )
