from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from heads.example_specs import (
    FEATURE_SIZE,
    mixed_spec,
    pooled_spec,
    random_projections,
    save_example,
    step_spec,
    stream,
    window_spec,
)
from vidlabel.errors import ModelFileError, UsageError
from vidlabel.heads.config import HeadConfig, MemberSpec
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import load_model, save_model
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.recurrent import as_numpy, build_head
from vidlabel.heads.spec import ModelSpec


@pytest.mark.parametrize("spec", [step_spec(), window_spec(), pooled_spec(), mixed_spec()], ids=lambda spec: spec.name)
def test_a_loaded_model_computes_what_the_saved_one_does(tmp_path: Path, spec: ModelSpec) -> None:
    torch.manual_seed(5)
    heads = [build_head(member.head).eval() for member in spec.members]
    projections = random_projections(spec, torch.Generator().manual_seed(3))
    save_model(spec, [as_numpy(head) for head in heads], projections, tmp_path / "m.safetensors")
    model = load_model(str(tmp_path / "m.safetensors"))
    features = np.random.default_rng(1).normal(size=(30, FEATURE_SIZE)).astype(np.float32)
    parts: list[FloatArray] = [features[:, columns] for columns in spec.columns.values()]
    if projections:
        pairs = zip(parts, projections, strict=True)
        parts = [((part - own.mean) @ own.components.T).astype(np.float32) for part, own in pairs]
    for loaded, head, own in zip(model.heads, heads, StreamInputs(model).of_members(features), strict=True):
        assert own is not None
        with torch.inference_mode():
            expected, _ = head(torch.tensor(np.concatenate(parts, axis=1)))
        np.testing.assert_allclose(loaded.run(own)[0], expected.numpy(), rtol=0, atol=1e-5)
    assert model.spec == spec
    assert model.path == tmp_path / "m.safetensors"


def test_a_scaled_identity_is_stored_compactly(tmp_path: Path) -> None:
    size = 400
    head = HeadConfig(
        kind="rnn",
        activation="relu",
        input_size=size,
        hidden_size=size,
        outputs=3,
        scaled_identity=0.25,
        initial_state="first-input",
    )
    path = tmp_path / "m.safetensors"
    save_example(replace(step_spec(), members=(MemberSpec(head=head),), streams=(stream(size=size),)), path)
    assert path.stat().st_size < 3 * (size + 1) * 4 + 3000
    assert load_model(path).spec.members[0].head == head


def test_what_a_result_says_about_the_model(tmp_path: Path) -> None:
    model = save_example(step_spec(), tmp_path / "m.safetensors")
    info = model.info
    assert (info.name, info.labels, info.head) == ("steps", ("walk", "fall", "nothing"), "gru")
    assert (info.encoders, info.sha256) == (("efficientnet-lite0",) * len(info.streams), model.sha256)
    assert save_example(mixed_spec(), tmp_path / "mixed.safetensors").info.head == "gru+mean"


def test_a_head_of_another_form_is_not_saved(tmp_path: Path) -> None:
    spec = step_spec()
    other = as_numpy(build_head(replace(spec.members[0].head, dropout=0.5)))
    with pytest.raises(ValueError, match="other configurations"):
        save_model(spec, [other], (), tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match="names and shapes"):
        save_model(
            replace(spec, projected_sizes=(spec.feature_size,)),
            [as_numpy(build_head(spec.members[0].head))],
            [],
            tmp_path / "m.safetensors",
        )
    assert not list(tmp_path.iterdir())


def test_a_name_that_nobody_has_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="no model called 'no-such-model'"):
        load_model("no-such-model")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone\.safetensors: there is no such file"):
        load_model(tmp_path / "gone.safetensors")
