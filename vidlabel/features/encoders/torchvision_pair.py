"""Which torchvision goes with the torch that is installed: each is built for one."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


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
