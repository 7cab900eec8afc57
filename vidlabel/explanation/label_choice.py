"""Which label of which model is explained, and over which samples.

T samples in time, C labels.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vidlabel.errors import InputError, UsageError
from vidlabel.explanation.kept_features import FeatureKeeper, KeptFeatures
from vidlabel.explanation.segment_score import LabelledSamples
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.scoring import make_scorer
from vidlabel.heads.spec import ModelSpec
from vidlabel.labels.result import Result, Segment
from vidlabel.prediction.model_labels import ROUNDING_S

MOST_SAMPLES = 1000
"""Samples of a segment that are explained; of a longer one, those in its middle or around the moment that is named."""
_MOST_NAMED = 10
"""Labels in a message."""
_PIECE = 1024
"""Samples that are scored at a time."""


@dataclass(frozen=True, slots=True)
class ExplainedLabel:
    """What the user wants to have explained.

    Raises:
        UsageError: two of them contradict each other, or one is not possible.
    """

    label: str | None = None
    """None: that of the segment; without one, the label with the highest score."""
    time: float | None = None
    """Seconds from the first presented frame."""
    segment: int | None = None
    """Number of the segment in the result, from 1."""

    def __post_init__(self) -> None:
        if self.time is not None and self.segment is not None:
            raise UsageError("--time", "contradicts --segment", "leave one of the two out")
        if self.time is not None and not 0 <= self.time < math.inf:
            raise UsageError("--time", f"{self.time:g} is not possible", "give seconds, 0 or more")
        if self.segment is not None and self.segment < 1:
            raise UsageError("--segment", f"{self.segment} is not possible", "give a whole number, 1 or more")


@dataclass(frozen=True, slots=True)
class ChosenLabel:
    """What is explained."""

    model: str
    """Name of the model."""
    samples: LabelledSamples
    segment: int | None
    """Number of the segment, from 1; None: a moment outside of segments."""
    start: float
    """Seconds from the first presented frame."""
    end: float
    whole: bool
    """Whether all samples of the segment are explained."""


def check_label(label: str | None, specs: Sequence[ModelSpec]) -> None:
    """Refuse a label that none of some models knows.

    Raises:
        UsageError: it is none.
    """
    known = list(dict.fromkeys(own for spec in specs for own in spec.shown_labels))
    if label is None or label in known:
        return
    near = difflib.get_close_matches(label, known, n=3)
    named = near or known[:_MOST_NAMED]
    more = f" and {len(known) - len(named)} more" if len(known) > len(named) else ""
    remedy = f"did you mean {', '.join(near)}?" if near else f"labels: {', '.join(named)}{more}"
    who = f"{specs[0].name} does not know" if len(specs) == 1 else "no model knows"
    raise UsageError("--label", f"{who} the label {label!r}", remedy)


def choose_label(wanted: ExplainedLabel, result: Result, kept: FeatureKeeper) -> ChosenLabel:
    """Find the segment or moment, and the label.

    Args:
        wanted: by the user; the label is one of a model that was asked for.
        result: of the video; with segments of `wanted.label` and others.
        kept: the features of all models of the result.

    Raises:
        UsageError: there is no such segment or moment, or its model does not know the label.
        InputError: nothing was named and no label holds, or the models that know the label did not label the video.
    """
    known = {label for model in kept.models() for label in model.spec.shown_labels}
    if wanted.label is not None and wanted.label not in known:
        problem = f"lacks the streams of the models that know the label {wanted.label!r}"
        raise InputError(result.video.path, problem, "name another label, or none")
    if wanted.segment is not None:
        return _numbered(wanted.segment, wanted, result, kept)
    if wanted.time is not None and wanted.time >= result.video.duration:
        problem = f"{wanted.time:g} s lies beyond the end of the video at {result.video.duration:.3f} s"
        raise UsageError("--time", problem, "give an earlier one")
    fitting = [
        (number, segment)
        for number, segment in enumerate(result.segments, 1)
        if wanted.label in (None, segment.label) and (wanted.time is None or segment.start <= wanted.time < segment.end)
    ]
    if fitting:
        number, _ = max(fitting, key=lambda found: found[1].score)
        return _numbered(number, wanted, result, kept)
    if wanted.time is None:
        what = "no label holds in it" if wanted.label is None else f"{wanted.label} holds nowhere in it"
        raise InputError(result.video.path, what, "name a moment with --time")
    return _moment(wanted.time, wanted.label, result, kept)


def _numbered(number: int, wanted: ExplainedLabel, result: Result, kept: FeatureKeeper) -> ChosenLabel:
    """The segment of a number, by the label that is wanted or its own."""
    count = len(result.segments)
    if number > count:
        found = "no segments were found" if count == 0 else f"{count} segments were found"
        remedy = "name a moment with --time" if count == 0 else f"give 1 to {count}"
        raise UsageError("--segment", f"{number} is not possible: {found}", remedy)
    segment = result.segments[number - 1]
    model = segment.model or result.models[0].name
    features, label = kept.of(model), wanted.label or segment.label
    check_label(label, [features.model.spec])
    start, stop = _samples_of(segment, features)
    low, high = _middle(start, stop, wanted.time, features)
    times = features.times
    return ChosenLabel(
        model,
        LabelledSamples(features.model.spec.labels.index(label), low, high),
        number,
        segment.start if low == start else float(times[low]),
        segment.end if high == stop else float(times[high]),
        whole=(low, high) == (start, stop),
    )


def _samples_of(segment: Segment, features: KeptFeatures) -> tuple[int, int]:
    """The samples of a segment; where it has none, as between holes, the one before it."""
    start, stop = np.searchsorted(features.times, [segment.start - ROUNDING_S, segment.end - ROUNDING_S]).tolist()
    return (start, stop) if start < stop else (max(0, start - 1), max(1, start))


def _middle(start: int, stop: int, time_s: float | None, features: KeptFeatures) -> tuple[int, int]:
    """The part of a segment that is explained."""
    if stop - start <= MOST_SAMPLES:
        return start, stop
    middle = (start + stop) // 2 if time_s is None else _sample_at(time_s, features)
    low = min(max(start, middle - MOST_SAMPLES // 2), stop - MOST_SAMPLES)
    return low, low + MOST_SAMPLES


def _sample_at(time_s: float, features: KeptFeatures) -> int:
    return max(0, int(np.searchsorted(features.times, time_s + ROUNDING_S)) - 1)


def _moment(time_s: float, label: str | None, result: Result, kept: FeatureKeeper) -> ChosenLabel:
    """The sample at a moment, by the label with the highest score there if none is wanted."""
    best: tuple[float, ChosenLabel] | None = None
    for model in kept.models():
        spec, features = model.spec, kept.of(model.spec.name)
        sample = _sample_at(time_s, features)
        names = [own for own in spec.shown_labels if label in (None, own)]
        start = float(features.times[sample])
        if not names or time_s - start > 2 / spec.rate:  # a stretch that could not be decoded
            continue
        places = [spec.labels.index(name) for name in names]
        scores = _scores_at(sample, features)[places]
        place = places[int(scores.argmax())]
        following = features.times[sample + 1 : sample + 2].tolist()
        end = following[0] if following else max(result.video.duration, start)
        chosen = ChosenLabel(spec.name, LabelledSamples(place, sample, sample + 1), None, start, end, whole=True)
        if best is None or scores.max() > best[0]:
            best = float(scores.max()), chosen
    if best is None:
        raise UsageError("--time", f"nothing of the video could be read at {time_s:g} s", "give another one")
    return best[1]


def _scores_at(sample: int, features: KeptFeatures) -> FloatArray:
    """(C,) scores of one sample."""
    scorer = make_scorer(features.model, None, [stream.name for stream in features.inputs.streams])
    count, given = len(features.times), 0
    for start in range(0, count, _PIECE):
        rows = scorer.push(features.raw(start, min(start + _PIECE, count)))
        if sample < given + len(rows):
            break
        given += len(rows)
    else:
        rows = scorer.finish()
    found: FloatArray = rows[sample - given]
    return found
