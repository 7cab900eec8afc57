"""Networks in ONNX files: their features against means of pixels, and what is refused with one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from onnx_files import DOUBLE, FLOAT16, UINT8, OnnxRecipe, node, tensor, tensor_elsewhere, write_onnx
from vidlabel.errors import EncoderFileError, InstallationError
from vidlabel.features.encoders.network_files import file_encoder
from vidlabel.features.encoders.network_files.file_encoder import FileEncoder, open_encoder_file

DECLARED: Mapping[str, Any] = {"short_side": 32, "mean": [10.0, 20.0, 30.0], "scale": [1.0, 2.0, 4.0]}
MEAN = (node("ReduceMean", ["x"], "y", axes=[2, 3], keepdims=0),)
MEAN_AS_M = (node("ReduceMean", ["x"], "m", axes=[2, 3], keepdims=0),)
PICTURES = np.random.default_rng(7).integers(0, 256, (3, 32, 32, 3), np.uint8)
SCALED: npt.NDArray[np.float64] = (PICTURES - np.array([10.0, 20.0, 30.0])) / np.array([1.0, 2.0, 4.0])


def recipe(declared: Mapping[str, Any] = DECLARED, **changed: Any) -> OnnxRecipe:  # noqa: ANN401
    metadata = {"vidlabel.preprocessing": json.dumps(declared)}
    return replace(OnnxRecipe(nodes=MEAN, metadata=metadata), **changed)


def features(path: Path, pictures: npt.NDArray[np.uint8] = PICTURES) -> npt.NDArray[np.float32]:
    return FileEncoder(open_encoder_file(path), "cpu", 2).encode(pictures)


GRID = recipe({**DECLARED, "pooling": "mean"}, nodes=[node("Relu", ["x"], "y")], outputs={"y": ("batch", 3, 32, 32)})
TOKENS = OnnxRecipe(
    nodes=[node("Reshape", ["x", "shape"], "rows"), node("Transpose", ["rows"], "y", perm=[0, 2, 1])],
    constants=[tensor("shape", np.array([0, 3, -1], np.int64))],
    outputs={"y": ("batch", 1024, 3)},
)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (recipe(), lambda x: x.mean(axis=(1, 2))),
        (recipe({**DECLARED, "channels": "bgr"}), lambda x: x.mean(axis=(1, 2))[:, ::-1]),
        (recipe(shape=("batch", 3, "high", "wide")), lambda x: x.mean(axis=(1, 2))),
        (recipe(shape=(1, 3, 32, 32)), lambda x: x.mean(axis=(1, 2))),
        (recipe(shape=(8, 3, 32, 32)), lambda x: x.mean(axis=(1, 2))),
        (
            recipe(
                {**DECLARED, "layout": "NHWC", "dtype": "float32"},
                shape=("batch", 32, 32, 3),
                nodes=[node("ReduceMean", ["x"], "y", axes=[1, 2], keepdims=0)],
            ),
            lambda x: x.mean(axis=(1, 2)),
        ),
        (GRID, lambda x: np.maximum(x, 0).mean(axis=(1, 2))),
        (
            replace(TOKENS, metadata=recipe({**DECLARED, "pooling": "cls"}).metadata),
            lambda x: x[:, 0, 0],
        ),
        (
            replace(TOKENS, metadata=recipe({**DECLARED, "pooling": "mean"}).metadata),
            lambda x: x.mean(axis=(1, 2)),
        ),
        (
            recipe(
                {**DECLARED, "output": "z"},
                nodes=[*MEAN, node("Neg", ["y"], "z")],
                outputs={"y": ("batch", 3), "z": ("batch", 3)},
            ),
            lambda x: -x.mean(axis=(1, 2)),
        ),
    ],
    ids=["free batch", "bgr", "free size", "batch 1", "batch 8", "NHWC", "map", "first token", "tokens", "of two"],
)
def test_features_are_those_of_the_declared_pictures(
    tmp_path: Path, made: OnnxRecipe, expected: Callable[[Any], npt.NDArray[np.float64]]
) -> None:
    path = write_onnx(tmp_path / "my.onnx", made)
    np.testing.assert_allclose(features(path), expected(SCALED), rtol=0, atol=2e-4)


def test_half_precision_and_whole_numbers_are_taken(tmp_path: Path) -> None:
    half = write_onnx(tmp_path / "half.onnx", recipe({"short_side": 32, "mean": 0.0, "scale": 255.0}, kind=FLOAT16))
    np.testing.assert_allclose(features(half), PICTURES.mean(axis=(1, 2)) / 255, rtol=0, atol=1e-3)
    cast = [node("Cast", ["x"], "f", to=1), node("ReduceMean", ["f"], "y", axes=[2, 3], keepdims=0)]
    whole = write_onnx(tmp_path / "whole.onnx", recipe({"short_side": 32}, kind=UINT8, nodes=cast))
    np.testing.assert_allclose(features(whole), PICTURES.mean(axis=(1, 2)), rtol=1e-5)


def test_a_feature_does_not_depend_on_what_is_beside_it(tmp_path: Path) -> None:
    encoder = FileEncoder(open_encoder_file(write_onnx(tmp_path / "my.onnx", recipe())), "cpu", 2)
    alone = np.concatenate([encoder.encode(PICTURES[number : number + 1]) for number in range(3)])
    assert encoder.encode(PICTURES).tobytes() == alone.tobytes()
    assert encoder.encode(PICTURES[:0]).shape == (0, 3)


def test_the_declaration_may_lie_beside_the_file(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "my.onnx", recipe(metadata={}))
    with pytest.raises(
        EncoderFileError, match=r'how it takes pictures; write my\.onnx\.json .*{"short_side": 224, "mean'
    ):
        open_encoder_file(path)
    (tmp_path / "my.onnx.json").write_text(json.dumps(DECLARED), encoding="utf-8")
    np.testing.assert_allclose(features(path), SCALED.mean(axis=(1, 2)), rtol=0, atol=2e-4)


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ("[]", "is not an object"),
        ("{", "is no JSON"),
        ({"mean": 0.0, "scale": 1.0}, "short_side: is missing"),
        ({**DECLARED, "short_side": 8}, "short_side: is not from 16 to 4096"),
        ({**DECLARED, "scale": [1, 1]}, "scale: is not a list of 3"),
        ({**DECLARED, "scale": [1, 0, 1]}, "scale: is not above 0"),
        ({"short_side": 32, "mean": 1.0}, "scale: is missing"),
        ({**DECLARED, "std": 1.0}, "std: is not known"),
        ({**DECLARED, "channels": "rbg"}, "channels: must|channels: is not"),
        ({"short_side": 32}, 'mean and scale are not declared; add "mean"'),
        ({**DECLARED, "dtype": "uint8"}, "takes float32, and uint8 is declared"),
        ({**DECLARED, "short_side": 48}, "takes pictures of 32 x 32 pixels, and their short side is 48"),
        ({**DECLARED, "layout": "NHWC"}, r'takes 32 channels in the layout NHWC.*"layout": "NCHW"'),
        ({**DECLARED, "pooling": "mean"}, "leave pooling out"),
        ({**DECLARED, "output": "z"}, "has no output 'z': y"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused(
    tmp_path: Path, declared: str | Mapping[str, Any], problem: str
) -> None:
    text = declared if isinstance(declared, str) else json.dumps(declared)
    path = write_onnx(tmp_path / "my.onnx", recipe(metadata={"vidlabel.preprocessing": text}))
    with pytest.raises(EncoderFileError, match=rf"my\.onnx: .*({problem})"):
        open_encoder_file(path)


FIXED = [node("Reshape", ["x", "shape"], "rows"), node("ReduceMean", ["rows"], "y", axes=[2], keepdims=0)]


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"more_inputs": ["mask"], "nodes": [*MEAN, node("Neg", ["mask"], "n")]}, "needs one input.* has 2: x, mask"),
        ({"shape": (1, 3)}, "takes float32 of 1 x 3, and not pictures with 4 axes"),
        ({"kind": DOUBLE}, "takes float64"),
        ({"shape": ("b", 1, 32, 32)}, "takes 1 channels in the layout NCHW"),
        ({"nodes": [node("Relu", ["x"], "y")], "outputs": {"y": ("b", 3, 32, 32)}}, 'gives a map, .*"pooling": "mean"'),
        ({"nodes": TOKENS.nodes, "constants": TOKENS.constants}, 'gives tokens, .*"mean" or "cls"'),
        ({"nodes": [node("ReduceMean", ["x"], "y", axes=[1, 2, 3], keepdims=0)]}, "gives an output of 1 axes"),
        ({"nodes": [*MEAN, node("Neg", ["y"], "z")], "outputs": {"y": (1, 3), "z": (1, 3)}}, "several outputs"),
        (
            {"nodes": [*MEAN_AS_M, node("Abs", ["m"], "a"), node("Neg", ["a"], "n"), node("Sqrt", ["n"], "y")]},
            "numbers that are not finite",
        ),
        ({"nodes": [*MEAN_AS_M, node("Sub", ["m", "m"], "y")]}, "the same numbers for unlike pictures"),
        (
            {"nodes": FIXED, "constants": [tensor("shape", np.array([8, 3, 1024], np.int64))], "shape": (8, 3, 32, 32)},
            "cannot be run on one picture of 32 x 32 pixels",
        ),
        (
            {"nodes": [node("Add", ["x", "w"], "y")], "constants": [tensor_elsewhere("w", (3, 1, 1), "w.bin")]},
            "keeps its weights in another file: save it as one file",
        ),
        ({"nodes": [node("NoSuchOperation", ["x"], "y")]}, "cannot be read by OpenVINO"),
    ],
)
def test_a_network_of_another_form_is_refused(tmp_path: Path, changed: dict[str, Any], problem: str) -> None:
    path = write_onnx(tmp_path / "my.onnx", recipe(**changed))
    with pytest.raises(EncoderFileError, match=rf"my\.onnx: .*{problem}"):
        open_encoder_file(path)


def test_a_feature_may_have_only_so_many_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_encoder, "MAX_SIZE", 2)
    with pytest.raises(EncoderFileError, match="gives 3 numbers for a picture, and a feature has 1 to 2"):
        open_encoder_file(write_onnx(tmp_path / "my.onnx", recipe()))


@pytest.mark.parametrize("content", [b"", b"no network", b"\x08\x08\x3a\xff\xff\x03ab", b"<?xml version='1.0'?><net/>"])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "my.onnx"
    path.write_bytes(content)
    with pytest.raises(EncoderFileError, match=r"my\.onnx: it (holds no network|is)"):
        open_encoder_file(path)


def test_what_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EncoderFileError, match="no such file"):
        open_encoder_file(tmp_path / "gone.onnx")
    with pytest.raises(EncoderFileError, match="is a folder"):
        open_encoder_file(tmp_path)
    path = write_onnx(tmp_path / "my.onnx", recipe())
    file = open_encoder_file(path)
    monkeypatch.setattr(file_encoder, "is_openvino_installed", lambda: False)
    with pytest.raises(InstallationError, match=r"openvino: runs ONNX files, and is not installed.*\.pt2"):
        open_encoder_file(path)
    path.write_bytes(path.read_bytes() + b"\x00")
    with pytest.raises(EncoderFileError, match="has changed meanwhile"):
        FileEncoder(file, "cpu", 1)


def test_pictures_of_another_size_are_refused_where_the_network_has_one(tmp_path: Path) -> None:
    weight = np.random.default_rng(1).random((3 * 32 * 32, 4)).astype(np.float32)
    nodes = [node("Flatten", ["x"], "f", axis=1), node("MatMul", ["f", "w"], "y")]
    made = recipe(nodes=nodes, constants=[tensor("w", weight)], outputs={"y": ("batch", 4)})
    encoder = FileEncoder(open_encoder_file(write_onnx(tmp_path / "my.onnx", made)), "cpu", 1)
    with pytest.raises(EncoderFileError, match="cannot be run on one picture of 48 x 32 pixels"):
        encoder.encode(np.zeros((2, 32, 48, 3), np.uint8))
