"""Dataclasses from JSON that nobody vouches for: against Python's own parser where that takes the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidlabel.json_fields import (
    FilledText,
    MismatchError,
    Number,
    OneOf,
    Range,
    Sha256,
    Text,
    dataclass_from_json,
    exact_dataclass_from_json,
)
from vidlabel.json_text import parse_json, to_json

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


@dataclass(frozen=True, slots=True)
class Limited:
    """A field for each limit."""

    share: Annotated[float, Range(0, 1)] = 0.0
    level: Annotated[float, Range()] = 0.0
    count: Annotated[int, Range(1)] = 1
    size: Annotated[int, Range(1, 9)] = 1
    turn: Annotated[int, OneOf(0, 1)] = 0
    digest: Sha256 = ""
    names: tuple[FilledText, ...] = ()
    word: Annotated[str, Text(longest=3)] = ""
    spans: tuple[tuple[Annotated[int, Range(0)], Annotated[int, Range(0)]], ...] = ()
    tick: Fraction = Fraction(1)
    path: Path = Path()
    deep: Inner | None = None


def test_values_within_limits_are_read() -> None:
    values: dict[str, Any] = {
        "share": 1, "level": -2.5, "count": 10**30, "size": 9, "turn": 1, "digest": "0a" * 32, "names": ["a", "\n"],
        "word": "abcdef", "spans": [[0, 1], [2, 3]], "tick": [2, 50], "path": "a/\udcff", "deep": None,
    }  # fmt: skip
    assert exact_dataclass_from_json(Limited, values, "") == Limited(
        1.0, -2.5, 10**30, 9, 1, "0a" * 32, ("a", "\n"), "abc", ((0, 1), (2, 3)), Fraction(1, 25), Path("a/\udcff")
    )


@pytest.mark.parametrize(
    ("values", "where", "problem"),
    [
        ({"share": 1.5}, "share", "is not a number from 0 to 1"),
        ({"share": True}, "share", "is not a number"),
        ({"share": float("nan")}, "share", "is not a number from 0 to 1"),
        ({"level": 10**400}, "level", "is not a number that can be"),
        ({"level": float("inf")}, "level", "is not a number that can be"),
        ({"count": 0}, "count", "is not a whole number of at least 1"),
        ({"count": True}, "count", "is not a whole number of at least 1"),
        ({"count": 1.0}, "count", "is not a whole number of at least 1"),
        ({"size": 10}, "size", "is not whole or out of range"),
        ({"turn": True}, "turn", "is not one of 0, 1"),
        ({"turn": 1.0}, "turn", "is not one of 0, 1"),
        ({"digest": "0A" * 32}, "digest", "is not 64 hexadecimal digits"),
        ({"digest": "0a" * 32 + "\n"}, "digest", "is not 64 hexadecimal digits"),
        ({"names": ["a", ""]}, "names[1]", "is empty"),
        ({"names": ["a", 1]}, "names[1]", "is not text"),
        ({"names": "a"}, "names", "is not an array"),
        ({"spans": [[0, 1], [2]]}, "spans[1]", "is not a list of 2"),
        ({"spans": [[0, -1]]}, "spans[0][1]", "is not a whole number of at least 0"),
        ({"tick": [1, 0]}, "tick[1]", "is not whole or out of range"),
        ({"path": 1}, "path", "is not text"),
        ({"deep": {"kind": "gru", "size": 1, "x": 1}}, "deep.x", "is not known"),
        ({"deep": {"kind": "gru"}}, "deep.size", "is missing"),
        ({"x": 1}, "x", "is not known"),
        ([], "", "is not an object"),
    ],
)
def test_values_beyond_limits_are_named_with_their_place(values: object, where: str, problem: str) -> None:
    with pytest.raises(MismatchError) as caught:
        exact_dataclass_from_json(Limited, values, "")
    assert (caught.value.where, caught.value.problem) == (where, problem)
    with pytest.raises(MismatchError) as caught:
        exact_dataclass_from_json(Limited, values, "top")
    assert caught.value.where == f"top.{where}".rstrip(".")


def test_keys_that_are_not_known_are_passed_over_unless_the_object_must_be_exact() -> None:
    assert dataclass_from_json(Limited, {"x": 1, "deep": {"kind": "gru", "size": 1, "y": 2}}, "").deep is not None


class Shape(Protocol):
    def area(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Square:
    side: Number

    def area(self) -> float:
        return self.side**2


@dataclass(frozen=True, slots=True)
class Drawing:
    shape: Shape


def test_numbers_stay_as_they_were_written() -> None:
    for text in ('{"side": 4}', '{"side": 4.0}'):
        assert json.dumps({"side": dataclass_from_json(Square, json.loads(text), "").side}) == text
    for wrong in ("4", True, None):
        with pytest.raises(MismatchError, match="side must be a number"):
            dataclass_from_json(Square, {"side": wrong}, "")


def test_what_is_made_already_is_taken() -> None:
    square = Square(2)
    assert dataclass_from_json(Drawing, {"shape": square}, "").shape is square
