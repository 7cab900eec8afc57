"""Targets: what a model should predict for each sample of an example.

T samples in time, C classes of the training set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidlabel.training.dataset.examples import BACKGROUND, Example, Span, TrainingSet


@dataclass(frozen=True, slots=True, eq=False)
class FrameTargets:
    """What holds at each sample."""

    values: npt.NDArray[np.float32]
    """(T, C): 1 where a class holds, 0 where it does not. In single-label tasks one class of each known sample is 1."""
    mask: npt.NDArray[np.float32]
    """(T,): 1 where this is known, 0 where nobody looked or the sample lies outside the clip."""


def frame_targets(training_set: TrainingSet, example: Example, times: npt.NDArray[np.float64]) -> FrameTargets:
    """The targets of samples.

    A row holds at the samples from its start to before its end; one too short to hold any takes the nearest sample. In
    single-label tasks the later of two rows that overlap by a rounding error counts.

    Args:
        training_set: that the example is part of.
        example: labelled as a whole, by times, or both.
        times: (T,) seconds, ascending; those before 0 or after the end of the example are masked out.
    """
    values = np.zeros((len(times), len(training_set.labels)), np.float32)
    known = np.full(len(times), bool(example.clip_labels) or training_set.unlabelled == "background")
    inside = (times >= 0) & (times <= example.duration_s)
    single = training_set.task == "single"
    if single and training_set.background is None and not example.clip_labels:
        known[:] = False  # Without a class for it, time without a row (a rounding error, then) teaches nothing.
    if training_set.background is not None and not example.clip_labels:
        values[:, training_set.background] = 1
    for label in example.clip_labels:
        _set(values, slice(None), training_set, label)
    for span in example.spans:
        samples = _samples_of(span, times, inside)
        known[samples] = True
        if single:
            values[samples] = 0
        _set(values, samples, training_set, span.label)
    known &= inside
    values[~known] = 0
    return FrameTargets(values, known.astype(np.float32))


def clip_targets(training_set: TrainingSet, example: Example) -> npt.NDArray[np.float32]:
    """What holds in an example as a whole, (C,).

    The labels of the whole video, where it has some; else all that hold at some time, and background where none does.
    """
    values = np.zeros((1, len(training_set.labels)), np.float32)
    for label in example.clip_labels or sorted(example.labels) or (BACKGROUND,):
        _set(values, slice(None), training_set, label)
    clip: npt.NDArray[np.float32] = values[0]
    return clip


def _set(
    values: npt.NDArray[np.float32],
    samples: slice | npt.NDArray[np.intp],
    training_set: TrainingSet,
    label: str,
) -> None:
    """Let a label hold; background without a class of its own means that all others are 0."""
    if label != BACKGROUND:
        values[samples, training_set.labels.index(label)] = 1
    elif training_set.background is not None:
        values[samples, training_set.background] = 1


def _samples_of(span: Span, times: npt.NDArray[np.float64], inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.intp]:
    within = np.flatnonzero(inside & (times >= span.start) & (times < span.end))
    candidates = np.flatnonzero(inside)
    if len(within) or not len(candidates):
        return within
    middle = (span.start + span.end) / 2
    return candidates[[np.abs(times[candidates] - middle).argmin()]]
