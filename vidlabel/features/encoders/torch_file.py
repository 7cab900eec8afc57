"""Files of tensors that `torch.save` wrote, read without torch.

In its first format such a file holds pickles one after the other: a number that marks the format, its version, facts
of the machine, the tensors with references to their numbers, and the keys of those; then the numbers. Since torch 1.6
it is a ZIP archive: a pickle of the tensors, and a file for the numbers of each key. A pickle may name any function to
be called when it is loaded: here it can name those that tensors are made of, and nothing else.
"""

from __future__ import annotations

import io
import pickle
import zipfile
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
_ARCHIVE_START = b"PK\x03\x04"
_TENSORS = "/data.pkl"
_IS_ENCRYPTED = 1


def read_torch_file(content: bytes) -> dict[str, npt.NDArray[Any]]:
    """The arrays by name.

    Args:
        content: the whole file.

    Raises:
        ValueError: it is no such file, or holds something else than tensors.
    """
    read = _read_archive if content.startswith(_ARCHIVE_START) else _read_first_format
    try:
        tensors, numbers = read(content)
        return {name: place.array(numbers[place.storage.key]) for name, place in tensors.items()}
    except (
        *(pickle.UnpicklingError, EOFError, AttributeError, LookupError, TypeError, ValueError),
        *(zipfile.BadZipFile, NotImplementedError, OverflowError),
    ) as error:
        raise ValueError(f"cannot be read ({error})") from error


def _read_archive(content: bytes) -> tuple[Mapping[str, _TensorPlace], Mapping[str, npt.NDArray[Any]]]:
    """Where the tensors are by name, and the numbers by key."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & _IS_ENCRYPTED:
                raise ValueError(f"{entry.filename} is compressed or encrypted")
        (root,) = [name.removesuffix(_TENSORS) for name in archive.namelist() if name.endswith(_TENSORS)]
        if f"{root}/byteorder" in archive.namelist() and archive.read(f"{root}/byteorder") != b"little":
            raise ValueError("its numbers have their bytes in another order")
        tensors = _Unpickler(io.BytesIO(archive.read(f"{root}{_TENSORS}"))).load()
        types = {place.storage.key: place.storage.type_name for place in tensors.values()}
        numbers = {key: np.frombuffer(archive.read(f"{root}/data/{key}"), types[key]) for key in types}
    return tensors, numbers


def _read_first_format(content: bytes) -> tuple[Mapping[str, _TensorPlace], Mapping[str, npt.NDArray[Any]]]:
    """As `_read_archive`."""
    file = io.BytesIO(content)
    tensors, keys = _read_places(file)
    types = {place.storage.key: place.storage.type_name for place in tensors.values()}
    return tensors, {key: _read_numbers(content, file, types[key]) for key in keys}


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
        """A copy.

        Raises:
            ValueError: it is not among the numbers.
        """
        last = self.offset + sum((size - 1) * stride for size, stride in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or (0 not in self.shape and last >= numbers.size):
            raise ValueError(f"a tensor of {self.shape} is not among {numbers.size} numbers")
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
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda place, *_: place
        if module == "torch" and name in _TYPES:
            return lambda: name
        raise pickle.UnpicklingError(f"names {module}.{name}, which is no part of a tensor")

    def persistent_load(self, reference: tuple[Any, ...]) -> _Storage:
        _, make_name, key, *_ = reference
        return _Storage(_TYPES[make_name()], key)
