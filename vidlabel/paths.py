"""Looking at paths that may be missing, or may not be looked at; and what may be wrong with a missing one.

`Path.is_dir` and its like raise for some paths that cannot be looked at (no permission, a name too long, a stale
mount), and for which ones depends on the version of Python. `is_folder`, `is_file` and `exists` never raise.

A path that leads to no file was often written for people, or on another system: `missing_file` finds the file meant.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote

from vidlabel.errors import VideoError, printable

_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "\u201e": "\u201c", "«": "»", "`": "`"}

_NO_COMMENTS = "lists have no comments"
_NOT_UTF8 = "save the list as UTF-8"

_OTHER_ENCODINGS = ("cp1252", "cp850", "mac-roman", "cp1251", "cp932", "gb18030", "big5", "euc-kr")
"""Of lists that are not UTF-8: those of Windows and of old Macs."""


def weights_folder() -> Path:
    """Where the shipped weights are: in the installed package, or in the checkout that vidlabel runs from."""
    package = Path(__file__).parent
    folder = package / "weights"
    # A checkout is known by its project file: beside an installed package anybody's folder may be called so.
    if not folder.is_dir() and (package.parent / "pyproject.toml").is_file():
        folder = package.parent / "weights"
    return folder


def is_folder(path: str | Path) -> bool:
    """Whether a path leads to a folder; False also for a path that cannot be looked at."""
    return os.path.isdir(path)  # noqa: PTH112


def is_file(path: str | Path) -> bool:
    """Whether a path leads to a regular file; False also for a path that cannot be looked at."""
    return os.path.isfile(path)  # noqa: PTH113


def exists(path: str | Path) -> bool:
    """Whether a path leads anywhere; False also for a path that cannot be looked at."""
    return os.path.exists(path)  # noqa: PTH110


def real_path(path: str | Path) -> str:
    """An absolute path without links, as far as it can be found out: links in a circle stay."""
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):  # The working folder is gone, or the path holds a NUL byte.
        return os.fspath(path)


def reason_of(error: OSError | ValueError) -> str:
    """The system's reason: `Permission denied`. A ValueError is for a path that holds a NUL byte."""
    return getattr(error, "strerror", None) or str(error)


def stat_video(path: str | Path) -> os.stat_result:
    """The status of a video that was given by its path.

    Raises:
        VideoError: nothing is there, or it cannot be looked at.
    """
    try:
        return os.stat(path)  # noqa: PTH116 - `Path` drops a slash at the end
    except (FileNotFoundError, NotADirectoryError) as error:
        if os.path.islink(path):  # noqa: PTH114 - as text
            raise VideoError(path, "is a link to a file that is not there", "check where it leads") from error
        problem, remedy = missing_file(os.fspath(path))
        raise VideoError(path, problem, remedy) from error
    except (OSError, ValueError) as error:
        raise VideoError(path, f"cannot be read ({reason_of(error)})", "check the name and its permissions") from error


def missing_file(path: str) -> tuple[str, str]:
    """What is wrong with a path that leads to no file, and what to do: with the file that was perhaps meant."""
    text, remedies = path, list[str]()
    for remedy, change in _CHANGES:
        changed = change(text)
        if changed == text:
            continue
        text = changed
        remedies.append(remedy)
        if _is_there(text):
            return _meant(text, remedies)
    for remedy, other in _other_spellings(text):
        if _is_there(other):
            return _meant(other, [*remedies, remedy])
    if not path.lstrip().startswith("#"):  # "clip #2.mp4" holds no comment
        remedies = [remedy for remedy in remedies if remedy != _NO_COMMENTS]
    if _is_undecodable(path):
        remedies.append(_NOT_UTF8)
    return "no such file", _joined(remedies) or "check the path"


def _meant(path: str, remedies: list[str]) -> tuple[str, str]:
    return f"no such file (is it {printable(path)!r}?)", _joined(remedies)


def _joined(remedies: list[str]) -> str:
    return ", ".join(dict.fromkeys(remedies))


def _is_there(path: str) -> bool:
    return path.strip() != "" and exists(path)


def _without_blanks(text: str) -> str:
    return text.strip().strip("\ufeff\u200b").strip()


def _without_comment(text: str) -> str:
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].rstrip()


def _without_quotes(text: str) -> str:
    bare = text.strip().rstrip(",;")
    if len(bare) > 1 and _QUOTES.get(bare[0]) == bare[-1]:
        return bare[1:-1]
    return text


def _without_scheme(text: str) -> str:
    address = re.match("file:(//[^/]*)?", text, re.IGNORECASE)
    return text if address is None else unquote(text[address.end() :], errors="surrogateescape")


def _without_escapes(text: str) -> str:
    r"""A path as shells write it, ``two\ words.mp4``."""
    return re.sub(r"\\([ '\"()&\[\]!$*?;<>|#`])", r"\1", text)


def _with_slashes(text: str) -> str:
    return PureWindowsPath(text).as_posix() if "\\" in text else text


def _with_home(text: str) -> str:
    return os.path.expanduser(text)  # noqa: PTH111 - `Path.expanduser` raises where there is no home


# In the order in which they are undone: each works on what the one before left.
_CHANGES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("write it without blanks at its ends", _without_blanks),
    ("write it without quotes", _without_quotes),
    (_NO_COMMENTS, _without_comment),
    ("write it without quotes", _without_quotes),  # before a comment
    ("write the path in place of the address", _without_scheme),
    ("write it without the backslashes of a shell", _without_escapes),
    ("write / in place of \\", _with_slashes),
    ("write the folder in place of ~", _with_home),
)


def _other_spellings(text: str) -> Iterator[tuple[str, str]]:
    for form in ("NFC", "NFD"):
        yield "its accents are encoded in another way", unicodedata.normalize(form, text)
    if _is_undecodable(text):
        for encoding in _OTHER_ENCODINGS:
            yield _NOT_UTF8, os.fsencode(text).decode(encoding, "replace")


def _is_undecodable(text: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in text)
