"""Small ONNX files, written byte by byte: the format is Protocol Buffers, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.

Any library that reads ONNX reads them; none is needed to write them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

FLOAT, UINT8, INT64, FLOAT16, DOUBLE = 1, 2, 7, 10, 11
"""Types of elements."""
_TYPES = {"float32": FLOAT, "uint8": UINT8, "int64": INT64, "float16": FLOAT16, "float64": DOUBLE}

Size = int | str
"""Of a dimension: a number, or the name of one that is free."""


def _varint(value: int) -> bytes:
    out = bytearray()
    value &= (1 << 64) - 1
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(key: int, value: int) -> bytes:
    return _varint(key << 3) + _varint(value)


def _text(key: int, value: str | bytes) -> bytes:
    content = value.encode() if isinstance(value, str) else value
    return _varint(key << 3 | 2) + _varint(len(content)) + content


def _value_info(name: str, kind: int, shape: Sequence[Size]) -> bytes:
    sizes = (_text(1, _number(1, size) if isinstance(size, int) else _text(2, size)) for size in shape)
    return _text(1, name) + _text(2, _text(1, _number(1, kind) + _text(2, b"".join(sizes))))


def tensor(name: str, values: npt.ArrayLike) -> bytes:
    """A constant."""
    array = np.ascontiguousarray(values)
    kind = _TYPES[array.dtype.name]
    return (
        b"".join(_number(1, size) for size in array.shape)
        + _number(2, kind)
        + _text(8, name)
        + _text(9, array.tobytes())
    )


def tensor_elsewhere(name: str, shape: Sequence[int], file: str) -> bytes:
    """A constant whose numbers lie in another file."""
    entry = _text(1, "location") + _text(2, file)
    return (
        b"".join(_number(1, size) for size in shape)
        + _number(2, FLOAT)
        + _text(8, name)
        + _text(13, entry)
        + _number(14, 1)
    )


def node(operation: str, inputs: Sequence[str], output: str, **attributes: int | float | Sequence[int]) -> bytes:
    """One operation."""
    parts = [*(_text(1, name) for name in inputs), _text(2, output), _text(4, operation)]
    for name, value in attributes.items():
        if isinstance(value, int):
            own = _number(3, value) + _number(20, 2)
        elif isinstance(value, float):
            own = _varint(2 << 3 | 5) + struct.pack("<f", value) + _number(20, 1)
        else:
            own = b"".join(_number(8, one) for one in value) + _number(20, 7)
        parts.append(_text(5, _text(1, name) + own))
    return b"".join(parts)


@dataclass(frozen=True, kw_only=True)
class OnnxRecipe:
    """A network of pictures."""

    nodes: Sequence[bytes]
    constants: Sequence[bytes] = ()
    shape: Sequence[Size] = ("batch", 3, 32, 32)
    kind: int = FLOAT
    more_inputs: Sequence[str] = ()
    outputs: Mapping[str, Sequence[Size]] = field(default_factory=lambda: {"y": ("batch", 3)})
    metadata: Mapping[str, str] = field(default_factory=dict)


def write_onnx(path: Path, recipe: OnnxRecipe) -> Path:
    """Write a file."""
    inputs = [_value_info("x", recipe.kind, recipe.shape)]
    inputs += [_value_info(name, FLOAT, (1,)) for name in recipe.more_inputs]
    outputs = [
        _value_info(name, recipe.kind if recipe.kind != UINT8 else FLOAT, s) for name, s in recipe.outputs.items()
    ]
    graph = b"".join(
        [
            *(_text(1, one) for one in recipe.nodes),
            _text(2, "network"),
            *(_text(5, constant) for constant in recipe.constants),
            *(_text(11, one) for one in inputs),
            *(_text(12, one) for one in outputs),
        ]
    )
    metadata = (_text(14, _text(1, name) + _text(2, value)) for name, value in recipe.metadata.items())
    path.write_bytes(_number(1, 8) + _text(8, _text(1, "") + _number(2, 17)) + _text(7, graph) + b"".join(metadata))
    return path


def write_channel_encoder(path: Path, *channels: int) -> Path:
    """A network that sees some of red (0), green and blue of pictures of 32 x 32: the mean of each."""
    nodes = [node("Gather", ["x", "seen"], "s", axis=1), node("ReduceMean", ["s"], "y", axes=[2, 3], keepdims=0)]
    return write_onnx(
        path,
        OnnxRecipe(
            nodes=nodes,
            constants=[tensor("seen", np.array(channels, np.int64))],
            outputs={"y": ("batch", len(channels))},
            metadata={"vidlabel.preprocessing": json.dumps({"short_side": 32, "mean": 127.0, "scale": 128.0})},
        ),
    )
