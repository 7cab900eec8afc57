"""What a model takes of files of features: refused where they were made in another way than the model file says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.origins import ORIGIN, SETTINGS
from heads.example_specs import PUBLISHED_ENCODER, step_spec
from vidlabel.errors import InputError
from vidlabel.features.feature_file import write_feature_file
from vidlabel.heads.spec import EncoderInfo, ModelSpec
from vidlabel.prediction.feature_inputs import read_for_model

SEEN = replace(step_spec().preprocessing, resize_filter="bicubic")
SPEC = replace(step_spec(), encoder=PUBLISHED_ENCODER, preprocessing=SEEN)
"""Takes `frames` of the published encoder, 6 numbers a sample at 4 samples a second."""
ELSEWHERE = replace(SPEC, encoder=EncoderInfo(name="unknown", sha256="0" * 64), streams=("features",))
OWN = replace(SETTINGS, encoder_sha256=PUBLISHED_ENCODER.sha256)
TIMES = np.arange(12) / 4
VALUES = np.random.default_rng(0).normal(size=(12, 12)).astype(np.float32)


def test_the_streams_of_the_model_are_taken_out_of_a_file(tmp_path: Path) -> None:
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES, replace(ORIGIN, settings=OWN))
    found = read_for_model(SPEC, tmp_path / "a.npz")
    assert found.values.tolist() == VALUES[:, :6].tolist()
    motion = replace(SPEC, streams=("motion",), lag_s=0.1)
    assert read_for_model(motion, tmp_path / "a.npz").values.tolist() == VALUES[:, 6:].tolist()
    turned = replace(SPEC, streams=("motion", "frames"), lag_s=0.1, feature_size=12, projection=True)
    turned_values = np.concatenate([VALUES[:, 6:], VALUES[:, :6]], axis=1)
    assert read_for_model(turned, tmp_path / "a.npz").values.tolist() == turned_values.tolist()
    halved = read_for_model(SPEC, tmp_path / "a.npz", rate=2.0)
    assert halved.values.tolist() == VALUES[::2, :6].tolist()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"encoder_sha256": "cd" * 32},
            r"features of the encoder efficientnet-lite0 \(cdcdcdcd\), and steps takes those",
        ),
        ({"short_side": 112}, "features of the centre of 112 pixels, and steps takes the centre of 224 pixels"),
        ({"view": "whole"}, "features of the whole of 224 pixels"),
        ({"streams": ("motion",)}, "features of motion, and steps takes frames"),
    ],
)
def test_features_that_were_made_in_another_way_are_refused(
    tmp_path: Path, settings: dict[str, object], problem: str
) -> None:
    origin = replace(ORIGIN, settings=replace(OWN, **settings))  # type: ignore[arg-type]
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES, origin)
    with pytest.raises(InputError, match=rf"a\.npz: holds {problem}.*; give files of the features"):
        read_for_model(SPEC, tmp_path / "a.npz")


def test_motion_over_another_time_is_refused(tmp_path: Path) -> None:
    origin = replace(ORIGIN, settings=replace(OWN, lag_s=0.5))
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES, origin)
    with pytest.raises(InputError, match=r"holds motion over 0\.5 s, and steps takes 0\.1 s"):
        read_for_model(replace(SPEC, streams=("motion",), lag_s=0.1), tmp_path / "a.npz")


@pytest.mark.parametrize("spec", [SPEC, ELSEWHERE])
def test_features_from_elsewhere_need_the_right_width(tmp_path: Path, spec: ModelSpec) -> None:
    np.savez(tmp_path / "a.npz", features=VALUES[:, :6], times=TIMES)
    assert read_for_model(spec, tmp_path / "a.npz").values.tolist() == VALUES[:, :6].tolist()
    np.savez(tmp_path / "b.npz", features=VALUES, times=TIMES)
    with pytest.raises(InputError, match=r"b\.npz: holds 12 numbers a sample, and steps takes 6"):
        read_for_model(spec, tmp_path / "b.npz")


def test_a_stream_is_taken_out_whatever_its_size(tmp_path: Path) -> None:
    origin = replace(ORIGIN, settings=OWN, stream_sizes=(6, 3))
    write_feature_file(tmp_path / "a.npz", "npz", TIMES, VALUES[:, :9], origin)
    assert read_for_model(SPEC, tmp_path / "a.npz").values.tolist() == VALUES[:, :6].tolist()
    motion = replace(SPEC, streams=("motion",), lag_s=0.1)
    with pytest.raises(InputError, match="holds 3 numbers a sample, and steps takes 6"):
        read_for_model(motion, tmp_path / "a.npz")
