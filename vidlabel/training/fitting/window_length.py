"""How long the windows are that a model runs in."""

from __future__ import annotations

from statistics import median

from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.fitting.head_task import WindowLength
from vidlabel.training.fitting.tensors import is_whole

SPANS_PER_WINDOW = 4
"""Of the usual length of a label: enough to see what comes before and after."""
LEAST_SAMPLES = 32
MOST_SAMPLES = 256


def choose_window(gathered: FeatureDataset, rate: float) -> WindowLength:
    """The usual length of a clip that is labelled as a whole; where labels have times, several of their usual length.

    Args:
        gathered: what is learnt from.
        rate: samples per second.
    """
    if is_whole(gathered):
        return WindowLength(max(1, round(median(len(clip.times) for clip in gathered.features))), rate)
    spans = [span.end - span.start for example in gathered.training_set.examples for span in example.spans]
    samples = round(SPANS_PER_WINDOW * median(spans) * rate)
    return WindowLength(min(max(samples, LEAST_SAMPLES), MOST_SAMPLES), rate)
