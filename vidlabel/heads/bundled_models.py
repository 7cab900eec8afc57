"""The models that come with vidlabel, and how a model is found by name."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from vidlabel.errors import ModelFileError, UsageError
from vidlabel.paths import reason_of, weights_folder

SUFFIX = ".safetensors"

DEFAULT_MODELS: tuple[str, ...] = ("objects-coarse", "people", "sounds")
"""The shipped models that label videos where none is named, each those that have what it needs."""


def find_model(name_or_path: str | Path) -> Path:
    """The file of a model.

    Args:
        name_or_path: a `Path` is always a file. Text is the name of a shipped model, if there is one of that name,
            and else a file: write `./objects` for a file that is called like a shipped model.

    Raises:
        UsageError: text that is neither a shipped model's name nor a file.
        ModelFileError: a path without a file.
    """
    return find_among(shipped_models(), name_or_path)


def find_among(files: Mapping[str, Path], name_or_path: str | Path) -> Path:
    """`find_model` for models that the caller names: `files` gives the file of each name."""
    if isinstance(name_or_path, str) and name_or_path in files:
        return files[name_or_path]
    path = Path(name_or_path)
    try:
        if name_or_path != "" and path.stat():  # Path("") is the current folder
            return path
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:  # no permission, a name too long, a zero byte
        raise ModelFileError(str(name_or_path), f"cannot be read ({reason_of(error)})", _hint(files, "")) from error
    if isinstance(name_or_path, Path) or path.suffix or any(mark in name_or_path for mark in (os.sep, "/")):
        raise ModelFileError(path, "there is no such file", _hint(files, path.stem))
    raise UsageError("--model", f"there is no model called {name_or_path!r}", _hint(files, name_or_path))


def _hint(files: Mapping[str, Path], name: str) -> str:
    if not files:
        return "give the path of a model file"
    near = difflib.get_close_matches(name.lower(), files, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    return f"{meant}shipped models: {', '.join(files)}; or give the path of a model file"


def shipped_models() -> dict[str, Path]:
    """The file of each shipped model by its name."""
    return {path.stem: path for path in sorted(weights_folder().glob(f"*{SUFFIX}"), key=lambda path: path.stem)}


def check_names(models: Iterable[tuple[str, Path]]) -> None:
    """Check models that are to be used together.

    Args:
        models: the name in each file, and the file.

    Raises:
        UsageError: two have the same name, which results could not tell apart.
    """
    found: dict[str, Path] = {}
    for name, path in models:
        if name in found and found[name] == path:
            raise UsageError("--model", f"{name!r} is named twice", "name each model once")
        if name in found:
            problem = f"{found[name]} and {path} are both models called {name!r}"
            raise UsageError("--model", problem, "give one of them, or train one again under another name")
        found[name] = path
