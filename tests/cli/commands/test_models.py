"""`vidlabel models`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import call
from file_server import FileServer, Served, serve_files
from vidlabel.features.encoders.pulled.table import PULLABLE, HuggingFaceRepository, PullableFile, PullableModel

NAMES = ["objects", "objects-coarse", "people", "sounds"]
WEIGHTS = b"w" * 2_000
ADDRESS = f"/a/b/resolve/{'c' * 40}"


@pytest.fixture(name="server")
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileServer]:
    """A server of the model `tiny`, which is not pulled yet."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path / "models"))
    weights = PullableFile("model.safetensors", len(WEIGHTS), hashlib.sha256(WEIGHTS).hexdigest())
    tiny = PullableModel(
        name="tiny",
        kind="image encoder",
        licence="CC0-1.0",
        source=HuggingFaceRepository("a/b", "c" * 40),
        files=(weights, PullableFile("config.json")),
    )
    monkeypatch.setitem(PULLABLE, "tiny", tiny)
    with serve_files() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        server.files[f"{ADDRESS}/model.safetensors"] = Served(WEIGHTS)
        server.files[f"{ADDRESS}/config.json"] = Served(b"{}")
        yield server


def test_shipped_models_are_listed_first_one_line_each(capfd: pytest.CaptureFixture[str]) -> None:
    lines = call(capfd, "models").output.splitlines()
    assert [line.split()[0] for line in lines[: len(NAMES)]] == NAMES
    assert "ImageNet" in lines[0]
    assert lines[len(NAMES)] == ""
    listed = [row for row in json.loads(call(capfd, "models", "--json").output) if row["state"] == "shipped"]
    assert [Path(model["path"]).name for model in listed] == [f"{name}.safetensors" for name in NAMES]


def test_a_model_is_pulled_listed_and_removed(
    server: FileServer, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    digest = hashlib.sha256(b"{}").hexdigest()
    listed = call(capfd, "models").output
    assert "tiny" in listed.partition("to download with `vidlabel models pull NAME`:")[2]
    pulled = call(capfd, "models", "pull", "tiny")
    assert (pulled.status, pulled.output) == (0, "")
    assert pulled.errors.splitlines() == [
        "model.safetensors: 2.0 kB",
        "config.json: 2 B",
        f"warning: tiny: config.json is unverified, its SHA-256 is {digest}",
        "tiny: 2.0 kB, CC0-1.0, from a/b@cccccccc (Hugging Face)",
    ]
    _, _, after = call(capfd, "models").output.partition(f"pulled to {tmp_path / 'models'}:\n")
    assert after.splitlines()[0].split() == (
        ["tiny", "image", "encoder", "2.0", "kB", "CC0-1.0", "digest", "ok", "unverified:", "config.json"]
    )
    removed = call(capfd, "models", "remove", "tiny")
    assert (removed.status, removed.errors) == (0, "tiny: removed\n")
    assert not tmp_path.joinpath("models", "tiny").exists()


def test_a_damaged_model_is_listed_with_its_remedy(
    server: FileServer, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call(capfd, "models", "pull", "tiny", "--quiet").errors.count("\n") == 1
    tmp_path.joinpath("models", "tiny", "model.safetensors").write_bytes(b"x" * len(WEIGHTS))
    assert "damaged: model.safetensors; run: vidlabel models pull tiny" in call(capfd, "models").output
    (row,) = [row for row in json.loads(call(capfd, "models", "--json").output) if row["name"] == "tiny"]
    assert row == {
        "name": "tiny",
        "state": "damaged",
        "description": "image encoder",
        "path": str(tmp_path / "models" / "tiny"),
        "licence": "CC0-1.0",
        "source": "a/b@cccccccc (Hugging Face)",
        "size": 2_002,
        "unverified": ["config.json"],
        "damaged": ["model.safetensors"],
    }


def test_the_shipped_models_are_listed_without_a_folder_of_pulled_ones(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path / "file"))
    tmp_path.joinpath("file").write_text("")
    ended = call(capfd, "models")
    assert (ended.status, ended.output.split()[0]) == (0, NAMES[0])
    assert ended.errors.startswith("warning: ")
    assert "is a file where pulled models are to be" in ended.errors


@pytest.mark.parametrize(
    ("name", "status", "line"),
    [
        ("tiny", 1, "/model.safetensors: the server does not have this file (404 Not Found); check the mirror"),
        ("tinny", 2, "error: model tinny: cannot be pulled: no such model; did you mean tiny? one of"),
    ],
)
def test_a_failed_pull_is_one_line(
    server: FileServer, capfd: pytest.CaptureFixture[str], name: str, status: int, line: str
) -> None:
    server.files.clear()
    ended = call(capfd, "models", "pull", name)
    assert (ended.status, ended.output) == (status, "")
    assert ended.errors.startswith("error: ")
    assert line in ended.errors
    assert ended.errors.count("\n") == 1
