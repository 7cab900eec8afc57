"""What an ONNX file says of itself, read without the library of that name.

The format is Protocol Buffers: fields with a number and a value, in any order (onnx.proto of github.com/onnx/onnx).
OpenVINO runs the network, but tells neither of the metadata nor of weights that lie elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_GRAPH, _METADATA = 7, 14
_INITIALIZER, _INPUT, _OUTPUT = 5, 11, 12
_TENSOR_NAME, _TENSOR_LOCATION = 8, 14
_BYTES = 2
"""Wire type of text, bytes and messages."""
_FIXED = {1: 8, 5: 4}
_ELEMENTS = {1: "float32", 2: "uint8", 10: "float16", 11: "float64"}
"""By their number in TensorProto.DataType."""


@dataclass(frozen=True, slots=True)
class OnnxInput:
    """One input of a network."""

    name: str
    element: str
    """`float32`, or another type; `type N` for one that no picture has."""
    shape: tuple[int | None, ...]
    """None: any size."""


@dataclass(slots=True)
class OnnxDescription:
    """What stands in a file beside its numbers."""

    metadata: dict[str, str] = field(default_factory=dict)
    inputs: list[OnnxInput] = field(default_factory=list)
    """But for those that have a value in the file."""
    outputs: list[str] = field(default_factory=list)
    weights_elsewhere: bool = False
    """Whether weights lie in another file."""


def describe_onnx(content: bytes) -> OnnxDescription:
    """Read the description in an ONNX file.

    Raises:
        ValueError: it is none.
    """
    found = OnnxDescription()
    graphs = []
    try:
        for number, value in _fields(memoryview(content)):
            if number == _METADATA and isinstance(value, memoryview):
                entry = dict(_fields(value))
                found.metadata[_text(entry.get(1))] = _text(entry.get(2))
            elif number == _GRAPH and isinstance(value, memoryview):
                graphs.append(value)
        if len(graphs) != 1:
            raise ValueError("it holds no network")
        _describe_graph(graphs[0], found)
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("it is cut off or damaged") from error
    return found


def _describe_graph(graph: memoryview, found: OnnxDescription) -> None:
    constants = set()
    for number, value in _fields(graph):
        if not isinstance(value, memoryview):
            continue
        if number == _INITIALIZER:
            tensor = dict(_fields(value))
            constants.add(_text(tensor.get(_TENSOR_NAME)))
            found.weights_elsewhere |= tensor.get(_TENSOR_LOCATION) == 1
        elif number == _INPUT:
            found.inputs.append(_input(value))
        elif number == _OUTPUT:
            found.outputs.append(_text(dict(_fields(value)).get(1)))
    found.inputs = [one for one in found.inputs if one.name not in constants]


def _input(value: memoryview) -> OnnxInput:
    """ValueInfoProto: a name, and a type with the shape of a tensor."""
    fields = dict(_fields(value))
    kind = dict(_fields(_message(fields.get(2))))
    tensor = dict(_fields(_message(kind.get(1))))
    number = tensor.get(1)
    element = _ELEMENTS.get(number, f"type {number}") if isinstance(number, int) else "no tensor"
    sizes = []
    for key, size in _fields(_message(tensor.get(2))):
        if key == 1:
            own = dict(_fields(_message(size))).get(1)
            sizes.append(own if isinstance(own, int) and own > 0 else None)
    return OnnxInput(_text(fields.get(1)), element, tuple(sizes))


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field of a message; fixed numbers, which nothing here needs, as bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == 0:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, place = _varint(message, place)
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise ValueError("it is no ONNX file")
        if place + length > len(message):
            raise IndexError
        yield key >> 3, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A number of 7 bits a byte, the lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, place
        if shift > 63:
            raise IndexError


def _message(value: int | memoryview | None) -> memoryview:
    return value if isinstance(value, memoryview) else memoryview(b"")


def _text(value: int | memoryview | None) -> str:
    return bytes(_message(value)).decode("utf-8")
