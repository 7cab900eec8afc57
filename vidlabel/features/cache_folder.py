"""Where features are kept, and how much there is. Needs neither torch nor numpy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import UsageError
from vidlabel.paths import exists, is_folder

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


def cache_folder(asked: Path | None = None) -> Path:
    """Where features are kept: where asked, else where `VIDLABEL_CACHE` says, else the system's place for caches.

    Raises:
        UsageError: there is a file of that name.
    """
    if asked is None and os.environ.get(CACHE_VARIABLE):
        asked = Path(os.environ[CACHE_VARIABLE])
    if asked is None:
        from platformdirs import user_cache_path

        return user_cache_path("vidlabel", appauthor=False)
    if exists(asked) and not is_folder(asked):
        raise UsageError(asked, "is a file where the cache folder is to be", "give a folder with --cache-dir")
    return asked


def cache_summary(folder: Path) -> CacheSummary:
    """Count what is kept; entries that vanish meanwhile are passed over."""
    sizes = []
    for path in (folder / _ENTRIES).rglob(f"*{_SUFFIX}"):
        try:
            sizes.append(path.stat().st_size)
        except OSError:
            continue
    return CacheSummary(folder, len(sizes), sum(sizes))


def entry_path(folder: Path, key: str) -> Path:
    """The file of an entry.

    Args:
        folder: of the cache.
        key: hexadecimal digits.
    """
    return folder / _ENTRIES / key[:2] / f"{key}{_SUFFIX}"
