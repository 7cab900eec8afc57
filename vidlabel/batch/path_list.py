"""Lists of paths: one path a line or NUL-separated, in UTF-8, UTF-16, UTF-32 or the bytes of the file system."""

from __future__ import annotations

import codecs
import os
import re
import unicodedata
from pathlib import Path
from typing import BinaryIO

from vidlabel.errors import InputError
from vidlabel.paths import is_folder, reason_of

MAX_LIST_BYTES = 1 << 28
"""256 MiB are two million long paths; a video taken for a list would fill the memory."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHECKED_CHARACTERS = 1 << 16
_NO_TEXT = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")
_REMEDY = "give a text file in UTF-8 with one path a line"


def read_path_list(path: Path) -> list[str]:
    """The paths in a list file.

    Raises:
        InputError: it cannot be read, or is no list of paths.
    """
    if is_folder(path):
        raise InputError(path, "is a folder, not a list of paths", "write @ before the name of a text file")
    try:
        with path.open("rb") as file:
            return read_open_path_list(file, os.fspath(path))
    except (OSError, ValueError) as error:
        raise InputError(path, f"cannot be read ({reason_of(error)})", "check the path and its permissions") from error


def read_open_path_list(file: BinaryIO, name: str) -> list[str]:
    """The paths in an open list; empty entries are left out.

    Args:
        file: the list.
        name: of the list, for messages.

    Raises:
        OSError: it cannot be read.
        InputError: it is no list of paths.
    """
    data = file.read(MAX_LIST_BYTES + 1)
    if len(data) > MAX_LIST_BYTES:
        raise InputError(name, f"holds more than {MAX_LIST_BYTES >> 20} MiB, too much for a list of paths", _REMEDY)
    text = _decode(data, name)
    entries = text.split("\0") if "\0" in text else re.split("\r\n|\r|\n", text)
    for entry in entries:
        if _NO_TEXT.search(entry) and not os.path.lexists(entry):
            raise InputError(name, "is no list of paths, but holds binary data", _REMEDY)
    return [entry for entry in entries if entry.strip(" \t\r\n")]


def _decode(data: bytes, name: str) -> str:
    """The text of a list. Bytes outside UTF-8 become surrogate escapes, as in names that the file system gives."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _decode_wide(data.removeprefix(mark), encoding, name)
    data = data.removeprefix(codecs.BOM_UTF8)
    unmarked = _wide_encoding(data)
    return os.fsdecode(data) if unmarked is None else _decode_wide(data, unmarked, name)


def _decode_wide(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        shown = encoding.removesuffix("-le").removesuffix("-be").upper()
        raise InputError(name, f"looks like {shown}, and is no text in it (byte {error.start})", _REMEDY) from error


def _wide_encoding(data: bytes) -> str | None:
    """The encoding of a list without byte order mark that has several bytes a character; None: it has not.

    NUL bytes separate paths or are halves of characters. Read as separators, the latter leave hardly anything but
    single bytes between them.
    """
    if b"\0" not in data:
        return None
    for encoding in ("utf-32-le", "utf-32-be"):
        if _is_text(data, encoding):
            return encoding
    pieces = data.removesuffix(b"\0").split(b"\0")
    if 2 * sum(len(piece) <= 1 for piece in pieces) <= len(pieces):
        return None
    return "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"


def _is_text(data: bytes, encoding: str) -> bool:
    try:
        start = data.decode(encoding)[:_CHECKED_CHARACTERS]
    except UnicodeDecodeError:
        return False
    return all(character in "\t\r\n" or unicodedata.category(character)[0] != "C" for character in start)
