"""Dataclasses from JSON that nobody vouches for: against Python's own parser where that takes the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.json_fields import MAX_DEPTH, check_json_object, dataclass_from_json, parse_json, to_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    kind: Literal["gru", "mean"]
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    name: str
    rate: float
    inner: Inner
    many: tuple[Inner, ...] = ()
    lag: float | None = None
    whole: bool = False
    names: tuple[str, ...] | None = None
    free: Mapping[str, object] = field(default_factory=dict)


GOOD: dict[str, Any] = {
    "name": "n",
    "rate": 2,
    "inner": {"kind": "gru", "size": 3},
    "many": [{"kind": "mean", "size": 1}],
    "lag": None,
    "whole": True,
    "names": ["a"],
    "free": {"x": [1, {"y": None}]},
}


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


def test_every_kind_of_field_is_read() -> None:
    found = dataclass_from_json(Outer, {**GOOD, "later": 1}, "")
    assert found == Outer(
        name="n",
        rate=2.0,
        inner=Inner(kind="gru", size=3),
        many=(Inner(kind="mean", size=1),),
        whole=True,
        names=("a",),
        free={"x": [1, {"y": None}]},
    )
    assert type(found.rate) is float
    least = dataclass_from_json(Outer, {name: GOOD[name] for name in ("name", "rate", "inner")}, "")
    assert (least.many, least.lag, least.free) == ((), None, {})


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("name", 3, "file.name must be text, not 3"),
        ("rate", "2", "file.rate must be a number, not '2'"),
        ("rate", True, "file.rate must be a number, not True"),
        ("rate", 10**400, "file.rate is too large"),
        ("inner", [], "file.inner must be an object, not a list"),
        ("inner", {"kind": "gru"}, "file.inner.size is missing"),
        ("inner", {"kind": "gru", "size": 1.0}, "file.inner.size must be a whole number, not 1.0"),
        ("inner", {"kind": "gru", "size": True}, "file.inner.size must be a whole number, not True"),
        ("inner", {"kind": "GRU", "size": 1}, "file.inner.kind must be gru or mean, not 'GRU'"),
        ("many", {}, "file.many must be a list, not an object"),
        ("many", [{"kind": "gru", "size": 1}, None], r"file.many\[1\] must be an object, not null"),
        ("whole", 1, "file.whole must be true or false, not 1"),
        ("names", [None], r"file.names\[0\] must be text, not null"),
        ("free", [], "file.free must be an object, not a list"),
        ("name", ["x" * 100], "not a list"),
        ("rate", "x" * 100, r"not 'x{36}\.\.\.$"),
    ],
)
def test_a_value_of_another_kind_is_named(name: str, value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        dataclass_from_json(Outer, {**GOOD, name: value}, "file")


@given(name=st.sampled_from(sorted(GOOD)), value=JSON)
def test_any_json_makes_the_dataclass_or_a_value_error(name: str, value: object) -> None:
    with suppress(ValueError):
        found = dataclass_from_json(Outer, {**GOOD, name: value}, "")
        assert dataclass_from_json(Outer, parse_json(to_json(found)), "") == found


def test_the_text_depends_on_the_content_alone() -> None:
    value = dataclass_from_json(Outer, GOOD, "")
    turned = dataclass_from_json(Outer, dict(reversed(GOOD.items())), "")
    assert to_json(value) == to_json(turned)
    assert json.loads(to_json(value)) == GOOD
    assert to_json({"b": 1, "a": ("\u00e4", 2)}) == '{"a":["\\u00e4",2],"b":1}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": float("nan")})


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
