"""What streams cost: measured for each encoder that is tried."""

from __future__ import annotations

import numpy as np
import pytest

from training.learnable import WIDTH, clip, feature_dataset
from vidlabel.training.feature_options import FeatureOptions
from vidlabel.training.search import cost
from vidlabel.training.search.cost import measure_streams


def test_the_encoder_of_pictures_costs_no_other_stream_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([(0.1, 0.01), (0.3, 0.05), (0.2, 0.04)])
    monkeypatch.setattr(cost, "_measured", lambda *_: next(measured))
    values = clip(np.zeros((4, 2 * WIDTH), np.float32), "left")
    dataset = feature_dataset([values], ("left",), streams=("frames", "pose"))
    costs = measure_streams(dataset, {"small": FeatureOptions(), "large": FeatureOptions()})
    assert costs.cpu(["frames"], "small", 8.0) == pytest.approx(0.3 + 8 * 0.01)
    assert costs.cpu(["frames"], "large", 8.0) == pytest.approx(0.3 + 8 * 0.05)
    assert costs.cpu(["pose"], "small", 8.0) == costs.cpu(["pose"], "large", 8.0) == pytest.approx(0.3 + 8 * 0.04)
