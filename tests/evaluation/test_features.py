"""Features for a model that was trained elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heads.example_specs import PUBLISHED_ENCODER, pooled_spec, save_example, step_spec
from training.sets import example, read, training_set, write_features
from vidlabel.errors import UsageError
from vidlabel.evaluation.features import gather_for_model
from vidlabel.training.features import FeatureOptions
from vidlabel.training.train import SilentTrainListener

ROWS = "a.npz,,,fight\nb.npz,,,shout\nc.npz,,,fight\nd.npz,,,shout\n"


def test_files_of_the_right_width_are_taken_with_the_streams_of_the_model(tmp_path: Path) -> None:
    model = save_example(replace(pooled_spec(), feature_size=10, rate=2.0), tmp_path / "m.safetensors")
    found = gather_for_model(model, read(tmp_path, ROWS), FeatureOptions(), SilentTrainListener())
    assert found.streams == ("frames", "motion")
    stored = np.load(write_features(tmp_path / "other" / "b.npz"))["features"]
    np.testing.assert_array_equal(found.features[1].views[0], stored)


def test_files_of_another_width_are_refused(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match="these files hold 10 numbers a sample, and steps takes 6"):
        gather_for_model(model, read(tmp_path, ROWS), FeatureOptions(), SilentTrainListener())


def test_streams_that_no_video_has_are_refused(tmp_path: Path) -> None:
    model = save_example(
        replace(step_spec(), encoder=PUBLISHED_ENCODER, streams=("audio",)), tmp_path / "m.safetensors"
    )
    videos = training_set(example("a.mp4", clip=("walk",)), labels=("walk",))
    with pytest.raises(UsageError, match="takes audio, which cannot be computed from videos"):
        gather_for_model(model, videos, FeatureOptions(), SilentTrainListener())
