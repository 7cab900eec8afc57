"""JSON text: parsed strictly, checked before it is written, and the same text for the same content."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from vidlabel.json_fields import shown_json

MAX_DEPTH = 32
"""Nesting allowed in a free JSON object, far from Python's own limit of about 1000."""

MAX_DIGITS = 20
"""Of a whole number; Python takes time that grows with the square of the digits."""


def parse_json(text: str | bytes) -> object:
    """Parse JSON strictly: no key twice in an object, no NaN or Infinity, no number too large for a float.

    Raises:
        ValueError: it is no such JSON; the message gives the reason.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        return json.loads(
            text, object_pairs_hook=_object_of_pairs, parse_constant=_refuse, parse_float=_finite, parse_int=_whole
        )
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def to_json(value: object) -> str:
    """The same text for the same content: keys in order, no spaces.

    Args:
        value: a dataclass, or any JSON value; tuples become lists.

    Raises:
        ValueError: a number is not finite.
        TypeError: something in it has no form in JSON.
    """
    return json.dumps(plain_json(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


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
        raise ValueError(f"{where} holds {shown_json(value)}, which JSON does not have")


def _check_text(text: object, where: str) -> None:
    if not isinstance(text, str):
        raise ValueError(f"{where} holds a key that is no text")  # noqa: TRY004
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(f"{where} holds text that is no Unicode")


def plain_json(value: object) -> Any:  # noqa: ANN401 - any JSON value
    """Dataclasses as objects, tuples as lists. Fields marked `checks.RARE` are left out where they are None."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {f.name: plain_json(item) for f, item in named if item is not None or "rare" not in f.metadata}
    if isinstance(value, Mapping):
        return {key: plain_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(item) for item in value]
    return value


def _object_of_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {shown_json(twice)} stands there twice")
    return content


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {shown_json(digits)} is too large")
    return number


def _whole(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"the number {shown_json(digits)} is too large")
    return int(digits)
