"""Files of both formats of torch: what torch itself writes and reads, and what must not be called."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch

from vidlabel.features.encoders.torch_file import read_torch_file
from vidlabel.features.encoders.weights import published_weights, weights_path

BOTH_FORMATS = pytest.mark.parametrize("as_archive", [False, True], ids=["first format", "archive"])


def saved(content: object, *, as_archive: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=as_archive)
    return file.getvalue()


def rewritten(content: bytes, changed: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An archive with other contents of some files, by their last names without endings."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(file, "w", compression) as after:
        for name in before.namelist():
            after.writestr(name, changed.get(Path(name).stem, before.read(name)))
    return file.getvalue()


def test_the_published_weights_are_those_that_torch_reads() -> None:
    path = weights_path(published_weights("efficientnet-lite0"))
    expected = torch.load(path, map_location="cpu", weights_only=True)
    found = read_torch_file(path.read_bytes())
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        np.testing.assert_array_equal(found[name], tensor.numpy(), strict=True)


@BOTH_FORMATS
def test_views_and_shared_numbers(as_archive: bool) -> None:
    numbers = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    views = {"whole": numbers, "turned": numbers.T, "part": numbers[1:3, 2:5], "number": torch.tensor(7)}
    views["parameter"] = torch.nn.Parameter(numbers)
    found = read_torch_file(saved(OrderedDict(views), as_archive=as_archive))
    for name, tensor in views.items():
        np.testing.assert_array_equal(found[name], tensor.detach().numpy(), strict=True)


def test_weights_of_a_network_are_read_from_an_archive() -> None:
    network = torch.nn.Sequential(torch.nn.Conv3d(3, 4, (1, 7, 7), bias=False), torch.nn.BatchNorm3d(4))
    found = read_torch_file(saved(network.state_dict(), as_archive=True))
    assert list(found) == ["0.weight", *(f"1.{name}" for name in network[1].state_dict())]
    for name, tensor in network.state_dict().items():
        np.testing.assert_array_equal(found[name], tensor.numpy(), strict=True)


class Caller:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._path),)


def test_nothing_else_is_called(tmp_path: Path) -> None:
    target = tmp_path / "made"
    harmful = pickle.dumps(Caller(target))
    archive = saved({"a": torch.zeros(1)}, as_archive=True)
    for content in (
        saved({"a": Caller(target)}),
        saved({"a": Caller(target)}, as_archive=True),
        harmful,
        saved({"a": torch.zeros(1)})[:33] + harmful,
        rewritten(archive, {"data": harmful}),
    ):
        with pytest.raises(ValueError, match="cannot be read"):
            read_torch_file(content)
    assert not target.exists()


@pytest.mark.parametrize("content", [b"", b"no such file", b"PK\x03\x04", pickle.dumps(7), pickle.dumps(7) * 4])
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        read_torch_file(content)


def test_archives_that_torch_does_not_write_are_refused() -> None:
    archive = saved({"a": torch.zeros(1000)}, as_archive=True)
    assert read_torch_file(rewritten(archive, {}))["a"].shape == (1000,)
    with pytest.raises(ValueError, match="is compressed or encrypted"):
        read_torch_file(rewritten(archive, {}, zipfile.ZIP_DEFLATED))
    with pytest.raises(ValueError, match="bytes in another order"):
        read_torch_file(rewritten(archive, {"byteorder": b"big"}))
    with pytest.raises(ValueError, match=r"a tensor of \(1000,\) is not among 999 numbers"):
        read_torch_file(rewritten(archive, {"0": bytes(4 * 999)}))


@BOTH_FORMATS
def test_a_file_that_is_cut_off_is_refused(as_archive: bool) -> None:
    content = saved({"a": torch.zeros(100)}, as_archive=as_archive)
    for length in (len(content) // 2, len(content) - 1):
        with pytest.raises(ValueError):  # noqa: PT011 - of NumPy, where numbers are missing
            read_torch_file(content[:length])
