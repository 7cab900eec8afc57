"""The model file: its tensors and their names, and what is refused, down to changed bytes."""

from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from torch import nn

from heads.example_specs import mixed_spec, pooled_spec, save_example, step_spec
from heads.test_tuned_encoder import saved as save_tuned
from heads.test_tuned_encoder import tuned_spec
from vidlabel.errors import ModelFileError
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.model_file import (
    head_prefix,
    head_shapes,
    read_model_file,
    read_spec,
    tensor_shapes,
    write_model_file,
)


@pytest.mark.parametrize(("kind", "network"), [("rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)])
@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrences_are_those_of_torch(
    kind: str, network: type[nn.RNN | nn.LSTM | nn.GRU], layers: int, bidirectional: bool
) -> None:
    config = HeadConfig(
        kind=kind,  # type: ignore[arg-type]  # one of them
        input_size=5,
        hidden_size=4,
        outputs=3,
        layers=layers,
        bidirectional=bidirectional,
    )
    known = network(5, 4, layers, bidirectional=bidirectional).state_dict()
    expected = {f"recurrence.network.{name}": tuple(tensor.shape) for name, tensor in known.items()}
    expected |= {"output.weight": (3, 8 if bidirectional else 4), "output.bias": (3,)}
    assert head_shapes(config) == expected


def test_heads_without_matrices_have_an_output_layer_alone() -> None:
    mean = HeadConfig(kind="mean", input_size=5, hidden_size=5, outputs=2)
    scaled = HeadConfig(kind="rnn", activation="relu", input_size=5, hidden_size=5, outputs=2, scaled_identity=0.5)
    for config in (mean, scaled):
        assert head_shapes(config) == {"output.weight": (2, 5), "output.bias": (2,)}


def test_the_unit_of_the_article_has_one_bias_a_gate() -> None:
    config = HeadConfig(kind="gru-article", input_size=7, hidden_size=4, outputs=2, layers=2, bidirectional=True)
    shapes = head_shapes(config)
    # A layer and direction: three gates from the inputs, with a bias, and from the state.
    first, second = 3 * 4 * (7 + 1 + 4), 3 * 4 * (8 + 1 + 4)
    assert sum(math.prod(shape) for shape in shapes.values()) == 2 * (first + second) + 2 * (8 + 1)
    assert shapes["recurrence.backwards.1.inputs.weight"] == (12, 8)


def test_a_file_holds_every_member_and_the_projection() -> None:
    spec = mixed_spec()
    shapes = tensor_shapes(spec)
    assert {name.split(".")[1] for name in shapes if name.startswith("members.")} == {"0", "1", "2", "3"}
    assert shapes["members.1.output.weight"] == (6, 4)
    assert [shapes[f"projection.{number}.mean"] for number in (0, 1)] == [(3,), (3,)]
    assert [shapes[f"projection.{number}.components"] for number in (0, 1)] == [(3, 3), (1, 3)]
    assert not any(name.startswith("projection") for name in tensor_shapes(step_spec()))
    assert head_prefix(12) == "members.12."


Header = dict[str, Any]
READ_OFTEN = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(name="valid")
def _valid(tmp_path: Path) -> bytes:
    path = tmp_path / "valid.safetensors"
    save_example(pooled_spec(), path)
    return path.read_bytes()


@pytest.fixture(name="either", params=["as published", "tuned"])
def _either(request: pytest.FixtureRequest, tmp_path: Path, valid: bytes) -> bytes:
    """A model with its encoder as published, or with weights of its own."""
    if request.param == "as published":
        return valid
    path = tmp_path / "tuned.safetensors"
    save_tuned(path, tuned_spec())
    return path.read_bytes()


def _split(content: bytes) -> tuple[Header, bytes]:
    (length,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def _join(header: object, data: bytes) -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def _refusal(folder: Path, content: bytes) -> str:
    path = folder / "given.safetensors"
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        read_model_file(path)
    assert str(path) in str(caught.value)
    assert caught.value.problem
    assert caught.value.remedy
    return str(caught.value)


def test_safetensors_itself_reads_the_file(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    model = save_example(pooled_spec(), path)
    tensors = load_file(path)
    assert model.projections
    np.testing.assert_array_equal(tensors["projection.0.components"], model.projections[0].components)
    for name, array in model.heads[0].parameters.items():
        np.testing.assert_array_equal(tensors[f"members.0.{name}"], array)


def test_what_safetensors_wrote_is_read(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_example(pooled_spec(), path)
    tensors = load_file(path)
    other = tmp_path / "other.safetensors"
    save_file(tensors, other, {"format": "np", "vidlabel": pooled_spec().to_json()})
    spec, read, sha256 = read_model_file(other)
    assert spec == pooled_spec()
    assert sha256 == hashlib.sha256(other.read_bytes()).hexdigest()
    assert read.keys() == tensors.keys()
    for name, tensor in tensors.items():
        np.testing.assert_array_equal(read[name], tensor)


def test_the_same_model_has_the_same_bytes(tmp_path: Path) -> None:
    one, other = tmp_path / "one.safetensors", tmp_path / "other.safetensors"
    model = save_example(step_spec(), one)
    save_example(step_spec(), other)
    assert one.read_bytes() == other.read_bytes()
    assert model.sha256 == hashlib.sha256(one.read_bytes()).hexdigest()


def test_the_description_is_read_without_torch_and_numpy(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_example(step_spec(), path)
    code = (
        "import sys; from pathlib import Path; from vidlabel.heads.model_file import read_spec;"
        f"print(read_spec(Path({str(path)!r})).name, {{'torch', 'numpy', 'safetensors'}} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["steps", "set()"]


def test_tensors_that_do_not_fit_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    save_example(step_spec(), path)
    spec, tensors, _ = read_model_file(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match="names and shapes"):
        write_model_file(replace(spec, projected_sizes=(spec.feature_size,)), tensors, path)
    with pytest.raises(ValueError, match=r"members\.0\.output\.bias"):
        write_model_file(spec, {**tensors, "members.0.output.bias": np.array([0, np.nan, 0], dtype=np.float32)}, path)
    assert path.read_bytes() == before


def test_a_pytorch_checkpoint_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    torch.save({"weight": torch.zeros(3)}, path)
    assert "zip archive, perhaps a PyTorch checkpoint" in _refusal(tmp_path, path.read_bytes())
    assert "pickle" in _refusal(tmp_path, pickle.dumps({"weight": [0.0]}, protocol=2))


@pytest.mark.parametrize(("content", "problem"), [
    (b"", "is empty"),
    (b"\x10\x00", "is cut off"),
    (b"\x10\x00\x00\x00\x00\x00\x00\x00", "is cut off"),
    (b"\x10\x00\x00\x00\x00\x00\x00\x00{", "is cut off"),
    (b"\xff\xd8\xff\xe0\x00\x10JFIF", "is a JPEG picture"),
    (b"\x00\x00\x00\x20ftypisom" + bytes(100), "is no safetensors file"),
    (b"video,start,end,label\na.mp4,0,1,fall\n", "is no safetensors file"),
    (b"\xff\xff\xff\xff\xff\xff\xff\xff{}", "is no safetensors file"),
    (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "no vidlabel model"),
    (b"\x03\x00\x00\x00\x00\x00\x00\x00{}}", "header that cannot be read"),
    (b"\x04\x00\x00\x00\x00\x00\x00\x00{\"\xff\"", "header that cannot be read"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "Git LFS pointer"),
    (struct.pack("<Q", 200_001) + b'{"a":' + b"[" * 199_996, "nested too deeply"),
])  # fmt: skip
def test_other_files_are_refused_by_what_they_are(tmp_path: Path, content: bytes, problem: str) -> None:
    assert problem in _refusal(tmp_path, content)


def test_another_safetensors_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"weight": np.zeros(3, dtype=np.float32)}, path, {"format": "pt"})
    assert "no vidlabel model" in _refusal(tmp_path, path.read_bytes())


def test_a_newer_version_says_what_to_do(tmp_path: Path, valid: bytes) -> None:
    message = _refusal(tmp_path, valid.replace(b"vidlabel.model/1", b"vidlabel.model/3"))
    assert "was made by a newer vidlabel" in message
    assert message.endswith("upgrade vidlabel")


def test_a_file_that_is_cut_or_longer_is_refused(tmp_path: Path, valid: bytes) -> None:
    assert "is cut off" in _refusal(tmp_path, valid[:-1])
    assert "goes on after its last tensor" in _refusal(tmp_path, valid + b"\0")


def _set_metadata(value: object) -> Callable[[Header], None]:
    return lambda header: header.update(__metadata__=value)


def _set_entry(key: str, value: object) -> Callable[[Header], None]:
    return lambda header: header["members.0.output.bias"].update({key: value})


def _add_tensor(header: Header) -> None:
    header["more"] = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


def _drop_tensor(header: Header) -> None:
    del header["projection.0.mean"]


def _set_hidden_size(header: Header) -> None:
    spec = json.loads(header["__metadata__"]["vidlabel"])
    spec["members"][0]["head"]["hidden_size"] = 1 << 20
    header["__metadata__"]["vidlabel"] = json.dumps(spec)


def _share_place(header: Header) -> None:
    header["members.0.output.bias"]["data_offsets"] = [16, 32]


@pytest.mark.parametrize(("change", "problem"), [
    (_set_metadata(None), "no vidlabel model"),
    (_set_metadata([]), "no vidlabel model"),
    (_set_metadata({"vidlabel": {}}), "no vidlabel model"),
    (_set_metadata({"vidlabel": "[" * 100_000}), "nested too deeply"),
    (_add_tensor, "holds the tensor 'more'"),
    (_drop_tensor, "lacks the tensor 'projection.0.mean'"),
    (_set_hidden_size, "another shape"),
    (_share_place, "overlap"),
    (_set_entry("dtype", "F64"), "another type"),
    (_set_entry("dtype", ["F32"]), "another type"),
    (_set_entry("shape", [4, 1]), "another shape"),
    (_set_entry("shape", [4.0]), "another shape"),
    (_set_entry("shape", [2**62]), "another shape"),
    (_set_entry("shape", None), "another shape"),
    (_set_entry("data_offsets", [0]), "wrong place"),
    (_set_entry("data_offsets", [2**63, 2**63 + 16]), "overlap"),
    (_set_entry("data_offsets", [-16, 0]), "overlap"),
    (_set_entry("data_offsets", [False, 16]), "wrong place"),
    (_set_entry("more", 1), "damaged entry"),
])  # fmt: skip
def test_a_header_that_contradicts_itself_is_refused(
    tmp_path: Path, valid: bytes, change: Callable[[Header], None], problem: str
) -> None:
    header, data = _split(valid)
    change(header)
    assert problem in _refusal(tmp_path, _join(header, data))


def test_a_key_twice_is_refused(tmp_path: Path, valid: bytes) -> None:
    header, data = _split(valid)
    text = json.dumps(header).replace('"members.0.output.bias"', '"projection.0.mean"').encode()
    assert "twice" in _refusal(tmp_path, struct.pack("<Q", len(text)) + text + data)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_are_refused(tmp_path: Path, valid: bytes, number: float) -> None:
    assert "not finite" in _refusal(tmp_path, valid[:-4] + struct.pack("<f", number))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    cases = [
        (tmp_path, "is a folder"),
        (tmp_path / "missing", "No such file"),
        (tmp_path / "a\0b", "no name of a file"),
    ]
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        cases.append((tmp_path / "pipe", "no regular file"))
    for path, problem in cases:
        with pytest.raises(ModelFileError, match=problem):
            read_spec(path)


def test_a_large_declared_tensor_allocates_nothing(tmp_path: Path, valid: bytes) -> None:
    header, data = _split(valid)
    spec = json.loads(header["__metadata__"]["vidlabel"])
    spec["streams"][0] |= {"size": (1 << 20) - spec["streams"][1]["size"]}
    spec["members"][0]["head"] |= {"input_size": 1 << 20}
    spec["projected_sizes"] = [(1 << 20) - 1, 1]
    header["__metadata__"]["vidlabel"] = json.dumps(spec)
    header["projection.0.components"] |= {"shape": [1 << 20, 1 << 20], "data_offsets": [0, 4 << 40]}
    header["projection.0.mean"] |= {"shape": [1 << 20], "data_offsets": [4 << 40, (4 << 40) + (4 << 20)]}
    assert "members." in _refusal(tmp_path, _join(header, data))


def _loads_or_is_refused(folder: Path, content: bytes) -> None:
    path = folder / "mutated.safetensors"
    path.write_bytes(content)
    try:
        spec, tensors, _ = read_model_file(path)
    except ModelFileError as error:
        assert str(path) in str(error)  # noqa: PT017 - both endings are right
    else:
        assert sum(tensor.size for tensor in tensors.values()) * 4 < len(content)
        assert spec.labels


@READ_OFTEN
@given(data=st.data())
def test_changed_bytes_never_do_anything_else(tmp_path: Path, either: bytes, data: st.DataObject) -> None:
    content = bytearray(either)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        kind = data.draw(st.sampled_from(["replace", "insert", "remove"]))
        if kind == "remove":
            del content[place : place + data.draw(st.integers(1, 64))]
        else:
            piece = data.draw(st.binary(min_size=1, max_size=8))
            content[place : place + (len(piece) if kind == "replace" else 0)] = piece
        if not content:
            break
    _loads_or_is_refused(tmp_path, bytes(content))


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _places(value: object) -> list[tuple[Any, Any]]:
    """Every (container, key) in parsed JSON."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in [(value, key), *_places(inner)]]


@READ_OFTEN
@given(data=st.data())
def test_changed_fields_never_do_anything_else(tmp_path: Path, either: bytes, data: st.DataObject) -> None:
    header, numbers = _split(either)
    spec = json.loads(header["__metadata__"]["vidlabel"])
    container, key = data.draw(st.sampled_from(_places(header) + _places(spec)))
    if data.draw(st.booleans()) and isinstance(container, dict):
        del container[key]
    else:
        container[key] = data.draw(ANY_JSON)
    if isinstance(header.get("__metadata__"), dict) and isinstance(header["__metadata__"].get("vidlabel"), str):
        header["__metadata__"]["vidlabel"] = json.dumps(spec)
    _loads_or_is_refused(tmp_path, _join(header, numbers))
