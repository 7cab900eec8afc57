"""The version is the installed package's."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from collections.abc import Iterator

import pytest

import vidlabel
from vidlabel.version import installed_version


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    installed_version.cache_clear()
    yield
    installed_version.cache_clear()


def test_it_is_that_of_the_installed_package() -> None:
    assert installed_version() == vidlabel.__version__ == importlib.metadata.version("vidlabel")
    assert "__version__" in dir(vidlabel)


def test_a_checkout_that_was_never_installed_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    assert installed_version() == "0"


def test_the_package_is_imported_without_looking_it_up() -> None:
    code = "import sys, vidlabel; print('importlib.metadata' in sys.modules)"
    # -S: an editable install may import it by itself.
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "False\n"
