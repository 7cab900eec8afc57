from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vidlabel.training.dataset.examples import Example, Span
from vidlabel.training.fitting.thresholds import HeldOutClip, best_minimum_durations, best_thresholds


def test_each_label_has_the_threshold_that_parts_its_scores() -> None:
    scores = np.array([[0.1, 0.62], [0.2, 0.66], [0.32, 0.9], [0.4, 0.95], [0.99, 0.01]], np.float32)
    targets = np.array([[0, 0], [0, 0], [1, 1], [1, 1], [0, 1]], np.float32)
    mask = np.array([1, 1, 1, 1, 0], np.float32)  # the last row would ask for other thresholds
    first, second = best_thresholds(scores, targets, mask)
    assert 0.2 < first <= 0.32
    assert 0.66 < second <= 0.9


def test_a_minimum_duration_takes_flickers_away() -> None:
    times = np.arange(200) / 10
    truth = (times >= 5) & (times < 9)
    flickers = (np.arange(200) % 40 == 5) | (np.arange(200) % 40 == 6)
    red = np.where(truth, 0.9, np.where(flickers, 0.8, 0.1)).astype(np.float32)
    example = Example("a.mp4", Path("a.mp4"), "a", 20.0, (), (Span(5.0, 9.0, "red"),))
    clip = HeldOutClip(example, times, np.stack([red, 1 - red], axis=1))
    assert best_minimum_durations([clip], ("red", "background"), (0.0, 0.0), "single", 1) == pytest.approx((0.4, 0.0))
    alone = HeldOutClip(example, times, red[:, None])
    assert best_minimum_durations([alone], ("red",), (0.5,), "binary", None) == pytest.approx((0.4,))
    steady = HeldOutClip(example, times, np.where(truth, 0.9, 0.1).astype(np.float32)[:, None])
    assert best_minimum_durations([steady], ("red",), (0.5,), "binary", None) == (0.0,)
