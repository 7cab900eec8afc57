"""The documents name files, modules and functions that exist, and the picture of the house is the house."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import pytest

import vidlabel
from test_layers import LAYERS
from vidlabel.features.encoders.network_files import declaration

ROOT = Path(__file__).parent.parent
PACKAGE = Path(vidlabel.__file__).parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")

FOLDERS = "benchmarks|docs|examples|tests|vidlabel|weights"
PATH = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./-]*[\w/]")
DOTTED = re.compile(r"(?<![\w./-])vidlabel(?:\.[A-Za-z_]\w*)+")
ROOM = re.compile(r"`([\w./]+/[\w./]*)`")


def absent_paths(text: str) -> list[str]:
    """Paths of the repository that a text names and that do not exist."""
    return [path for path in PATH.findall(text) if not (ROOT / path).exists()]


def absent_names(text: str) -> list[str]:
    """Dotted names that a text gives and that are no module, class or function."""

    def exists(name: str) -> bool:
        if name == declaration.KEY:  # of the metadata in an ONNX file
            return True
        try:
            pkgutil.resolve_name(name)
        except (AttributeError, ImportError):
            return False
        return True

    return [name for name in DOTTED.findall(text) if not exists(name)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_documents_name_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert absent_paths(text) == []
    assert absent_names(text) == []


def test_what_does_not_exist_is_found() -> None:
    text = (
        "`vidlabel/video/sampling.py`, labels/.vidlabel/ and `benchmarks/none.py`; vidlabel.video.probe, vidlabel.none."
    )
    assert absent_paths(text) == ["benchmarks/none.py"]
    assert absent_names(text) == ["vidlabel.none"]


def test_the_rooms_of_the_architecture_exist() -> None:
    rooms = ROOM.findall(ARCHITECTURE)
    assert len(rooms) > 20
    assert [room for room in rooms if not (PACKAGE / room).exists() and not (ROOT / room).exists()] == []


def test_the_picture_shows_the_layers() -> None:
    picture = ARCHITECTURE.partition("<!-- layers -->\n```text\n")[2].partition("```")[0]
    shown = [set(re.split(r" {2,}", row)[0].split(", ")) for row in picture.splitlines()]
    assert shown == [*reversed(LAYERS), {"vidlabel"}]


def test_questions_are_answered_in_five_files() -> None:
    answers = {part.partition("\n")[0]: set(ROOM.findall(part)) for part in ARCHITECTURE.split("\n## ")[1:]}
    questions = {title: files for title, files in answers.items() if title.startswith("How ")}
    assert len(questions) == 5
    assert [title for title, files in questions.items() if not 1 <= len(files) <= 5] == []
