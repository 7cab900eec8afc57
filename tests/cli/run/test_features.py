"""Which encoder `features` takes, and what its files say about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heads.example_specs import published_stream, save_example, step_spec, video_spec
from vidlabel.cli.run.features import AskedFeatures, with_encoder
from vidlabel.errors import ModelFileError, UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights
from vidlabel.features.encoders.weights import PixelScaling
from vidlabel.stream_spec import EncoderInfo

ASKED = AskedFeatures(
    recipe=FeatureConfig(rate=4.0, lag_s=0.2),
    streams=("frames", "motion"),
    view="centre",
    output="out",
    format_name="npz",
    device="auto",
    overwrite=False,
    quiet=False,
    debug=False,
)


def test_an_encoder_by_name_or_of_a_model(tmp_path: Path) -> None:
    plain = FeatureConfig(rate=9.0)
    assert with_encoder("efficientnet-lite1", plain) == replace(plain, encoder="efficientnet-lite1")
    with pytest.raises(UsageError, match="resnet"):
        with_encoder("resnet", plain)
    path = tmp_path / "m.safetensors"
    save_example(video_spec(published_stream(mean=0.0, scale=255.0, short_side=48)), path)
    assert with_encoder(str(path), plain) == replace(plain, scaling=PixelScaling(0.0, 255.0))
    save_example(step_spec(), path)
    with pytest.raises(UsageError, match="with the weights 01234567, and this version has those with 57934424"):
        with_encoder(str(path), plain)
    path.write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"m\.safetensors"):
        with_encoder(str(path), plain)


def test_files_say_of_each_stream_how_it_was_made() -> None:
    frames, motion = ASKED.settings.streams
    assert frames == published_stream()
    assert motion == published_stream("motion", lag_s=0.2)


def test_a_tuned_encoder_is_another_one() -> None:
    tensors = {"head.bias": np.zeros(5, np.float32)}
    published = ASKED.recipe.published.sha256
    tuned = FinetunedWeights(blocks=1, published_sha256=published, sha256="5" * 64, tensors=tensors)
    asked = replace(ASKED, recipe=replace(ASKED.recipe, tuned=tuned))
    encoder = EncoderInfo(name="efficientnet-lite0-tuned", sha256="5" * 64)
    assert [stream.encoder for stream in asked.settings.streams] == [encoder, encoder]
