"""Safetensors files: the text and the names in their header, and one hash for some named arrays.

A file begins with 8 bytes that hold the length of the header, little-endian, and the header as JSON; the numbers
follow. The library itself reads the header's metadata from paths only; here it is read from bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    import numpy.typing as npt

METADATA_KEY = "vidlabel"
"""Under which vidlabel's own text stands."""

_LENGTH_BYTES = 8
_MOST_HEADER_BYTES = 1 << 20
"""Of a file that is only looked at; a header takes about a hundred bytes an array."""


def read_metadata(content: bytes) -> str:
    """The text that vidlabel wrote into a safetensors file; empty where there is none.

    Args:
        content: the whole file.

    Raises:
        ValueError: it is no safetensors file.
    """
    length = int.from_bytes(content[:_LENGTH_BYTES], "little")
    if len(content) < _LENGTH_BYTES + length:
        raise ValueError("is cut off")
    try:
        header = json.loads(content[_LENGTH_BYTES : _LENGTH_BYTES + length])
    except RecursionError as error:
        raise ValueError("has a header that is nested too deeply") from error
    metadata = header.get("__metadata__") if isinstance(header, dict) else None
    text = metadata.get(METADATA_KEY, "") if isinstance(metadata, dict) else ""
    return text if isinstance(text, str) else ""


def read_names(file: BinaryIO) -> frozenset[str]:
    """The names of the arrays in a safetensors file, of which only the beginning is read.

    Raises:
        ValueError: it is no safetensors file, or has a header of more than a megabyte.
    """
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    if length > _MOST_HEADER_BYTES:
        raise ValueError("has a header of more than a megabyte")
    try:
        header = json.loads(file.read(length))
    except RecursionError as error:
        raise ValueError("has a header that is nested too deeply") from error
    return frozenset(header) if isinstance(header, dict) else frozenset()


def tensor_digest(tensors: Mapping[str, npt.NDArray[Any]]) -> str:
    """SHA-256 of names, types, shapes and numbers, whatever the order they are given in, as 64 hexadecimal digits."""
    import numpy as np

    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {tensor.dtype.str} {tensor.shape}".encode("ascii"))
        digest.update(tensor.tobytes())
    return digest.hexdigest()
