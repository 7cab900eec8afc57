"""Model files with weights of their encoder: what is in them, and what is refused."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from heads.example_specs import ENCODER, step_spec, stream
from vidlabel.errors import ModelFileError
from vidlabel.heads.model import Model, load_model, save_model
from vidlabel.heads.recurrent import as_numpy, build_head
from vidlabel.heads.spec import ModelSpec
from vidlabel.stream_spec import TensorInfo, TunedEncoder
from vidlabel.tensor_files import tensor_digest

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
    return replace(step_spec(), streams=(stream(encoder=replace(ENCODER, tuned=tuned)),))


def saved(path: Path, spec: ModelSpec) -> Model:
    heads = [as_numpy(build_head(member.head)) for member in spec.members]
    return save_model(spec, heads, (), path, {tuned.sha256: TENSORS for tuned in spec.tuned_encoders})


def test_the_tensors_come_back_under_names_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model = saved(path, tuned_spec())
    assert model.spec == tuned_spec()
    stored = load_file(path)
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(stored[f"encoders.0.{name}"], tensor)
        np.testing.assert_array_equal(load_model(path).encoders[digest()][name], tensor)


def test_other_numbers_than_the_digest_names_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    saved(path, tuned_spec())
    tensors = load_file(path)
    tensors["encoders.0.head.bias"][2] += 1e-6
    save_file(tensors, path, {"vidlabel": tuned_spec().to_json()})
    with pytest.raises(ModelFileError, match="other weights of an encoder"):
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


def test_each_stream_may_have_an_encoder_of_its_own(tmp_path: Path) -> None:
    """Streams that share one share its tensors; another one has its own, of the same names."""
    path = tmp_path / "m.safetensors"
    other = {"head.bias": np.full(3, 7, np.float32)}
    infos = (TensorInfo(name="head.bias", shape=(3,)),)
    second = TunedEncoder(blocks=2, sha256=tensor_digest(other), tensors=infos)
    (first,) = tuned_spec().tuned_encoders
    shared = replace(ENCODER, tuned=first)
    streams = (
        stream(size=2, encoder=shared),
        stream("pose", 3, replace(ENCODER, name="movenet", tuned=second), short_side=256, view="whole"),
        stream("motion", 1, shared, lag_s=0.1),
    )
    spec = replace(step_spec(), streams=streams)
    heads = [as_numpy(build_head(member.head)) for member in spec.members]
    save_model(spec, heads, (), path, {digest(): TENSORS, second.sha256: other})
    found = load_model(path)
    assert found.spec == spec
    assert set(found.encoders) == {digest(), second.sha256}
    np.testing.assert_array_equal(found.encoders[second.sha256]["head.bias"], [7, 7, 7])
    np.testing.assert_array_equal(found.encoders[digest()]["head.bias"], TENSORS["head.bias"])
    names = {name for name in load_file(path) if name.startswith("encoders.")}
    assert names == {"encoders.0.head.bias", "encoders.0.head.weight", "encoders.1.head.bias"}
    tuned = "efficientnet-lite0, last block tuned"
    assert found.info.encoders == (tuned, "movenet, last 2 blocks tuned", tuned)


def test_tensors_of_an_encoder_that_the_description_lacks_are_refused(tmp_path: Path) -> None:
    heads = [as_numpy(build_head(member.head)) for member in step_spec().members]
    with pytest.raises(ValueError, match="encoders that the description does not name"):
        save_model(step_spec(), heads, (), tmp_path / "m.safetensors", {digest(): TENSORS})
