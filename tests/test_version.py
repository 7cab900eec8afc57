"""The version is written once."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import vidlabel

ROOT = Path(__file__).parents[1]


def test_it_is_that_of_the_installed_package() -> None:
    assert vidlabel.__version__ == importlib.metadata.version("vidlabel")
    assert "__version__" in dir(vidlabel)


def test_the_citation_names_it() -> None:
    assert f"version: {vidlabel.__version__}" in (ROOT / "CITATION.cff").read_text().splitlines()


def test_no_metadata_of_packages_is_read_to_know_it() -> None:
    code = "import sys, vidlabel; print(vidlabel.__version__, 'importlib.metadata' in sys.modules)"
    # -S: an editable install may import it by itself.
    command = [sys.executable, "-S", "-c", f"import sys; sys.path[:] = {sys.path!r}; {code}"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert found == f"{vidlabel.__version__} False\n"
