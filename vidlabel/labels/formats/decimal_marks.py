"""Numbers of tables as people of several countries write them, where a comma or a point may part thousands.

A table has one decimal mark. Where its numbers do not agree on one, or where none of them shows which one it is, none
of them is read: `1,234` is 1.234 s in one country and 1234 s in another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from vidlabel.labels.formats.delimited import LineProblem, TableRecord, shown

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_MARKED = re.compile(r"[+-]?\d+(?:[\s.,'\u2019]+\d+)+")
"""Digits with marks or blanks among them, which may be of thousands or decimals."""
_COMMA_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+", re.ASCII)
_LISTED_LINES = 5


def parse_number(text: str, *, decimal_comma: bool) -> float | None:
    """A number without blanks around it; None if it is none."""
    point = text.replace(",", ".") if decimal_comma else text
    return float(point) if _NUMBER.fullmatch(point) else None


def number_problem(text: str) -> str:
    """Why `parse_number` does not read a text, with how to write it."""
    hint = ": write its digits without marks, and a point before decimals" if _MARKED.fullmatch(text) else ""
    return f"{shown(text)} is not a number{hint}"


def decimal_mark_problems(records: Sequence[TableRecord], columns: Iterable[str]) -> list[LineProblem]:
    """Why the decimal mark of a table is not known, as one problem at the first line that shows it; empty if it is.

    Args:
        records: of a table whose columns are not separated by commas.
        columns: that hold numbers.
    """
    cells = [(record.line, record.cells.get(name, "").strip()) for name in columns for record in records]
    numbers = [(line, text) for line, text in cells if _MARKED.fullmatch(text)]
    with_comma = [(line, text) for line, text in numbers if "," in text]
    with_point = [(line, text) for line, text in numbers if "." in text]
    if not with_comma:
        return []
    line, text = min(with_comma)
    if with_point:
        other_line, other = min(with_point)
        problem = (
            f"the table uses both marks in its numbers: a comma, such as {shown(text)} ({_lines(with_comma)}), and a "
            f"point, such as {shown(other)} ({_lines(with_point)}); write all with a decimal point and nothing between "
            "thousands"
        )
        return [LineProblem(min(line, other_line), problem)]
    if all(_COMMA_THOUSANDS.fullmatch(text) for _, text in with_comma):
        meanings = f"{text.replace(',', '.', 1)} or {text.replace(',', '')}"
        problem = (
            f"{shown(text)} ({_lines(with_comma)}) may be {meanings}, and no other number of the table tells which; "
            "write a decimal point, or nothing between thousands"
        )
        return [LineProblem(line, problem)]
    return []


def _lines(found: Sequence[tuple[int, str]]) -> str:
    """`line 3`, or `lines 2, 3, 5 and 12 more`."""
    lines = sorted({line for line, _ in found})
    listed = ", ".join(map(str, lines[:_LISTED_LINES]))
    more = len(lines) - _LISTED_LINES
    return f"line{'s' if len(lines) > 1 else ''} {listed}" + (f" and {more} more" if more > 0 else "")
