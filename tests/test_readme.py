"""Every command that the README and the documents show runs, and prints what they say it prints."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from command_line import call
from corpus import Recipe, write_video
from evaluation.evaluated import telling_table
from file_server import Served, serve_files
from onnx_files import write_channel_encoder
from review.reviewing import served
from terminal import shown_on_terminal
from vidlabel.features.encoders.pulled.table import PULLABLE, PullableFile

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders", "shared_components", "in_one_process")

ROOT = Path(__file__).parent.parent
FEW_CLIPS, FEW_EPOCHS = 2, 12
"""Clips of each label, and epochs, that trainings take where commands need not run as they stand: enough to learn."""
FEW_TRIALS = 2
"""Trials of `tune`, which as it stands takes the minutes that it is given."""
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
RUN_BY_CI = ("install", "test")
BLOCK = re.compile(r"(?:<!-- (?P<marker>[^>]*) -->\n)?```(?P<language>\w+)\n(?P<text>.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:)(?P<path>[^)#]*)(?:#(?P<heading>[^)]*))?\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code in a document."""

    place: str
    """The document and the line."""
    marker: str
    language: str
    text: str


def blocks() -> list[Block]:
    """Blocks of code of all documents, but for those that `.ci/run` runs."""
    found = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            place = f"{path.relative_to(ROOT).as_posix()}:{line}"
            found.append(Block(place, match["marker"] or "", match["language"], match["text"]))
    return [block for block in found if block.marker not in RUN_BY_CI]


def commands() -> dict[str, str]:
    """Command lines, each once, in the order of the documents, and the first place of each."""
    first: dict[str, str] = {}
    for block in blocks():
        if block.language == "sh":
            for line in block.text.splitlines():
                first.setdefault(line.strip(), block.place)
    return first


@pytest.fixture(
    scope="module", params=[True, pytest.param(False, marks=pytest.mark.slow)], ids=["few clips", "as they stand"]
)
def few_clips(request: pytest.FixtureRequest) -> bool:
    """Whether models learn from fewer clips in fewer epochs than the documents say: those take a minute and more."""
    return bool(request.param)


@pytest.fixture
def quick_training(few_clips: bool, request: pytest.FixtureRequest) -> None:
    """Defaults of training are small, too, where commands need not run as they stand."""
    if few_clips:
        request.getfixturevalue("few_epochs")


@pytest.fixture(scope="module")
def folder(few_clips: bool, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the documents name, one for all commands: later ones use what earlier ones made."""
    folder = tmp_path_factory.mktemp("readme")
    write_video(folder / "clip.mp4", Recipe())
    (folder / "videos" / "more").mkdir(parents=True)
    for name in ("a.mp4", "more/b.mp4"):
        shutil.copy(folder / "clip.mp4", folder / "videos" / name)
    (folder / "labels.txt").write_text("a bottle of water\ncar\n")
    write_channel_encoder(folder / "my.onnx", 0, 1, 2)
    (folder / "list.txt").write_text("videos/a.mp4\nvideos/more/b.mp4\n")
    shutil.copytree(ROOT / "examples", folder / "examples")
    telling_table(folder, clips=6)
    make_clips(folder, few_clips)
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def is_plain(line: str) -> bool:
    """Whether a line calls `vidlabel` alone and uses nothing of the shell."""
    return line.startswith("vidlabel ") and not re.search(r"[|<>;&$`*?]", line)


def make_clips(folder: Path, few: bool) -> None:
    """Run the script of the README before each command that needs its clips: not only after that line."""
    ended = run([sys.executable, "examples/growing_square.py", "clips/"], folder)
    assert ended.returncode == 0, ended.stderr
    if few:
        leave_few(folder / "clips")


def leave_few(clips: Path) -> None:
    """Remove most of the clips that the example script made, and their rows."""
    for path in [path for path in clips.rglob("*.mp4") if int(path.stem) >= FEW_CLIPS]:
        path.unlink()
    for table in clips.glob("*.csv"):
        first, *rows = table.read_text().splitlines()
        kept = [row for row in rows if (clips / row.partition(",")[0]).exists()]
        table.write_text("\n".join([first, *kept]) + "\n")


@contextmanager
def served_stand_in(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server on this machine has a tiny file for each file of a model that can be pulled."""
    files = tuple(PullableFile(file.path) for file in PULLABLE[name].files)
    model = replace(PULLABLE[name], files=files)
    monkeypatch.setitem(PULLABLE, name, model)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serve_files() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        addresses = [model.source.address_of(file.path) for file in files]
        server.files |= {address.removeprefix(server.address): Served(b"{}") for address in addresses}
        yield


def marked(line: str) -> list[pytest.MarkDecorator]:
    """What takes seconds: searches, the recipe of the article, and vidlabel or a worker started for each video."""
    dear = re.search(r"xargs|^for |videos/ .*--render|^vidlabel tune|--head rnn", line)
    return [pytest.mark.slow] if dear else []


@pytest.mark.usefixtures("quick_training")
@pytest.mark.parametrize(
    ("place", "line"), [pytest.param(place, line, marks=marked(line)) for line, place in commands().items()]
)
def test_commands_run(
    folder: Path,
    few_clips: bool,
    place: str,
    line: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if few_clips:
        line = re.sub(r"--epochs (\d+)", lambda match: f"--epochs {min(int(match[1]), FEW_EPOCHS)}", line)
    if line.startswith("vidlabel tune "):
        line += f" --trials {FEW_TRIALS}"
    if line.startswith("vidlabel review "):
        monkeypatch.chdir(folder)
        with served(*shlex.split(line)[2:]) as review:
            review.confirm_first()
            assert review.end()[0] == 0, f"{place}: {line}"
    elif line.startswith("vidlabel models pull "):
        with served_stand_in(shlex.split(line)[3], monkeypatch):
            assert call(capfd, *shlex.split(line)[1:]).status == 0, f"{place}: {line}"
    elif is_plain(line):  # in this process, which has loaded torch already
        monkeypatch.chdir(folder)
        ended = call(capfd, *shlex.split(line)[1:])
        assert ended.status == 0, f"{place}: {line}\n{ended.errors}"
    else:
        process = run(["bash", "-euo", "pipefail", "-c", line], folder)
        assert process.returncode == 0, f"{place}: {line}\n{process.stderr}"
    if few_clips and "growing_square.py" in line:
        leave_few(folder / "clips")


@pytest.mark.parametrize(
    "block", [block for block in blocks() if block.language == "python"], ids=lambda one: one.place
)
def test_python_runs(folder: Path, few_clips: bool, block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
    if few_clips:  # in this process, which has loaded torch already
        monkeypatch.chdir(folder)
        exec(compile(block.text, block.place, "exec"), {"__name__": "__main__"})
    else:
        ended = run([sys.executable, "-c", block.text], folder)
        assert ended.returncode == 0, f"{block.place}\n{ended.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "block", [block for block in blocks() if block.marker.startswith("output: ")], ids=lambda one: one.place
)
def test_outputs_are_those_of_the_commands(folder: Path, block: Block) -> None:
    command = block.marker.removeprefix("output: ").split()
    shown = shown_on_terminal([sys.executable, "-m", *command], folder)
    assert [line.rstrip() for line in shown.splitlines()] == block.text.splitlines(), block.place


def texts(picture: Path) -> list[str]:
    """What an SVG says; how it is drawn depends on the release of rich."""
    return re.findall(r">([^<>\n]+)</text>", picture.read_text(encoding="utf-8"))


def test_the_picture_shows_what_the_readme_says() -> None:
    """Which is compared with a run."""
    shown = "".join(texts(ROOT / "docs" / "terminal.svg")).replace("&#160;", "").replace(" ", "")
    (block,) = [block for block in blocks() if block.marker.endswith("bottle-detection.mp4")]
    assert f"${block.marker.removeprefix('output: ')}{block.text}$".replace(" ", "").replace("\n", "") in shown


@pytest.mark.slow
def test_the_picture_is_that_of_a_run(tmp_path: Path) -> None:
    ended = run([sys.executable, str(ROOT / "docs" / "terminal.py"), str(tmp_path / "terminal.svg")], tmp_path)
    assert ended.returncode == 0, ended.stderr
    drawn, kept = (texts(folder / "terminal.svg") for folder in (tmp_path, ROOT / "docs"))
    assert "bottle" in " ".join(kept)
    assert drawn == kept


def headings(document: str) -> set[str]:
    """The anchors that a page has for its headings."""
    titles = re.findall(r"^#+ (.*)$", document, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_links(path: Path) -> list[str]:
    """Links of a document to files or headings that do not exist."""
    broken = []
    for match in LINK.finditer(path.read_text(encoding="utf-8")):
        target = path.parent / match["path"] if match["path"] else path
        if not target.is_file() or (match["heading"] and match["heading"] not in headings(target.read_text())):
            broken.append(match[0])
    return broken


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    assert broken_links(path) == []


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A b, c\n[x](#a-b-c) [y](#none) [z](b.md) [w](a.md#a-b-c)\n")
    assert broken_links(tmp_path / "a.md") == ["](#none)", "](b.md)"]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 160


def test_every_page_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT).as_posix() for path in DOCUMENTS[1:]]
    assert [page for page in pages if page not in text] == []
