"""Model files with weights of their encoder: what is in them, and what is refused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from heads.example_specs import step_spec
from vidlabel.errors import ModelFileError
from vidlabel.heads.model import Model, load_model, save_model
from vidlabel.heads.recurrent import build_head
from vidlabel.heads.spec import ModelSpec, NewerVersionError, TensorInfo, TunedEncoder

TENSORS = {
    "head.bias": np.arange(5, dtype=np.float32),
    "head.weight": np.arange(10, dtype=np.float32).reshape(5, 2, 1, 1),
}


def digest() -> str:
    """As the format defines it: names in order, types, shapes and numbers."""
    found = hashlib.sha256()
    for name, tensor in sorted(TENSORS.items()):
        found.update(f"{name} <f4 {tensor.shape}".encode())
        found.update(tensor.tobytes())
    return found.hexdigest()


def tuned_spec(sha256: str | None = None) -> ModelSpec:
    infos = tuple(TensorInfo(name=name, shape=tensor.shape) for name, tensor in TENSORS.items())
    tuned = TunedEncoder(blocks=1, sha256=sha256 or digest(), tensors=infos)
    return replace(step_spec(), encoder=replace(step_spec().encoder, tuned=tuned))


def saved(path: Path, spec: ModelSpec) -> Model:
    return save_model(spec, [build_head(member.head) for member in spec.members], None, path, TENSORS)


def test_the_tensors_come_back_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model = saved(path, tuned_spec())
    assert model.spec == tuned_spec()
    assert json.loads(model.spec.to_json())["schema"] == "vidlabel.model/2"
    stored = load_file(path)
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(stored[f"encoder.{name}"], tensor)
        np.testing.assert_array_equal(load_model(path).encoder[name], tensor)


def test_other_numbers_than_the_digest_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    saved(path, tuned_spec())
    tensors = load_file(path)
    tensors["encoder.head.bias"][2] += 1e-6
    save_file(tensors, path, {"vidlabel": tuned_spec().to_json()})
    with pytest.raises(ModelFileError, match="other weights of its encoder"):
        load_model(path)
    with pytest.raises(ValueError, match="digest"):
        saved(tmp_path / "n.safetensors", tuned_spec("0" * 64))
    assert not (tmp_path / "n.safetensors").exists()


def test_shapes_are_checked_before_anything_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    saved(path, tuned_spec())
    content = path.read_bytes()
    huge = content.replace(b'\\"shape\\":[5]', b'\\"shape\\":[9]')
    assert huge != content
    path.write_bytes(huge)
    with pytest.raises(ModelFileError, match="another shape"):
        load_model(path)


def test_versions_tell_whether_an_encoder_was_tuned() -> None:
    text = tuned_spec().to_json()
    assert ModelSpec.from_json(text) == tuned_spec()
    with pytest.raises(ValueError, match="no other version"):
        ModelSpec.from_json(text.replace("vidlabel.model/2", "vidlabel.model/1"))
    with pytest.raises(ValueError, match="no other version"):
        ModelSpec.from_json(step_spec().to_json().replace("vidlabel.model/1", "vidlabel.model/2"))
    with pytest.raises(NewerVersionError):
        ModelSpec.from_json(text.replace("vidlabel.model/2", "vidlabel.model/3"))
    assert "tuned" not in json.loads(step_spec().to_json())["encoder"]
