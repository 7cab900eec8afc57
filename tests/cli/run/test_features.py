"""Which encoder `features` takes, and what its files say about it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from heads.example_specs import save_example, step_spec
from vidlabel.cli.run.features import AskedFeatures, chosen_encoder
from vidlabel.errors import ModelFileError, UsageError
from vidlabel.features.config import FeatureConfig
from vidlabel.features.encoders.finetuned_weights import FinetunedWeights

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
    assert chosen_encoder("efficientnet-lite0") == ("efficientnet-lite0", None)
    spec = step_spec()
    encoder = replace(spec.encoder, sha256=FeatureConfig().encoder_sha256)
    preprocessing = replace(spec.preprocessing, resize_filter="bicubic")
    save_example(replace(spec, encoder=encoder, preprocessing=preprocessing), tmp_path / "m.safetensors")
    assert chosen_encoder(str(tmp_path / "m.safetensors")) == ("efficientnet-lite0", None)
    save_example(spec, tmp_path / "other.safetensors")
    with pytest.raises(UsageError, match="with the weights 01234567, and this version has those with 57934424"):
        chosen_encoder(str(tmp_path / "other.safetensors"))
    (tmp_path / "bad.safetensors").write_bytes(b"no model")
    with pytest.raises(ModelFileError, match=r"bad\.safetensors"):
        chosen_encoder(str(tmp_path / "bad.safetensors"))


def test_the_lag_is_told_only_where_it_matters() -> None:
    assert ASKED.settings.lag_s == 0.2
    assert replace(ASKED, streams=("frames",)).settings.lag_s is None


def test_a_tuned_encoder_is_another_one() -> None:
    tuned = FinetunedWeights(blocks=1, published_sha256=ASKED.recipe.encoder_sha256, sha256="5" * 64, tensors={})
    found = replace(ASKED, recipe=replace(ASKED.recipe, tuned=tuned)).settings
    assert (found.encoder, found.encoder_sha256) == ("efficientnet-lite0-tuned", "5" * 64)
    assert ASKED.settings.encoder == "efficientnet-lite0"
    assert ASKED.settings.encoder_sha256.startswith("57934424")
