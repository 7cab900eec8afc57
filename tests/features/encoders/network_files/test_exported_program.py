"""ExportedPrograms: a network that torch.export.save wrote, and files that would run code or cannot be run.

`exported_vit.pt2` was exported by torch 2.13: a patch embedding, a class token, one layer of attention and normed
tokens, random weights, any number of pictures. The features are those of the module that was exported.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from vidlabel.errors import EncoderFileError
from vidlabel.features.encoders.network_files.exported_graph import read_graph
from vidlabel.features.encoders.network_files.file_encoder import FileEncoder, open_encoder_file

Json = dict[str, Any]

FILE = Path(__file__).parent / "exported_vit.pt2"
MODEL = "models/model.json"
DECLARED = {"short_side": 32, "mean": [123.675, 116.28, 103.53], "scale": [58.395, 57.12, 57.375]}
CLS = [-0.25162, 0.57626, -0.049, -0.25609, 0.36016, -0.10949, -0.47759, -0.40845]
MEAN = [0.04111, 0.13646, -0.12798, -0.036, 0.2069, -0.20503, -0.1265, -0.07323]
ROW, COLUMN, CHANNEL = np.mgrid[:32, :32, :3]
PICTURE: npt.NDArray[np.uint8] = ((7 * ROW + 13 * COLUMN + 101 * CHANNEL) % 256).astype(np.uint8)


def changed(
    path: Path, change: Callable[[dict[str, Any]], None] = lambda model: None, entries: dict[str, bytes] | None = None
) -> Path:
    """The file with its graph changed, and with other entries."""
    with zipfile.ZipFile(FILE) as file:
        found = {name.partition("/")[2]: file.read(name) for name in file.namelist()}
    model = json.loads(found[MODEL])
    change(model)
    found |= {MODEL: json.dumps(model).encode(), "extra/vidlabel.preprocessing": declaration("cls"), **(entries or {})}
    with zipfile.ZipFile(path, "w") as file:
        for name, content in found.items():
            file.writestr(f"model/{name}", content)
    return path


def declaration(pooling: str) -> bytes:
    return json.dumps({**DECLARED, "pooling": pooling}).encode()


@pytest.mark.parametrize(("pooling", "expected"), [("cls", CLS), ("mean", MEAN)])
def test_features_are_those_of_the_module(tmp_path: Path, pooling: str, expected: list[float]) -> None:
    path = changed(tmp_path / "my.pt2", entries={"extra/vidlabel.preprocessing": declaration(pooling)})
    encoder = FileEncoder(open_encoder_file(path), "cpu", 2)
    other = PICTURE[::-1]
    found = encoder.encode(np.stack([PICTURE, other, PICTURE]))
    np.testing.assert_allclose(found[0], expected, rtol=0, atol=2e-5)
    assert found[2].tobytes() == found[0].tobytes() == encoder.encode(PICTURE[None])[0].tobytes()
    assert np.abs(found[1] - found[0]).max() > 0.01


def first_node(model: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = model["graph_module"]["graph"]["nodes"][0]
    return node


def call(target: str, *arguments: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """The first operation calls something else."""

    def change(model: dict[str, Any]) -> None:
        inputs = [{"name": "", "arg": one, "kind": 1} for one in arguments]
        first_node(model).update(target=target, inputs=inputs)

    return change


def in_training(model: dict[str, Any]) -> None:
    first_node(model)["inputs"].append({"name": "training", "arg": {"as_bool": True}, "kind": 1})


def other_version(model: dict[str, Any]) -> None:
    model["schema_version"]["major"] = 9


def two_inputs(model: dict[str, Any]) -> None:
    specs = model["graph_module"]["signature"]["input_specs"]
    specs.append(specs[-1])


def changes_buffers(model: dict[str, Any]) -> None:
    specs = model["graph_module"]["signature"]["output_specs"]
    specs.append({"buffer_mutation": {"arg": {"name": "b"}, "buffer_name": "b"}})


TENSOR = {"as_tensor": {"name": "x"}}
WEIGHT = {"as_tensor": {"name": "p_cls"}}
PICKLED = json.dumps({"config": {"pos": {"path_name": "tensor_0", "use_pickle": True, "tensor_meta": {}}}}).encode()


@pytest.mark.parametrize(
    ("change", "entries", "problem"),
    [
        (call("torch.os.system", {"as_string": "true"}), {}, r"gives an operation as_string 'true'|calls 'torch\.os"),
        (call("torch.os.getcwd"), {}, r"calls 'torch\.os\.getcwd', which is no operation on tensors"),
        (call("torch.ops.aten.__class__.mro"), {}, "which is no operation on tensors"),
        (call("torch.ops.higher_order.cond", TENSOR), {}, "which is no operation on tensors.*ONNX"),
        (call("torch.ops.aten.from_file.default", {"as_string": "/etc/hosts"}), {}, "as_string '/etc/hosts'"),
        (call("torch.ops.aten.zero_.default", WEIGHT), {}, "changes its own weights by torch.ops.aten.zero_"),
        (call("torch.ops.aten.sym_size.int", TENSOR, {"as_int": 9}), {}, "cannot be run on one picture of 32 x 32"),
        (in_training, {}, r"as in training: call \.eval\(\)"),
        (other_version, {}, "has version 9 of the format, and this vidlabel reads 8"),
        (two_inputs, {}, "needs one input, the pictures, and has 2"),
        (changes_buffers, {}, r"changes its own weights: call \.eval\(\)"),
        (None, {"data/constants/model_constants_config.json": PICKLED}, "holds pos as a pickle, which may run code"),
        (None, {"data/constants/tensor_0": b"\0\0\0\0"}, "holds fewer numbers of pos than it says"),
        (None, {MODEL: b"{}"}, r"is damaged, or torch\.export\.save did not write it"),
    ],
)
def test_what_a_file_may_not_do_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None] | None, entries: dict[str, bytes], problem: str
) -> None:
    path = changed(tmp_path / "my.pt2", change or (lambda model: None), entries)
    with pytest.raises(EncoderFileError, match=rf"my\.pt2: .*({problem})"):
        open_encoder_file(path)


def test_what_is_no_exported_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "my.pt2"
    path.write_bytes(FILE.read_bytes()[:-100])
    with pytest.raises(EncoderFileError, match="is damaged"):
        open_encoder_file(path)
    torch.save({"weight": torch.zeros(2)}, path)
    with pytest.raises(EncoderFileError, match=r"is no file of torch\.export\.save"):
        open_encoder_file(path)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(f"m/{MODEL}", "{}")
    path.write_bytes(content.getvalue())
    with pytest.raises(EncoderFileError, match="is compressed"):
        open_encoder_file(path)


def test_a_graph_computes_what_torch_computes() -> None:
    """Results in lists and tuples, sizes, arguments by name, and values that are not needed any more."""

    def of(name: str) -> dict[str, Any]:
        return {"as_tensor": {"name": name}}

    def node(target: str, outputs: list[Any], *inputs: Json, **named: Json) -> Json:
        placed = [{"name": "", "arg": one, "kind": 1} for one in inputs]
        return {
            "target": target,
            "inputs": placed + [{"name": name, "arg": one, "kind": 2} for name, one in named.items()],
            "outputs": outputs,
        }

    nodes = [
        node("torch.ops.aten.sym_size.int", [{"as_sym_int": {"as_name": "n"}}], of("x"), {"as_int": 0}),
        node("_operator.mul", [{"as_sym_int": {"as_name": "m"}}], {"as_sym_int": {"as_name": "n"}}, {"as_int": 2}),
        node("torch.ops.aten.unbind.int", [{"as_tensors": [{"name": "a"}, {"name": "b"}]}], of("x"), {"as_int": 1}),
        node("torch.ops.aten.max.dim", [of("most"), of("where")], of("x"), {"as_int": 1}),
        node("torch.ops.aten.stack.default", [of("s")], {"as_tensors": [{"name": "a"}, {"name": "most"}]}),
        node(
            "torch.ops.aten.view.default",
            [of("v")],
            of("s"),
            {"as_sym_ints": [{"as_name": "m"}, {"as_int": 1}]},
        ),
        node("torch.ops.aten.sum.default", [of("y")], of("v"), dtype={"as_scalar_type": 8}),
    ]
    graph = read_graph({"inputs": [of("x")], "outputs": [of("y"), of("v")], "nodes": nodes})
    total, column = graph.run({"x": torch.tensor([[1.0, 5.0], [4.0, 3.0]])}, torch.device("cpu"))
    assert column.tolist() == [[1.0], [4.0], [5.0], [4.0]]
    assert (total.item(), total.dtype) == (14.0, torch.float64)
