"""Files of tensors that `torch.save` wrote in its first format, read without torch.

Such a file holds pickles one after the other: a number that marks the format, its version, facts of the machine, the
tensors with references to their numbers, and the keys of those; then the numbers. A pickle may name any function to be
called when it is loaded: here it can name those that tensors are made of, and nothing else. Only files whose digest is
known come here.
"""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_VERSION = 1001
_TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}
_LENGTH_BYTES = 8


def read_torch_file(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays by name.

    Args:
        content: the whole file.

    Raises:
        ValueError: it is no such file, or holds something else than tensors.
    """
    file = io.BytesIO(content)
    try:
        tensors, keys = _read_places(file)
        types = {place.storage.key: place.storage.type_name for place in tensors.values()}
        numbers = {key: _read_numbers(content, file, types[key]) for key in keys}
    except (pickle.UnpicklingError, EOFError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ValueError(f"cannot be read ({error})") from error
    return {name: place.array(numbers[place.storage.key]) for name, place in tensors.items()}


def _read_places(file: io.BytesIO) -> tuple[Mapping[str, _TensorPlace], list[str]]:
    """Where the tensors are by name, and the keys of all storages in their order."""
    if (_Unpickler(file).load(), _Unpickler(file).load()) != (_MAGIC_NUMBER, _VERSION):
        raise ValueError("no file of this format")
    _Unpickler(file).load()
    return _Unpickler(file).load(), _Unpickler(file).load()


def _read_numbers(content: bytes, file: io.BytesIO, type_name: str) -> npt.NDArray[Any]:
    count = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    numbers = np.frombuffer(content, type_name, count, file.tell())
    file.seek(numbers.nbytes, io.SEEK_CUR)
    return numbers


@dataclass(frozen=True, slots=True)
class _Storage:
    """A reference to numbers."""

    type_name: str
    key: str


@dataclass(frozen=True, slots=True)
class _TensorPlace:
    """Which of the numbers of a storage are a tensor."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In numbers."""

    def array(self, numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """A copy."""
        steps = tuple(stride * numbers.itemsize for stride in self.strides)
        return np.lib.stride_tricks.as_strided(numbers[self.offset :], self.shape, steps, writeable=False).copy()


class _Names(OrderedDict[str, _TensorPlace]):
    """torch hangs attributes of its own to the dictionary of tensors."""


def _place(
    storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: object
) -> _TensorPlace:
    return _TensorPlace(storage, offset, shape, strides)


class _Unpickler(pickle.Unpickler):
    """Knows the names that tensors are made of."""

    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        if (module, name) == ("collections", "OrderedDict"):
            return _Names
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _place
        if module == "torch" and name in _TYPES:
            return lambda: name
        raise pickle.UnpicklingError(f"names {module}.{name}, which is no part of a tensor")

    def persistent_load(self, reference: tuple[Any, ...]) -> _Storage:
        _, make_name, key, *_ = reference
        return _Storage(_TYPES[make_name()], key)
