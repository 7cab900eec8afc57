"""What explaining a label gives: the data behind `explanation.json`, the pictures beside it and the summary.

T samples in time that can influence the label's score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from vidlabel.labels.result import ModelInfo, VideoInfo

SCHEMA = "vidlabel.explanation/1"

MOST_PLACES = 5
"""Pieces of evidence at most that are looked for in the pictures, the sound and the text of each stream."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the evidence of one stream lies at one time."""

    stream: str
    time_s: float
    """Seconds from the first presented frame."""
    kind: Literal["heat_map", "people", "spectrogram", "text"]
    file: str | None
    """Name of the picture beside `explanation.json`; None where there is none to be drawn."""
    summary: str
    """One line for a person."""
    details: object
    """A frozen dataclass of what was measured, which has a form in JSON."""


@dataclass(frozen=True, slots=True)
class StreamContribution:
    """What a stream adds to the log-odds of the label: its Shapley value."""

    stream: str
    log_odds: float
    """All streams together give the log-odds less those of the baseline."""
    share: float
    """Share of what streams add that speak for the label, 0 to 1; 0 for one that speaks against it."""


@dataclass(frozen=True, slots=True, eq=False)
class Occlusion:
    """What is lost when a stretch of features is replaced by the mean of its neighbours."""

    stream: str | None
    """The stream that is replaced; None: all of them."""
    width: int
    """Samples in the stretch, whose middle is each sample in turn."""
    score: Floats
    """(T,) score less that without the stretch."""
    log_odds: Floats
    """(T,) log-odds less those without the stretch."""


@dataclass(frozen=True, slots=True, eq=False)
class IntegratedGradients:
    """What each sample of each stream adds to the log-odds, along the straight path from the baseline."""

    path_steps: int
    """Points of the path at which gradients were computed."""
    difference: float
    """Log-odds less those of the baseline, which the attributions are to sum to."""
    streams: Mapping[str, Floats]
    """(T,) attributions of each stream."""

    @property
    def samples(self) -> Floats:
        """(T,) of all streams together."""
        together: Floats = np.stack(list(self.streams.values())).sum(axis=0)
        return together

    @property
    def relative_gap(self) -> float:
        """How far the sum of the attributions lies from the difference, over the latter (or 1e-3 if that is less)."""
        return abs(float(self.samples.sum()) - self.difference) / max(abs(self.difference), 1e-3)


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """Why a model gives a label to a segment, or to a moment."""

    video: VideoInfo
    model: ModelInfo
    label: str
    segment: int | None
    """Number of the segment among those of the result, from 1; None for a moment outside of segments."""
    start: float
    """Seconds from the first presented frame."""
    end: float
    """The samples from `start` to before `end` are explained."""
    score: float
    """Mean calibrated probability of the label over these samples."""
    log_odds: float
    """Mean of the log-odds of these probabilities: what is shared out among samples and streams."""
    baseline_score: float
    """The same of features that say nothing: the mean that the model normalises by, or 0 where it has none."""
    baseline_log_odds: float
    times: Floats
    """(T,) seconds of the samples that can influence the score, as far as they were looked at."""
    earlier_log_odds: float
    """What the state carries that was made by still earlier samples: the log-odds less those from an empty state."""
    streams: tuple[StreamContribution, ...]
    """Of those streams of the model that the video has."""
    gradients: IntegratedGradients
    occlusions: tuple[Occlusion, ...]
    peak: tuple[float, float]
    """(start, end) in seconds of the shortest stretch that holds half of what speaks for the label."""
    evidence: tuple[Evidence, ...] = ()
