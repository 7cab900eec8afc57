"""JSON text that nobody vouches for: against Python's own parser where that takes the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.json_text import MAX_DEPTH, check_json_object, parse_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_json_is_read_as_python_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert parse_json(text) == json.loads(text)
    assert parse_json(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1, "a": 2}', "the key 'a' stands there twice"),
        ('[{"x": {"b": 1, "c": 2, "b": 1}}]', "the key 'b' stands there twice"),
        ("NaN", "NaN is no JSON"),
        ("[-Infinity]", "-Infinity is no JSON"),
        ("1e999", "'1e999' is too large"),
        ("9" * 21, "is too large"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "Expecting property name"),
        (b"\xff", "codec can't decode"),
    ],
)
def test_what_is_not_strict_json_is_refused(text: str | bytes, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse_json(text)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": float("inf")}, "data holds inf"),
        ({"a": [1, {"b": float("nan")}]}, "data holds nan"),
        ({1: 2}, "a key that is no text"),
        ({"a": {1, 2}}, "which JSON does not have"),
        ({"a": "\ud800"}, "no Unicode"),
        ({"\udfff": 1}, "no Unicode"),
    ],
)
def test_free_content_that_cannot_be_written(value: Any, problem: str) -> None:  # noqa: ANN401 - wrong on purpose
    with pytest.raises(ValueError, match=problem):
        check_json_object(value, "data")


def test_free_content_may_be_nested_so_deep_and_no_deeper() -> None:
    nested: dict[str, object] = {}
    for _ in range(MAX_DEPTH - 1):
        nested = {"a": nested}
    check_json_object(nested, "data")
    with pytest.raises(ValueError, match="nested too deeply"):
        check_json_object({"a": nested}, "data")
