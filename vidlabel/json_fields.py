"""Frozen dataclasses from untrusted JSON.

Understood field types: `str`, `int`, `float`, `bool`, `Literal[...]` of strings, `Path`, `Fraction` (as two whole
numbers), `X | None`, `X | tuple[...]`, `tuple[X, ...]`, `tuple[X, Y]`, dataclasses of these, and `Mapping[str, object]`
for any JSON object. `Annotated` limits them: `Range` numbers, `Text` strings, `OneOf` anything. A field that is typed
as a protocol takes what the caller has made already.

Whatever is wrong with the content is a ValueError, its type included: it is a file that is wrong, not a program.
A reader is built once for each dataclass: reading a small message takes about two microseconds.
"""

from __future__ import annotations

import dataclasses
import math
import re
import types
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Check = Callable[[object], object]
"""Makes the value of a field of a JSON value, or raises MismatchError."""


@dataclasses.dataclass(frozen=True, slots=True)
class Range:
    """A finite number within limits, both included."""

    least: float = -math.inf
    most: float = math.inf


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A string that matches a pattern, cut to a length."""

    pattern: str = ""
    problem: str = ""
    """The problem of one that does not match: `is empty`."""
    longest: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class AsWritten:
    """A number that stays whole if it is written so: 4 and 4.0 are equal, but not their texts in JSON."""


@dataclasses.dataclass(frozen=True, slots=True)
class OneOf:
    """One of these values, of the same type."""

    values: tuple[str | int, ...]

    def __init__(self, *values: str | int) -> None:
        object.__setattr__(self, "values", values)


Number = Annotated[float, AsWritten()]
FilledText = Annotated[str, Text(".", "is empty")]
Sha256 = Annotated[str, Text(r"[0-9a-f]{64}\Z", "is not 64 hexadecimal digits")]


class MismatchError(ValueError):
    """A value in a document is not what belongs there.

    Args:
        where: path of the value, `segments[3].score`; empty for the whole document.
        problem: what is wrong with it: `is not a number`.
        sentence: the same with the value: `must be a number, not 'x'`; empty: the problem.
    """

    def __init__(self, where: str, problem: str, sentence: str = "") -> None:
        self.where, self.problem, self._sentence = where, problem, sentence or problem
        super().__init__(f"{where or 'it'} {self._sentence}")

    def inside(self, step: str) -> Self:
        """The same problem, named from further out: by a key, or an index in brackets."""
        separator = "." if self.where and not self.where.startswith("[") else ""
        return type(self)(f"{step}{separator}{self.where}", self.problem, self._sentence)


def dataclass_from_json(kind: type[T], value: object, where: str) -> T:
    """Make the dataclass `kind` of a parsed JSON object.

    Fields with a default may be missing. Keys that `kind` does not have are ignored.

    Args:
        kind: a dataclass; what its `__post_init__` raises comes out as it is.
        value: what `parse_json` gave.
        where: name of the object, for messages.

    Raises:
        MismatchError: a field is missing or of another type; the message names it.
    """
    return _read(kind, value, where, exact=False)


def exact_dataclass_from_json(kind: type[T], value: object, where: str) -> T:
    """As `dataclass_from_json`, of an object that may have no key that `kind` does not have.

    Raises:
        MismatchError: as `dataclass_from_json`, or there is such a key in it or an object within.
    """
    return _read(kind, value, where, exact=True)


def _read(kind: type[T], value: object, where: str, *, exact: bool) -> T:
    try:
        check = _dataclass_check(kind, exact=exact)  # type: ignore[arg-type]  # mypy takes classes for unhashable
        return cast("T", check(value))
    except MismatchError as error:
        if where:
            raise error.inside(where) from None
        raise


@cache
def _dataclass_check(kind: type[Any], *, exact: bool) -> Callable[[object], Any]:
    hints = get_type_hints(kind, include_extras=True)
    fields = dataclasses.fields(kind)
    checks = tuple((field.name, _check_of(hints[field.name], exact=exact)) for field in fields)
    required = [f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING]
    known = frozenset(hints)

    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if not isinstance(value, dict):
            raise _mismatch("an object", value)
        for name in required:
            if name not in value:
                raise MismatchError(name, "is missing")
        if exact and not value.keys() <= known:
            raise MismatchError(next(str(key) for key in value if key not in known), "is not known")
        arguments: dict[str, Any] = {}
        name = ""
        try:
            for name, check_field in checks:
                if name in value:
                    arguments[name] = check_field(value[name])
        except MismatchError as error:
            raise error.inside(name) from None
        return kind(**arguments)

    return check


def _check_of(hint: Any, *, exact: bool) -> Check:  # noqa: ANN401 - any type hint
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _limited(arguments[0], arguments[1])
    if origin is Literal:
        return _choice(arguments, " or ".join(arguments))
    if origin in (Union, types.UnionType):
        kinds = [argument for argument in arguments if argument is not type(None)]
        check = _either([_check_of(kind, exact=exact) for kind in kinds])
        return check if len(kinds) == len(arguments) else lambda value: None if value is None else check(value)
    if origin is tuple:
        if arguments[-1] is not Ellipsis:
            return _tuple_of([_check_of(argument, exact=exact) for argument in arguments])
        return _list_of(_check_of(arguments[0], exact=exact))
    if dataclasses.is_dataclass(hint):
        return _dataclass_check(hint, exact=exact)  # type: ignore[arg-type]  # as above
    if getattr(hint, "_is_protocol", False):
        return lambda value: value
    return _PLAIN_CHECKS[origin or hint]


def _either(checks: list[Check]) -> Check:
    """The one check, or of a plain type and a tuple the one for values of their kind."""
    if len(checks) == 1:
        return checks[0]
    check_plain, check_list = checks
    return lambda value: check_list(value) if type(value) is list else check_plain(value)


def _limited(kind: object, limit: Range | Text | OneOf | AsWritten) -> Check:
    if isinstance(limit, AsWritten):
        return _number_check
    if isinstance(limit, OneOf):
        return _choice(limit.values, f"one of {', '.join(map(str, limit.values))}")
    if isinstance(limit, Text):
        return _limited_text(limit)
    return _limited_whole(limit) if kind is int else _limited_number(limit)


def _limited_whole(limit: Range) -> Check:
    least, most = limit.least, limit.most
    wanted = f"a whole number of at least {least:g}"
    problem = f"is not {wanted}"
    if most < math.inf:
        wanted, problem = f"a whole number from {least} to {most}", "is not whole or out of range"

    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if type(value) is int and least <= value <= most:
            return value
        raise MismatchError("", problem, f"must be {wanted}, not {shown_json(value)}")

    return check


def _limited_number(limit: Range) -> Check:
    least, most = limit.least, limit.most
    problem = "is not a number that can be"
    if math.isfinite(least):
        problem = "is not a number" + (f" from {least:g} to {most:g}" if most < math.inf else f" of at least {least:g}")

    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if type(value) is not float and type(value) is not int:
            raise _mismatch("a number", value)
        # Beyond 1e300: a whole number that does not fit a float, or what 1e999 is read as.
        if least <= value <= most and -1e300 < value < 1e300:
            return float(value)
        raise MismatchError("", problem)

    return check


def _limited_text(limit: Text) -> Check:
    matches, problem, longest = re.compile(limit.pattern, re.DOTALL).match, limit.problem, limit.longest

    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if type(value) is not str:
            raise _mismatch("text", value)
        if matches(value) is None:
            raise MismatchError("", problem)
        return value[:longest]

    return check


def _choice(choices: tuple[str | int, ...], wanted: str) -> Check:
    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        for choice in choices:
            if value == choice and type(value) is type(choice):
                return value
        problem = f"is not one of {', '.join(map(str, choices))}"
        raise MismatchError("", problem, f"must be {wanted}, not {shown_json(value)}")

    return check


def _list_of(check_item: Check) -> Check:
    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if type(value) is not list:
            raise MismatchError("", "is not an array", f"must be a list, not {shown_json(value)}")
        items = []
        try:
            for item in value:
                items.append(check_item(item))
        except MismatchError as error:
            raise error.inside(f"[{len(items)}]") from None
        return tuple(items)

    return check


def _tuple_of(checks: list[Check]) -> Check:
    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if type(value) is not list or len(value) != len(checks):
            raise _mismatch(f"a list of {len(checks)}", value)
        items: list[object] = []
        try:
            for check_item, item in zip(checks, value, strict=True):
                items.append(check_item(item))
        except MismatchError as error:
            raise error.inside(f"[{len(items)}]") from None
        return tuple(items)

    return check


def _plain_check(kind: type, wanted: str) -> Check:
    def check(value: object) -> object:
        """The value as its field takes it; MismatchError gives the reason if it does not fit."""
        if type(value) is kind:  # bool is an int to isinstance
            return value
        raise _mismatch(wanted, value)

    return check


def _number_check(value: object) -> object:
    if type(value) is not float and type(value) is not int:
        raise _mismatch("a number", value)
    return value


def _float_check(value: object) -> object:
    try:
        return float(cast("float", _number_check(value)))
    except OverflowError:
        raise MismatchError("", "is too large") from None


def _path_check(value: object) -> object:
    if type(value) is not str:
        raise _mismatch("text", value)
    return Path(value)


_positive = _limited_whole(Range(1, 1 << 63))
_two_positive = _tuple_of([_positive, _positive])


def _fraction_check(value: object) -> object:
    return Fraction(*cast("tuple[int, int]", _two_positive(value)))


_PLAIN_CHECKS: Mapping[object, Check] = {
    str: _plain_check(str, "text"),
    int: _plain_check(int, "a whole number"),
    bool: _plain_check(bool, "true or false"),
    Mapping: _plain_check(dict, "an object"),
    float: _float_check,
    Path: _path_check,
    Fraction: _fraction_check,
}


def _mismatch(wanted: str, value: object) -> MismatchError:
    return MismatchError("", f"is not {wanted}", f"must be {wanted}, not {shown_json(value)}")


def shown_json(value: object) -> str:
    """Short words for a value of unknown size, for messages."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    words = "null" if value is None else repr(value)
    return words if len(words) <= 40 else words[:37] + "..."
