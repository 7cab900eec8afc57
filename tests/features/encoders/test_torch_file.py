"""Files of torch's first format: what torch itself writes and reads, and what must not be called."""

from __future__ import annotations

import io
import os
import pickle
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from vidlabel.features.encoders.torch_file import read_torch_file
from vidlabel.features.encoders.weights import published_weights, weights_path


def saved(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=False)
    return file.getvalue()


def test_the_published_weights_are_those_that_torch_reads() -> None:
    path = weights_path(published_weights("efficientnet-lite0"))
    expected = torch.load(path, map_location="cpu", weights_only=True)
    found = read_torch_file(path.read_bytes())
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name], tensor.numpy(), strict=True)


def test_views_and_shared_numbers() -> None:
    numbers = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    views = {"whole": numbers, "turned": numbers.T, "part": numbers[1:3, 2:5], "number": torch.tensor(7)}
    found = read_torch_file(saved(OrderedDict(views)))
    for name, tensor in views.items():
        np.testing.assert_array_equal(found[name], tensor.numpy(), strict=True)


class Caller:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._path),)


def test_nothing_else_is_called(tmp_path: Path) -> None:
    target = tmp_path / "made"
    harmful = pickle.dumps(Caller(target))
    for content in (saved({"a": Caller(target)}), harmful, saved({"a": torch.zeros(1)})[:33] + harmful):
        with pytest.raises(ValueError, match="cannot be read"):
            read_torch_file(content)
    assert not target.exists()


@pytest.mark.parametrize("content", [b"", b"no such file", b"PK\x03\x04", pickle.dumps(7), pickle.dumps(7) * 4])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_torch_file(content)


def test_a_file_that_is_cut_off_is_refused() -> None:
    content = saved({"a": torch.zeros(100)})
    for length in (len(content) // 2, len(content) - 1):
        with pytest.raises(ValueError):  # noqa: PT011 - of NumPy, where numbers are missing
            read_torch_file(content[:length])
