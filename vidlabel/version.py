"""Which version of vidlabel is installed."""

from __future__ import annotations

import functools


@functools.cache
def installed_version() -> str:
    """The version, or `0` for a checkout on the path that was never installed."""
    # Imported here: with its e-mail parser it takes 20 ms, in each process of a run.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("vidlabel")
    except PackageNotFoundError:
        return "0"
