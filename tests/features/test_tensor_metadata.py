"""The text in the header of a safetensors file, against the library that writes it."""

from __future__ import annotations

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from vidlabel.features.tensor_metadata import read_metadata

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
