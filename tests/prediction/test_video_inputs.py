"""What a model takes of videos: refused where it cannot be had in the very way that the model file says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heads.example_specs import PUBLISHED_ENCODER, save_example, step_spec
from vidlabel.features.config import FeatureConfig
from vidlabel.heads.model import save_model
from vidlabel.heads.recurrent import build_head
from vidlabel.heads.spec import EncoderInfo, ModelSpec, TensorInfo, TunedEncoder
from vidlabel.prediction.video_inputs import feature_config, scaling_for, tuned_weights_in, video_problem, view_of
from vidlabel.tensor_files import tensor_digest

TENSORS = {"head.bias": np.arange(5, dtype=np.float32)}
SEEN = replace(step_spec().preprocessing, resize_filter="bicubic")
SPEC = replace(step_spec(), encoder=PUBLISHED_ENCODER, preprocessing=SEEN)
"""Takes `frames` of the published encoder, 6 numbers a sample at 4 samples a second."""
ELSEWHERE = replace(SPEC, encoder=EncoderInfo(name="unknown", sha256="0" * 64), streams=("features",))


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (SPEC, None),
        (replace(SPEC, preprocessing=replace(SEEN, mean=0.0, scale=255.0, crop="none", short_side=128)), None),
        (ELSEWHERE, "steps takes files of features made elsewhere, which cannot be computed from videos"),
        (
            replace(SPEC, encoder=EncoderInfo(name="efficientnet-b9", sha256="0" * 64)),
            "steps takes features of efficientnet-b9, an encoder that this version does not have",
        ),
        (
            replace(SPEC, encoder=replace(PUBLISHED_ENCODER, sha256="ab" * 32)),
            "steps takes features of efficientnet-lite0 with the weights abababab, and this version has those with "
            "57934424",
        ),
        (replace(SPEC, streams=("audio",)), "steps takes audio, which cannot be computed from videos"),
        (
            replace(SPEC, preprocessing=replace(SEEN, resize_filter="area")),
            "steps takes pictures scaled by the filter area, and this version has bicubic",
        ),
    ],
)
def test_videos_are_seen_as_the_model_says_or_not_at_all(spec: ModelSpec, problem: str | None) -> None:
    assert video_problem(spec) == problem
    scaling = scaling_for(spec)
    assert (scaling.mean, scaling.scale) == (spec.preprocessing.mean, spec.preprocessing.scale)


def test_asking_loads_no_torch() -> None:
    code = "import sys, vidlabel.prediction.video_inputs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_of_the_published_encoder_brings_no_weights(tmp_path: Path) -> None:
    assert tuned_weights_in(save_example(step_spec(), tmp_path / "m.safetensors")) is None


def test_a_model_that_was_tuned_brings_its_own(tmp_path: Path) -> None:
    tuned = TunedEncoder(blocks=2, sha256=tensor_digest(TENSORS), tensors=(TensorInfo(name="head.bias", shape=(5,)),))
    spec = replace(step_spec(), encoder=replace(step_spec().encoder, tuned=tuned))
    heads = [build_head(member.head) for member in spec.members]
    found = tuned_weights_in(save_model(spec, heads, None, tmp_path / "m.safetensors", TENSORS))
    assert found is not None
    assert (found.blocks, found.sha256) == (2, tuned.sha256)
    assert found.published_sha256 == "0123456789abcdef" * 4
    assert list(found.tensors) == ["head.bias"]
    np.testing.assert_array_equal(found.tensors["head.bias"], [0, 1, 2, 3, 4])


def test_features_are_made_as_the_model_says(tmp_path: Path) -> None:
    whole = replace(SEEN, mean=0.0, scale=255.0, crop="none", short_side=128)
    model = save_example(replace(SPEC, preprocessing=whole), tmp_path / "m.safetensors")
    made = feature_config(model, FeatureConfig(rate=9.0, short_side=64, lag_s=0.5, decoder="pyav", runtime="torch"))
    assert (made.encoder, made.tuned) == ("efficientnet-lite0", None)
    assert (made.rate, made.short_side, made.scaling.mean, made.scaling.scale) == (4.0, 128, 0.0, 255.0)
    assert (made.lag_s, made.decoder, made.runtime) == (0.5, "pyav", "torch")
    assert (view_of(model.spec), view_of(SPEC)) == ("whole", "centre")


def test_the_lag_is_that_of_a_model_with_motion(tmp_path: Path) -> None:
    model = save_example(replace(SPEC, streams=("motion",), lag_s=0.2), tmp_path / "m.safetensors")
    assert feature_config(model, FeatureConfig(lag_s=0.5)).lag_s == 0.2
