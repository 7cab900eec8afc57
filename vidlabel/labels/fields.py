"""Taking typed values out of a JSON object that may hold anything."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence


class MismatchError(ValueError):
    """A value in a document is not what belongs there.

    Args:
        where: path of the value, `segments[3].score`.
        problem: what is wrong with it.
    """

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


class Fields:
    """The fields of one JSON object.

    Args:
        value: what stands where an object is wanted.
        where: its path, for messages; empty at the top.
        required: keys that must be there.
        optional: keys that may be there. No other key may.

    Raises:
        MismatchError: it is no object, or its keys differ. All methods raise it for a value that does not fit.
    """

    def __init__(self, value: object, where: str, required: Sequence[str], optional: Sequence[str] = ()) -> None:
        if not isinstance(value, dict):
            raise MismatchError(where or "it", "is not an object")
        self._values: dict[str, object] = value
        self._where = where
        for key in required:
            if key not in value:
                raise self.mismatch(key, "is missing")
        for key in value:
            if key not in required and key not in optional:
                raise self.mismatch(key, "is not known")

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def mismatch(self, key: str, problem: str) -> MismatchError:
        """The error that says what is wrong with one field."""
        return MismatchError(self._path(key), problem)

    def text(self, key: str) -> str:
        """A string."""
        return _text(self._values[key], self._path(key))

    def filled_text(self, key: str) -> str:
        """A string that is not empty."""
        return _filled_text(self._values[key], self._path(key))

    def filled_texts(self, key: str) -> tuple[str, ...]:
        """Strings that are not empty."""
        items = enumerate(self._array(key))
        return tuple(_filled_text(item, f"{self._path(key)}[{position}]") for position, item in items)

    def hexadecimal(self, key: str, digits: int) -> str:
        """A lower-case hexadecimal number of so many digits, as text."""
        text = self.text(key)
        if not re.fullmatch(f"[0-9a-f]{{{digits}}}", text):
            raise self.mismatch(key, f"is not {digits} hexadecimal digits")
        return text

    def choice(self, key: str, choices: Sequence[str | int]) -> str | int:
        """One of the choices, of the same type."""
        for choice in choices:
            if self._values[key] == choice and type(self._values[key]) is type(choice):
                return choice
        raise self.mismatch(key, f"is not one of {', '.join(map(str, choices))}")

    def integer(self, key: str, least: int) -> int:
        """A whole number."""
        value = self._values[key]
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.mismatch(key, f"is not a whole number of at least {least}")
        return value

    def integers(self, key: str, least: int) -> tuple[int, ...]:
        """Whole numbers."""
        values = self._array(key)
        found = [value for value in values if isinstance(value, int) and not isinstance(value, bool) and value >= least]
        if len(found) != len(values):
            raise self.mismatch(key, f"holds other things than whole numbers of at least {least}")
        return tuple(found)

    def number(self, key: str, least: float = -math.inf, most: float = math.inf) -> float:
        """A finite number."""
        return _number(self._values[key], self._path(key), least, most)

    def numbers(self, key: str, least: float = -math.inf, most: float = math.inf) -> tuple[float, ...]:
        """Finite numbers."""
        items = enumerate(self._array(key))
        return tuple(_number(item, f"{self._path(key)}[{position}]", least, most) for position, item in items)

    def rows(self, key: str, least: float, most: float) -> tuple[tuple[float, ...], ...]:
        """Arrays of finite numbers."""
        rows = []
        for position, row in enumerate(self._array(key)):
            where = f"{self._path(key)}[{position}]"
            if not isinstance(row, list):
                raise MismatchError(where, "is not an array")
            rows.append(tuple(_number(item, where, least, most) for item in row))
        return tuple(rows)

    def child(self, key: str, required: Sequence[str]) -> Fields:
        """The fields of an object within this one."""
        return Fields(self._values[key], self._path(key), required)

    def children(self, key: str, required: Sequence[str]) -> list[Fields]:
        """The fields of each object in an array."""
        items = enumerate(self._array(key))
        return [Fields(item, f"{self._path(key)}[{position}]", required) for position, item in items]

    def _array(self, key: str) -> list[object]:
        value = self._values[key]
        if not isinstance(value, list):
            raise self.mismatch(key, "is not an array")
        return value

    def _path(self, key: str) -> str:
        return f"{self._where}.{key}" if self._where else key


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise MismatchError(where, "is not text")
    return value


def _filled_text(value: object, where: str) -> str:
    text = _text(value, where)
    if not text:
        raise MismatchError(where, "is empty")
    return text


def _number(value: object, where: str, least: float, most: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MismatchError(where, "is not a number")
    if not least <= value <= most or not -1e300 < value < 1e300:
        # Beyond 1e300: a whole number that does not fit a float, or what 1e999 is read as.
        limits = f" from {least:g} to {most:g}" if math.isfinite(most) else f" of at least {least:g}"
        raise MismatchError(where, "is not a number" + (limits if math.isfinite(least) else " that can be"))
    return float(value)
