"""Frozen dataclasses from JSON that nobody vouches for, and back.

Understood field types: `str`, `int`, `float`, `bool`, `Literal[...]` of strings, `X | None`, `tuple[X, ...]`,
dataclasses of these, and `Mapping[str, object]` for any JSON object.

Whatever is wrong with the content is a ValueError, its type included: it is a file that is wrong, not a program.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

MAX_DEPTH = 32
"""Nesting allowed in a free JSON object, far from Python's own limit of about 1000."""

MAX_DIGITS = 20
"""Of a whole number; Python takes time that grows with the square of the digits."""

LATER = "later"
"""In the metadata of a field that came later: it is not written where it is None, as files were before it came."""

_PLAIN = {str: "text", int: "a whole number", bool: "true or false"}

T = TypeVar("T")


def parse_json(text: str | bytes) -> object:
    """Parse JSON strictly: no key twice in an object, no NaN or Infinity, no number too large for a float.

    Raises:
        ValueError: it is no such JSON; the message says why.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_object_of_pairs, parse_constant=_refuse, parse_float=_finite, parse_int=_whole
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def dataclass_from_json(kind: type[T], value: object, where: str) -> T:
    """Make the dataclass `kind` of a parsed JSON object.

    Fields with a default may be missing. Keys that `kind` does not have are ignored.

    Args:
        kind: a dataclass; what its `__post_init__` raises comes out as it is.
        value: what `parse_json` gave.
        where: name of the object, for messages.

    Raises:
        ValueError: a field is missing or of another type; the message names it.
    """
    if not isinstance(value, dict):
        raise ValueError(f"{where or 'it'} must be an object, not {_named(value)}")  # noqa: TRY004
    hints = get_type_hints(kind)
    arguments = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # T is a dataclass, which typing cannot say
        name = f"{where}.{field.name}" if where else field.name
        if field.name in value:
            arguments[field.name] = _field_from_json(hints[field.name], value[field.name], name)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise ValueError(f"{name} is missing")
    return kind(**arguments)


def to_json(value: object) -> str:
    """The same text for the same content: keys in order, no spaces.

    Args:
        value: a dataclass, or any JSON value; tuples become lists.

    Raises:
        ValueError: a number is not finite.
        TypeError: something in it has no form in JSON.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def check_json_object(value: Mapping[str, object], where: str) -> None:
    """Check that a free JSON object can be written and shown.

    Raises:
        ValueError: it is nested too deeply, or holds a number that is not finite, a key or value of another kind, or
            text that is no Unicode (half of a surrogate pair).
    """
    _check_json(value, where, MAX_DEPTH)


def _check_json(value: object, where: str, depth: int) -> None:
    if depth == 0:
        raise ValueError(f"{where} is nested too deeply")
    if isinstance(value, str):
        _check_text(value, where)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where} holds {value}")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_text(key, where)
            _check_json(item, where, depth - 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_json(item, where, depth - 1)
    elif value is not None and not isinstance(value, bool | int):
        raise ValueError(f"{where} holds {_named(value)}, which JSON does not have")


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{where} holds a key that is no text")  # noqa: TRY004
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{where} holds text that is no Unicode")


def _field_from_json(hint: Any, value: object, where: str) -> object:  # noqa: ANN401 - any type hint
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise ValueError(f"{where} must be {' or '.join(arguments)}, not {_named(value)}")
        return value
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        (inner,) = (argument for argument in arguments if argument is not type(None))
        return _field_from_json(inner, value, where)
    if origin is tuple:
        if not isinstance(value, list):
            raise ValueError(f"{where} must be a list, not {_named(value)}")
        return tuple(_field_from_json(arguments[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise ValueError(f"{where} must be an object, not {_named(value)}")
        return value
    if dataclasses.is_dataclass(hint):
        return dataclass_from_json(hint, value, where)  # type: ignore[arg-type]  # it is the class, not an instance
    if hint is float:
        return _float_from_json(value, where)
    if type(value) is not hint:  # bool is an int to isinstance
        raise ValueError(f"{where} must be {_PLAIN[hint]}, not {_named(value)}")
    return value


def _float_from_json(value: object, where: str) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{where} must be a number, not {_named(value)}")
    try:
        return float(value)  # type: ignore[arg-type]  # the line above leaves only numbers
    except OverflowError as error:
        raise ValueError(f"{where} is too large") from error


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        found = {field: getattr(value, field.name) for field in dataclasses.fields(value)}
        return {f.name: _plain(item) for f, item in found.items() if item is not None or LATER not in f.metadata}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _object_of_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {_named(twice)} stands there twice")
    return content


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {_named(digits)} is too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"the number {_named(digits)} is too large")
    return int(digits)


def _named(value: object) -> str:
    """Short words for a value of unknown size."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    words = "null" if value is None else repr(value)
    return words if len(words) <= 40 else words[:37] + "..."
