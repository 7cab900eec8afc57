"""The labels that `--labels` asks for."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from vidlabel.checks import check_name
from vidlabel.errors import InputError, UsageError
from vidlabel.labels.annotations import composed
from vidlabel.labels.formats.delimited import TableError, decode_text
from vidlabel.paths import reason_of

MOST_LABELS = 1000
_MOST_BYTES = 1 << 20
_BLANKS_AFTER_QUOTE = re.compile(r'"\s+(?=,|$)')
_OPTION = "--labels"
_REMEDY = "give labels separated by commas, or @FILE with one a line"


def parse_labels(texts: Iterable[str]) -> tuple[str, ...]:
    """The labels in values of `--labels`: separated by commas, quoted where they hold one; or `@FILE`, one a line.

    Raises:
        UsageError: a value without a label, or with a quote that is not closed.
        InputError: a file that cannot be read, or that is no text.
    """
    found: list[str] = []
    for text in texts:
        own = _read_file(Path(text[1:])) if text.startswith("@") else _split(text)
        if not own:
            raise UsageError(_OPTION, f"{text!r} names no label", _REMEDY)
        found += own
    return tuple(found)


def check_labels(labels: Sequence[str]) -> None:
    """Refuse labels that results could not hold, or not tell apart.

    Raises:
        UsageError: one is no line of text, two are the same, or there are too many.
    """
    if len(labels) > MOST_LABELS:
        raise UsageError(_OPTION, f"{len(labels)} labels are too many", f"give at most {MOST_LABELS}")
    known: set[str] = set()
    for label in labels:
        try:
            check_name(label, "a label")
        except ValueError as error:
            raise UsageError(_OPTION, f"{label[:60]!r} is not possible ({error})", "write it on one line") from error
        if composed(label) in known:
            raise UsageError(_OPTION, f"{label!r} is named twice", "name each label once")
        known.add(composed(label))


def _split(text: str) -> list[str]:
    try:
        lines = [_BLANKS_AFTER_QUOTE.sub('"', line) for line in text.splitlines()]
        rows = list(csv.reader(lines, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise UsageError(_OPTION, f"{text!r} is not understood ({error})", "put quotes around a whole label") from error
    return [composed(label) for row in rows for label in row if label.strip()]


def _read_file(path: Path) -> list[str]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise InputError(path, "is too large for a list of labels", "give a text file with one label a line")
        text = decode_text(content)
    except (OSError, ValueError) as error:
        if isinstance(error, TableError):
            raise InputError(path, "is no text in UTF-8", "give a text file with one label a line") from error
        raise InputError(path, f"cannot be read ({reason_of(error)})", "check the path and its permissions") from error
    return [composed(line) for line in re.split("\r\n|\r|\n", text) if line.strip()]
