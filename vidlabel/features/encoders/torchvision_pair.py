"""torchvision, and what imports it, beside the torch that is installed: each is built for one."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from vidlabel.errors import InstallationError


def import_beside_torch(module: str, packages: Sequence[str], subject: str, extra: str) -> Any:  # noqa: ANN401
    """Import a module of torchvision, or one that imports torchvision.

    Args:
        module: its name.
        packages: that it needs beside torch, its own among them.
        subject: what needs it, for messages.
        extra: of vidlabel that brings the packages.

    Raises:
        InstallationError: a package is missing, or they were not built for this torch.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        problem = f"is computed by {' and '.join(packages)}: {' and '.join(missing)} not installed"
        raise InstallationError(subject, problem, f"run: pip install 'vidlabel[{extra}]' ({matching_versions()})")
    try:
        return importlib.import_module(module)
    except (ImportError, RuntimeError, OSError) as error:  # torchvision for another torch misses operators
        first = str(error).strip().splitlines()[0]
        used = ", ".join(f"{name} {installed_version(name)}" for name in (*packages, "torch"))
        problem = f"{used} do not go together ({first})"
        raise InstallationError(subject, problem, f"install a pair of one source ({matching_versions()})") from error


def matching_versions() -> str:
    """For messages: `torch 2.14.1 goes with torchvision 0.29`."""
    torch = installed_version("torch")
    major, minor = torch.split(".")[:2]
    # torchvision 0.15 was the first for torch 2: 2.0.
    known = f"torchvision 0.{int(minor) + 15}" if major == "2" else "the torchvision of its release"
    return f"torch {torch} goes with {known}"


def installed_version(package: str) -> str:
    """The version of a package, as its metadata states it."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "0.0 of unknown origin"
