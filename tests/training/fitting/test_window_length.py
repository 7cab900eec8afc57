"""How long windows are, for lengths of clips and of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training.learnable import RATE, clip, gathered
from vidlabel.training.dataset.examples import Span
from vidlabel.training.dataset.features import FeatureDataset
from vidlabel.training.fitting.window_length import choose_window


def of_clips(*samples: int) -> FeatureDataset:
    """Clips of so many samples, labelled as a whole."""
    clips = [clip(np.zeros((count, 6), np.float32), "red", number=n) for n, count in enumerate(samples)]
    return gathered(clips, ("red",))


def of_spans(*seconds: float) -> FeatureDataset:
    """A video with labels that last so long."""
    spans = tuple(Span(40.0 * number, 40.0 * number + length, "red") for number, length in enumerate(seconds))
    return gathered([clip(np.zeros((9, 6), np.float32), spans=spans)], ("red",), "binary", unlabelled="background")


def test_clips_give_their_usual_length() -> None:
    window = choose_window(of_clips(12, 40, 15), RATE)
    assert (window.samples, window.seconds) == (15, 3.75)
    assert choose_window(of_clips(1), RATE).samples == 1


@pytest.mark.parametrize(
    ("seconds", "samples"),
    [
        ((3.0, 2.5, 9.0), 48),  # four times the middle one, at 4 samples a second
        ((0.1, 0.2), 32),
        ((30.0,), 256),
    ],
)
def test_labels_with_times_give_four_of_their_usual_length_within_bounds(
    seconds: tuple[float, ...], samples: int
) -> None:
    window = choose_window(of_spans(*seconds), RATE)
    assert (window.samples, window.rate) == (samples, RATE)


def test_labels_of_all_videos_count() -> None:
    videos = of_spans(1.0, 20.0, 6.0)
    example = videos.training_set.examples[0]
    parts = tuple(replace(example, spans=(span,)) for span in example.spans)
    parted = FeatureDataset(replace(videos.training_set, examples=parts), videos.features * 3, videos.streams)
    assert choose_window(parted, RATE).samples == 96
