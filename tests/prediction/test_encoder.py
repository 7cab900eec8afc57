"""The encoder that a model asks for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from heads.example_specs import save_example, step_spec
from vidlabel.heads.encoder_info import TensorInfo, TunedEncoder
from vidlabel.heads.model import save_model
from vidlabel.heads.recurrent import build_head
from vidlabel.prediction.encoder import tuned_weights_in
from vidlabel.tensor_files import tensor_digest

TENSORS = {"head.bias": np.arange(5, dtype=np.float32)}


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
