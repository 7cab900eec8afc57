"""Features are given back as they came, from memory or from the disk."""

from __future__ import annotations

import errno
import io
import tempfile
from pathlib import Path

import numpy as np
import pytest

from explanation.kept import linear_model, random_features
from vidlabel.errors import OutputError
from vidlabel.explanation import kept_features
from vidlabel.explanation.kept_features import FeatureKeeper


@pytest.mark.parametrize("most_in_memory", [1 << 20, 100])
def test_all_are_given_back(tmp_path: Path, most_in_memory: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_features, "MOST_IN_MEMORY", most_in_memory)
    model = linear_model(tmp_path / "m.safetensors", [1.0] * 5)
    features = random_features(model, 90)
    with FeatureKeeper() as keeper:
        for start in range(0, 90, 20):
            times = np.arange(start, min(start + 20, 90)) / 4
            keeper.take(model, ["features"], times, features[start : start + 20])
        kept = keeper.of("linear")
        np.testing.assert_array_equal(kept.times, np.arange(90) / 4)
        np.testing.assert_array_equal(kept.raw(0, 90), features)
        np.testing.assert_array_equal(kept.raw(17, 63), features[17:63])
        assert keeper.models() == [model]


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda size: Full())
    model = linear_model(tmp_path / "m.safetensors", [1.0])
    with (
        FeatureKeeper() as keeper,
        pytest.raises(OutputError, match=r"cannot hold the features of the video .No space left"),
    ):
        keeper.take(model, ["features"], np.zeros(1), np.zeros((1, 1), np.float32))
