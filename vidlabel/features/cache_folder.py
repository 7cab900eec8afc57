"""Where features are kept, and how much there is. Needs neither torch nor numpy."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import InputError, UsageError
from vidlabel.paths import exists, is_folder, reason_of

CACHE_VARIABLE = "VIDLABEL_CACHE"
"""Environment variable that names the cache folder."""

_ENTRIES = "features"
_SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True)
class CacheSummary:
    """What a cache folder holds."""

    folder: Path
    entries: int
    size_bytes: int


def cache_folder(asked: Path | None = None) -> Path | None:
    """The folder of the feature cache: as asked, else from `VIDLABEL_CACHE`, else in the system's folder for caches.

    Returns:
        The folder; None where none is named and the user has no home folder.

    Raises:
        UsageError: there is a file of that name.
    """
    if asked is None and os.environ.get(CACHE_VARIABLE):
        asked = Path(os.environ[CACHE_VARIABLE])
    if asked is None:
        from platformdirs import user_cache_path

        try:
            usual = user_cache_path("vidlabel", appauthor=False)
        except RuntimeError:  # newer releases of platformdirs raise it, older ones leave `~` where no home is known
            return None
        return usual if usual.is_absolute() else None
    if exists(asked) and not is_folder(asked):
        raise UsageError(asked, "is a file where the cache folder is to be", "give a folder with --cache-dir")
    return asked


def cache_summary(folder: Path) -> CacheSummary:
    """Count what is kept; entries that vanish meanwhile are passed over.

    Raises:
        InputError: the folder cannot be listed.
    """
    sizes = []
    for parent, _, names in os.walk(folder / _ENTRIES, onerror=_refuse_unlisted):
        for name in names:
            if name.endswith(_SUFFIX):
                with contextlib.suppress(OSError):
                    sizes.append(Path(parent, name).stat().st_size)
    return CacheSummary(folder, len(sizes), sum(sizes))


def _refuse_unlisted(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise InputError(error.filename, f"cannot be listed ({reason_of(error)})", "check its permissions") from error


def entry_path(folder: Path, key: str) -> Path:
    """The file of an entry.

    Args:
        folder: of the cache.
        key: hexadecimal digits.
    """
    return folder / _ENTRIES / key[:2] / f"{key}{_SUFFIX}"
