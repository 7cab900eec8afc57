"""Areas under the curves of deletion and insertion, of a head whose answer is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explain_curves import measure_areas, orders
from explanation.kept import keep, linear_model
from vidlabel.explanation.segment_score import LabelledSamples, SegmentScore

VALUES = np.array([0.0, 8, 0, 0, 0, 0, 0, 0, 0, 0], np.float32)


@pytest.fixture
def score(tmp_path: Path) -> SegmentScore:
    """Ten samples, of which the second alone speaks for the label: its probability is 1, that of the others 0.5."""
    return SegmentScore(keep(linear_model(tmp_path / "m", [1.0], bias=0.0), VALUES[:, None]), LabelledSamples(0, 0, 10))


def test_areas_are_those_of_the_steps(score: SegmentScore) -> None:
    # The mean probability is 0.55 with the second sample, 0.5 without. In steps of 5 %, of which every second takes a
    # sample, rounded to even: it is gone at the second of 20 steps, or at the last.
    best, worst = measure_areas(score, VALUES.astype(float)), measure_areas(score, -VALUES.astype(float))
    high = 0.45 + 0.1 / (1 + np.exp(-8))
    assert best.deletion == pytest.approx(0.5 + (high - 0.5) * 1.5 / 20)
    assert best.insertion == pytest.approx(0.5 + (high - 0.5) * 18.5 / 20)
    assert worst.deletion > best.deletion + 0.04
    assert worst.insertion < best.insertion - 0.04


def test_attributions_are_better_than_random_orders(score: SegmentScore) -> None:
    found = orders(score, 4.0, range(5))
    areas = {name: [measure_areas(score, values) for values in own] for name, own in found.items()}
    random = np.mean([one.deletion for one in areas["random"]])
    for name in ("integrated gradients", "occlusion, 1 sample"):
        assert areas[name][0].deletion < random
