"""Safetensors files: their headers against the library that writes them; one hash as it is defined, and different
for all that differs."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from vidlabel.tensor_files import read_metadata, tensor_digest

TENSORS = {"x": np.arange(5, dtype=np.float32)}


@given(st.text())
def test_what_the_library_writes_is_read(text: str) -> None:
    assert read_metadata(save(TENSORS, {"vidlabel": text, "format": "pt"})) == text


def test_files_of_others_have_none() -> None:
    assert read_metadata(save(TENSORS)) == ""
    assert read_metadata(save(TENSORS, {"format": "pt"})) == ""


def with_header(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header


@pytest.mark.parametrize(
    "header", [{"__metadata__": None}, {"__metadata__": {"vidlabel": 3}}, {"__metadata__": ["vidlabel"]}, [], "x", 7]
)
def test_metadata_of_another_kind_is_none(header: object) -> None:
    assert read_metadata(with_header(json.dumps(header).encode())) == ""


@pytest.mark.parametrize(
    "content", [with_header(b"{}")[:-1], with_header(b"{"), with_header(b"[" * 100_000), b"\xff" * 8]
)
def test_what_is_no_such_file_is_a_value_error(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_metadata(content)


@given(st.binary(max_size=40))
def test_any_bytes_give_text_or_a_value_error(content: bytes) -> None:
    with suppress(ValueError):
        assert read_metadata(content) == ""


BIAS = np.arange(3, dtype=np.float32)
WEIGHT = np.arange(6, dtype=np.float16).reshape(2, 3)


def test_it_is_names_types_shapes_and_numbers_in_the_order_of_names() -> None:
    stated = b"bias <f4 (3,)" + BIAS.tobytes() + b"weight <f2 (2, 3)" + WEIGHT.tobytes()
    assert tensor_digest({"weight": WEIGHT, "bias": BIAS}) == hashlib.sha256(stated).hexdigest()


def test_neither_order_nor_layout_in_memory_matter() -> None:
    other = np.asfortranarray(WEIGHT)
    assert not other.flags.c_contiguous
    assert tensor_digest({"bias": BIAS, "weight": other}) == tensor_digest({"weight": WEIGHT, "bias": BIAS})


def test_whatever_differs_gives_another_hash() -> None:
    changed = WEIGHT.copy()
    changed[1, 2] += 1
    found = {
        tensor_digest(tensors)
        for tensors in (
            {},
            {"weight": WEIGHT},
            {"other": WEIGHT},
            {"weight": changed},
            {"weight": WEIGHT.T},
            {"weight": WEIGHT.reshape(3, 2)},
            {"weight": WEIGHT.astype(np.float32)},
            {"weight": WEIGHT.view(np.uint16)},
        )
    }
    assert len(found) == 8
