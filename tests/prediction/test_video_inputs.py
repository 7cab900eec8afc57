"""What a model takes of videos: refused where it cannot be had in the very way that the model file says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heads.example_specs import PUBLISHED_ENCODER, external_stream, published_stream, save_example, video_spec
from vidlabel.features.config import FeatureBlock, FeatureConfig
from vidlabel.features.encoders.shipped_weights import YAMNET
from vidlabel.features.encoders.weights import PUBLISHED
from vidlabel.features.streams.registry import describe_streams
from vidlabel.heads.model import save_model
from vidlabel.heads.recurrent import as_numpy, build_head
from vidlabel.prediction.video_inputs import feature_config, spec_blocks, video_problem
from vidlabel.stream_spec import EncoderInfo, StreamSpec, TensorInfo, TunedEncoder
from vidlabel.tensor_files import tensor_digest

TENSORS = {"head.bias": np.arange(5, dtype=np.float32)}
SPEC = video_spec(published_stream())
"""Takes `frames` of the published encoder, 1280 numbers a sample at 4 samples a second."""
FRAMES, MOTION = published_stream(), published_stream("motion", lag_s=0.1)
LITE1 = EncoderInfo(name="efficientnet-lite1", sha256=PUBLISHED["efficientnet-lite1"].sha256)
AUDIO = StreamSpec(name="audio", size=1024, encoder=EncoderInfo(name=YAMNET.name, sha256=YAMNET.sha256))
(POSE,) = describe_streams(FeatureConfig(short_side=224), ["pose"], "centre")
(WIDE_POSE,) = describe_streams(FeatureConfig(short_side=224), ["pose"], "whole")
NINTH = replace(PUBLISHED_ENCODER, name="efficientnet-b9")


@pytest.mark.parametrize(
    ("streams", "problem"),
    [
        ([FRAMES], None),
        ([MOTION, FRAMES], None),
        ([published_stream(mean=0.0, scale=255.0, view="whole", short_side=128)], None),
        ([published_stream(view="left-flipped")], None),
        ([external_stream()], "files of features made elsewhere, which cannot be computed from videos"),
        ([FRAMES, external_stream()], "files of features made elsewhere, which cannot be computed from videos"),
        (
            [published_stream(encoder=NINTH)],
            "features of efficientnet-b9, an encoder that this version does not have",
        ),
        (
            [FRAMES, published_stream("motion", encoder=NINTH, lag_s=0.1)],
            "features of efficientnet-b9, an encoder that this version does not have",
        ),
        (
            [published_stream(encoder=replace(PUBLISHED_ENCODER, sha256="ab" * 32))],
            "features of efficientnet-lite0 with the weights abababab, and this version has those with 57934424",
        ),
        ([published_stream(size=6)], "6 numbers of efficientnet-lite0, which gives 1280"),
        ([FRAMES, published_stream("smell", 3)], "smell, which cannot be computed from videos"),
        ([AUDIO], None),
        ([published_stream(view="whole"), AUDIO], None),
        ([POSE], None),
        ([FRAMES, POSE, MOTION], None),
        ([published_stream(mean=0.0, scale=255.0), POSE], None),
        ([FRAMES, WIDE_POSE], None),
        (
            [FRAMES, published_stream("motion", lag_s=0.1, view="whole")],
            "frames and motion of unlike pictures or encoders, and this version has one for all",
        ),
        (
            [FRAMES, *describe_streams(FeatureConfig(short_side=96), ["pose"], "whole")],
            "frames and pose of unlike pictures or encoders, and this version has one for all",
        ),
        ([FRAMES, replace(AUDIO, size=3)], "3 numbers of yamnet, which gives 1024"),
        (
            [published_stream(resize_filter="area")],
            "pictures scaled by the filter area, and this version has bicubic",
        ),
        ([replace(FRAMES, pictures=None)], "frames, and does not say of what pictures"),
        (
            [published_stream("motion")],
            "motion of frames that are not compared with earlier ones, which this version does not have",
        ),
        (
            [published_stream(lag_s=0.1)],
            "frames of frames that are compared with earlier ones, which this version does not have",
        ),
        (
            [published_stream("motion", lag_s=1.5)],
            "motion over 1.5 s, and this version compares frames over 1 s at most",
        ),
        (
            [FRAMES, published_stream("motion", lag_s=0.1, short_side=128)],
            "frames and motion of unlike pictures or encoders, and this version has one for all",
        ),
        (
            [FRAMES, published_stream("motion", encoder=LITE1, lag_s=0.1)],
            "frames and motion of unlike pictures or encoders, and this version has one for all",
        ),
    ],
)
def test_videos_are_seen_as_the_model_says_or_not_at_all(streams: list[StreamSpec], problem: str | None) -> None:
    assert video_problem(video_spec(*streams)) == (None if problem is None else f"steps takes {problem}")


def test_asking_loads_no_torch() -> None:
    code = "import sys, vidlabel.prediction.video_inputs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_of_the_published_encoder_brings_no_weights(tmp_path: Path) -> None:
    assert feature_config(save_example(SPEC, tmp_path / "m.safetensors"), FeatureConfig()).tuned is None


def test_a_model_of_sound_alone_says_nothing_of_pictures(tmp_path: Path) -> None:
    model = save_example(video_spec(AUDIO), tmp_path / "m.safetensors")
    usual = FeatureConfig(short_side=96, rate=25.0, audio_stream=1)
    assert feature_config(model, usual) == replace(usual, rate=model.spec.rate)
    assert spec_blocks(model.spec) == (FeatureBlock("audio", "centre"),)


def test_people_are_found_in_pictures_of_the_size_that_the_model_says(tmp_path: Path) -> None:
    """And the encoder of pictures stays the usual one where a model has none, or is the model's own beside people."""
    (small,) = describe_streams(FeatureConfig(short_side=96), ["pose"], "whole")
    alone = save_example(video_spec(small), tmp_path / "alone.safetensors")
    usual = FeatureConfig(short_side=300)
    assert feature_config(alone, usual) == replace(usual, rate=alone.spec.rate, short_side=96)
    assert spec_blocks(alone.spec) == (FeatureBlock("pose", "whole"),)
    lite1 = published_stream(encoder=LITE1, mean=1.0)
    both = save_example(video_spec(POSE, lite1), tmp_path / "both.safetensors")
    found = feature_config(both, usual)
    assert (found.encoder, found.scaling.mean, found.short_side) == ("efficientnet-lite1", 1.0, 224)


def test_a_model_that_was_tuned_brings_its_own(tmp_path: Path) -> None:
    tuned = TunedEncoder(blocks=2, sha256=tensor_digest(TENSORS), tensors=(TensorInfo(name="head.bias", shape=(5,)),))
    encoder = replace(PUBLISHED_ENCODER, tuned=tuned)
    spec = video_spec(published_stream(encoder=encoder), published_stream("motion", encoder=encoder, lag_s=0.1))
    heads = [as_numpy(build_head(member.head)) for member in spec.members]
    model = save_model(spec, heads, (), tmp_path / "m.safetensors", {tuned.sha256: TENSORS})
    found = feature_config(model, FeatureConfig()).tuned
    assert found is not None
    assert (found.blocks, found.sha256) == (2, tuned.sha256)
    assert found.published_sha256 == PUBLISHED_ENCODER.sha256
    assert list(found.tensors) == ["head.bias"]
    np.testing.assert_array_equal(found.tensors["head.bias"], [0, 1, 2, 3, 4])


def test_features_are_made_as_the_model_says(tmp_path: Path) -> None:
    whole = video_spec(published_stream(mean=0.0, scale=255.0, view="whole", short_side=128))
    model = save_example(whole, tmp_path / "m.safetensors")
    made = feature_config(model, FeatureConfig(rate=9.0, short_side=64, lag_s=0.5, decoder="pyav", runtime="torch"))
    assert (made.encoder, made.tuned) == ("efficientnet-lite0", None)
    assert (made.rate, made.short_side, made.scaling.mean, made.scaling.scale) == (4.0, 128, 0.0, 255.0)
    assert (made.lag_s, made.decoder, made.runtime) == (0.5, "pyav", "torch")
    assert spec_blocks(model.spec) == (FeatureBlock("frames", "whole"),)
    assert describe_streams(made, ("frames",), "whole") == model.spec.streams


def test_the_lag_is_that_of_a_model_with_motion(tmp_path: Path) -> None:
    model = save_example(video_spec(FRAMES, published_stream("motion", lag_s=0.2)), tmp_path / "m.safetensors")
    assert feature_config(model, FeatureConfig(lag_s=0.5)).lag_s == 0.2
