"""The model file as bytes: a safetensors file with the model's description in its header.

The layout (github.com/huggingface/safetensors): 8 bytes with the length of the header, little-endian; the header, a
JSON object that gives each tensor its type, shape and place; the numbers, without gaps.

A file may come from anywhere. Its size, the header and the arithmetic of all places are checked before any number is
read, and the shapes must be those that follow from the description, so that nothing larger than the file is allocated.
"""

from __future__ import annotations

import hashlib
import math
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from vidlabel.errors import ModelFileError
from vidlabel.files import atomic_write
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.spec import ModelSpec, NewerVersionError
from vidlabel.json_text import parse_json
from vidlabel.tensor_files import tensor_digest

if TYPE_CHECKING:  # to read the description alone needs no numpy
    import numpy as np
    import numpy.typing as npt

    Tensors = Mapping[str, npt.NDArray[np.float32]]


Shape = tuple[int, ...]
# Rows of the matrices of one layer, in hidden sizes: one block for each gate.
_GATES = {"rnn": 1, "lstm": 4, "gru": 3}


def tensor_shapes(spec: ModelSpec) -> dict[str, Shape]:
    """Names and shapes of all tensors in the file of a model; all of them are float32."""
    shapes = {
        f"{head_prefix(number)}{name}": shape
        for number, member in enumerate(spec.members)
        for name, shape in head_shapes(member.head).items()
    }
    for number, (stream, size) in enumerate(zip(spec.streams, spec.projected_sizes or (), strict=False)):
        shapes[f"{projection_prefix(number)}mean"] = (stream.size,)
        shapes[f"{projection_prefix(number)}components"] = (size, stream.size)
    for number, tuned in enumerate(spec.tuned_encoders):
        shapes |= {f"{encoder_prefix(number)}{tensor.name}": tensor.shape for tensor in tuned.tensors}
    return shapes


def projection_prefix(number: int) -> str:
    """How the names of the tensors of a stream's projection begin; streams are counted from 0."""
    return f"projection.{number}."


def head_prefix(number: int) -> str:
    """How the names of the tensors of a member's head begin; members are counted from 0."""
    return f"members.{number}."


def encoder_prefix(number: int) -> str:
    """How the names of the tensors of a tuned encoder begin; `spec.tuned_encoders` are counted from 0."""
    return f"encoders.{number}."


def head_shapes(config: HeadConfig) -> dict[str, Shape]:
    """Names and shapes of the parameters in `build_head(config).state_dict()`."""
    shapes = _recurrence_shapes(config)
    shapes["output.weight"] = (config.outputs, config.readout_size)
    shapes["output.bias"] = (config.outputs,)
    return shapes


def _recurrence_shapes(config: HeadConfig) -> dict[str, Shape]:
    if config.gated_sizes is None:
        return _ungated_shapes(config, "recurrence")
    count = len(config.gated_sizes)
    shapes = {"recurrence.gate.weight": (count, config.input_size), "recurrence.gate.bias": (count,)}
    return {**shapes, **_ungated_shapes(config, "recurrence.inner")}


def _ungated_shapes(config: HeadConfig, prefix: str) -> dict[str, Shape]:
    if config.kind == "mean" or config.scaled_identity is not None:
        return {}
    shapes: dict[str, Shape] = {}
    for layer in range(config.layers):
        inputs = config.input_size if layer == 0 else config.readout_size
        for backwards in (False, True)[: 2 if config.bidirectional else 1]:
            if config.kind == "gru-article":
                direction = "backwards" if backwards else "forwards"
                shapes |= _article_shapes(f"{prefix}.{direction}.{layer}", inputs, config)
            else:
                suffix = f"l{layer}{'_reverse' if backwards else ''}"
                shapes |= _torch_shapes(f"{prefix}.network", suffix, inputs, config)
    return shapes


def _torch_shapes(prefix: str, suffix: str, inputs: int, config: HeadConfig) -> dict[str, Shape]:
    rows = _GATES[config.kind] * config.hidden_size
    return {
        f"{prefix}.weight_ih_{suffix}": (rows, inputs),
        f"{prefix}.weight_hh_{suffix}": (rows, config.hidden_size),
        f"{prefix}.bias_ih_{suffix}": (rows,),
        f"{prefix}.bias_hh_{suffix}": (rows,),
    }


def _article_shapes(prefix: str, inputs: int, config: HeadConfig) -> dict[str, Shape]:
    hidden = config.hidden_size
    return {
        f"{prefix}.inputs.weight": (3 * hidden, inputs),
        f"{prefix}.inputs.bias": (3 * hidden,),
        f"{prefix}.gates.weight": (2 * hidden, hidden),
        f"{prefix}.candidate.weight": (hidden, hidden),
    }


METADATA_KEY = "vidlabel"
MAX_FILE_BYTES = 1 << 30
MAX_HEADER_BYTES = 16 << 20
"""Room for the labels, thresholds and history of a model; 1000 labels take about 50 kB."""
_LENGTH_BYTES = 8
_FLOAT_BYTES = 4
_REMEDY = "give a model that vidlabel wrote, or the name of a shipped one (see `vidlabel models`)"
# What people hand over by mistake, by the bytes at the start.
_OTHER_KINDS = (
    (b"PK\x03\x04", "is a zip archive, perhaps a PyTorch checkpoint, which may run code when it is loaded"),
    (b"\x80\x02", "is a Python pickle, which may run code when it is loaded"),
    (b"\xff\xd8\xff", "is a JPEG picture"),
    (b"\x89PNG", "is a PNG picture"),
    (b"\x1a\x45\xdf\xa3", "is a Matroska or WebM video"),
    (b"\x89HDF", "is an HDF5 file"),
    (b"GGUF", "is a GGUF file"),
    (b"version https://git-lfs", "is a Git LFS pointer to the model, not the model"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The checked header of a model file."""

    spec: ModelSpec
    places: Mapping[str, int]
    """Where each tensor starts, bytes from the end of the header."""
    raw: bytes
    """All bytes up to the first number."""
    data_bytes: int


class _UnfitError(ValueError):
    """A sentence without its subject: `is cut off`. With what to do, if that is not the usual."""

    def __init__(self, problem: str, remedy: str = _REMEDY) -> None:
        self.remedy = remedy
        super().__init__(problem)


def read_spec(path: Path) -> ModelSpec:
    """Read the description in a model file; needs neither torch nor numpy.

    Raises:
        ModelFileError: there is no such file, it is no model file, it is damaged, or a newer vidlabel made it.
    """
    with _open_model_file(path) as (file, size):
        return _read_header(file, size).spec


def read_model_file(path: Path) -> tuple[ModelSpec, Tensors, str]:
    """Read a model file.

    Returns:
        Its description, its tensors by name, and the SHA-256 of the file in hexadecimal.

    Raises:
        ModelFileError: as `read_spec`, and for numbers that are not finite, or not those of a tuned encoder.
    """
    with _open_model_file(path) as (file, size):
        header = _read_header(file, size)
        data = file.read(header.data_bytes)
        if len(data) != header.data_bytes:
            raise _UnfitError("changed while it was read", "try again")
        tensors = _tensors(header, data)
        if not _encoders_are_whole(header.spec, tensors):
            raise _UnfitError("holds other weights of an encoder than it says: it is damaged or changed")
    digest = hashlib.sha256(header.raw)
    digest.update(data)
    return header.spec, tensors, digest.hexdigest()


def write_model_file(spec: ModelSpec, tensors: Tensors, path: Path) -> str:
    """Write a model file, whole or not at all; the same content gives the same bytes.

    Args:
        spec: the description of the model.
        tensors: float32 by name, as `tensor_shapes(spec)` asks for.
        path: an older file there is replaced.

    Returns:
        The SHA-256 of the file in hexadecimal.

    Raises:
        ValueError: the tensors do not fit the description, or a number in them is not finite.
        OutputError: the file cannot be written.
    """
    import numpy as np
    from safetensors.numpy import save

    expected = tensor_shapes(spec)
    if {name: tensor.shape for name, tensor in tensors.items()} != expected:
        raise ValueError("the tensors do not have the names and shapes that the description asks for")
    for name, tensor in tensors.items():
        if tensor.dtype != np.float32 or not np.isfinite(tensor).all():
            raise ValueError(f"{name} holds numbers that are no finite float32")
    if not _encoders_are_whole(spec, tensors):
        raise ValueError("the tensors of an encoder do not have the digest that the description names")
    content = save({name: np.ascontiguousarray(tensors[name]) for name in expected}, {METADATA_KEY: spec.to_json()})
    with atomic_write(path) as file:
        file.write(content)
    return hashlib.sha256(content).hexdigest()


def encoder_tensors(spec: ModelSpec, tensors: Tensors) -> Mapping[str, Tensors]:
    """The tensors of each tuned encoder by their names in it, by the digest that the description names."""
    found = {}
    for number, tuned in enumerate(spec.tuned_encoders):
        found[tuned.sha256] = {t.name: tensors[f"{encoder_prefix(number)}{t.name}"] for t in tuned.tensors}
    return found


def _encoders_are_whole(spec: ModelSpec, tensors: Tensors) -> bool:
    return all(tensor_digest(own) == sha256 for sha256, own in encoder_tensors(spec, tensors).items())


@contextmanager
def _open_model_file(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """The open file and its size; whatever is wrong with it inside the block becomes an error that names it."""
    try:
        _check_regular(path)
        with path.open("rb") as file:
            yield file, os.fstat(file.fileno()).st_size
    except _UnfitError as error:
        raise ModelFileError(path, str(error), error.remedy) from error
    except NewerVersionError as error:
        raise ModelFileError(path, str(error), "upgrade vidlabel") from error
    except OSError as error:
        raise ModelFileError(path, f"cannot be opened ({error.strerror or error})", _REMEDY) from error


def _check_regular(path: Path) -> None:
    """Refuse what is no file before it is opened: to open a pipe would wait for its writer."""
    try:
        mode = path.stat().st_mode
    except ValueError as error:  # a zero byte
        raise _UnfitError("is no name of a file") from error
    if not stat.S_ISREG(mode):
        raise _UnfitError("is a folder" if stat.S_ISDIR(mode) else "is no regular file")


def _read_header(file: BinaryIO, size: int) -> Header:
    start = file.read(64)
    for magic, what in _OTHER_KINDS:
        if start.startswith(magic):
            raise _UnfitError(what)
    if size < _LENGTH_BYTES:
        raise _UnfitError("is empty" if size == 0 else "is cut off")
    if size > MAX_FILE_BYTES:
        raise _UnfitError(f"has more than {MAX_FILE_BYTES >> 30} GiB: no model is as large")
    length = int.from_bytes(start[:_LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES or start[_LENGTH_BYTES : _LENGTH_BYTES + 1] not in (b"{", b""):
        raise _UnfitError("is no safetensors file")
    data_bytes = size - _LENGTH_BYTES - length
    if data_bytes < 0:
        raise _UnfitError("is cut off")
    file.seek(0)
    raw = file.read(_LENGTH_BYTES + length)
    if len(raw) != _LENGTH_BYTES + length:
        raise _UnfitError("changed while it was read", "try again")
    return _parse_header(raw, data_bytes)


def _parse_header(raw: bytes, data_bytes: int) -> Header:
    try:
        content = parse_json(raw[_LENGTH_BYTES:])
    except ValueError as error:
        raise _UnfitError(f"has a header that cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise _UnfitError("has a header that is no object")
    metadata = content.pop("__metadata__", None)
    description = metadata.get(METADATA_KEY) if isinstance(metadata, dict) else None
    if not isinstance(description, str):
        raise _UnfitError("is a safetensors file, but no vidlabel model")
    try:
        spec = ModelSpec.from_json(description)
    except NewerVersionError:
        raise
    except ValueError as error:
        raise _UnfitError(f"has a description that cannot be used: {error}") from error
    return Header(spec, _checked_places(content, tensor_shapes(spec), data_bytes), raw, data_bytes)


def _checked_places(content: dict[str, object], expected: Mapping[str, Shape], data_bytes: int) -> dict[str, int]:
    """Where the tensors start, if they are those expected and fill the data without gap or overlap."""
    if content.keys() != expected.keys():
        name = min(content.keys() ^ expected.keys())
        verb = "lacks" if name in expected else "holds"
        raise _UnfitError(f"{verb} the tensor {name[:60]!r}, against its description")
    spans = {name: _checked_span(name, content[name], shape) for name, shape in expected.items()}
    end = 0
    for name, (first, past) in sorted(spans.items(), key=lambda item: item[1]):
        if first != end:
            raise _UnfitError(f"has a gap or an overlap before the tensor {name!r}")
        end = past
    if end != data_bytes:
        raise _UnfitError("is cut off" if end > data_bytes else "goes on after its last tensor")
    return {name: first for name, (first, _) in spans.items()}


def _checked_span(name: str, entry: object, shape: Shape) -> tuple[int, int]:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _UnfitError(f"has a damaged entry for the tensor {name!r}")
    if entry["dtype"] != "F32":
        raise _UnfitError(f"holds the tensor {name!r} in another type than F32")
    if not _are_whole(entry["shape"]) or tuple(entry["shape"]) != shape:
        raise _UnfitError(f"holds the tensor {name!r} in another shape than its description asks for")
    offsets = entry["data_offsets"]
    if not _are_whole(offsets) or len(offsets) != 2 or offsets[1] - offsets[0] != _FLOAT_BYTES * math.prod(shape):
        raise _UnfitError(f"has a wrong place for the tensor {name!r}")
    return offsets[0], offsets[1]


def _are_whole(numbers: object) -> bool:
    return isinstance(numbers, list) and all(type(number) is int for number in numbers)


def _tensors(header: Header, data: bytes) -> Tensors:
    import numpy as np

    tensors = {}
    for name, shape in tensor_shapes(header.spec).items():
        numbers = np.frombuffer(data, dtype="<f4", count=math.prod(shape), offset=header.places[name])
        if not np.isfinite(numbers).all():
            raise _UnfitError(f"holds numbers that are not finite, in the tensor {name!r}")
        tensors[name] = numbers.astype(np.float32).reshape(shape)
    return tensors
