"""Every command that the README and the documents show runs, as it stands there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from corpus import Recipe, write_video
from evaluation.evaluated import telling_table
from terminal import shown_on_terminal

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN_BY_CI = ("install", "test")
BLOCK = re.compile(r"(?:<!-- (?P<marker>[^>]*) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    """Code blocks of all documents: the document's name and line, and the text."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            if match["language"] == language and match["marker"] not in RUN_BY_CI:
                line = text.count("\n", 0, match.start()) + 1
                found.append((f"{path.relative_to(ROOT).as_posix()}:{line}", match["text"]))
    return found


def commands() -> list[tuple[str, str]]:
    return [(place, line) for place, text in blocks("sh") for line in text.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the documents name."""
    folder = tmp_path_factory.mktemp("readme")
    write_video(folder / "clip.mp4", Recipe())
    (folder / "videos" / "more").mkdir(parents=True)
    for name in ("a.mp4", "more/b.mp4"):
        shutil.copy(folder / "clip.mp4", folder / "videos" / name)
    (folder / "list.txt").write_text("videos/a.mp4\nvideos/more/b.mp4\n")
    shutil.copytree(ROOT / "examples", folder / "examples")
    telling_table(folder, clips=6)
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("place", "line"), commands())
def test_commands_run(folder: Path, place: str, line: str) -> None:
    ended = run(["bash", "-euo", "pipefail", "-c", line], folder)
    assert ended.returncode == 0, f"{place}: {line}\n{ended.stderr}"


@pytest.mark.parametrize(("place", "code"), blocks("python"))
def test_python_runs(folder: Path, place: str, code: str) -> None:
    ended = run([sys.executable, "-c", code], folder)
    assert ended.returncode == 0, f"{place}\n{ended.stderr}"


def outputs() -> list[tuple[str, str, str]]:
    """Outputs that the documents show: place, command, text."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            if (match["marker"] or "").startswith("output: "):
                line = text.count("\n", 0, match.start()) + 1
                found.append((f"{path.name}:{line}", match["marker"].removeprefix("output: "), match["text"]))
    return found


@pytest.mark.parametrize(("place", "command", "text"), outputs())
def test_outputs_are_those_of_the_commands(folder: Path, place: str, command: str, text: str) -> None:
    shown = shown_on_terminal([sys.executable, "-m", *command.split()], folder)
    assert [line.rstrip() for line in shown.splitlines()] == text.splitlines(), place
