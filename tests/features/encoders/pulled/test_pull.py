"""Pulling models from a server on this machine, laid out as the Hugging Face Hub and PyTorch's host are."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from filelock import FileLock
from safetensors.numpy import load_file, save

from file_server import FileServer, Served, serve_files
from vidlabel.errors import DownloadError, OutputError, UsageError
from vidlabel.features.encoders.pulled.folder import damaged_files, pulled_path, read_record
from vidlabel.features.encoders.pulled.pull import pull_model, remove_model
from vidlabel.features.encoders.pulled.table import (
    PULLABLE,
    HuggingFaceRepository,
    PullableFile,
    PullableModel,
    PyTorchFolder,
)
from vidlabel.features.encoders.torch_file import read_torch_file

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = save({"head.weight": np.arange(60_000, dtype=np.float32).reshape(6, 10_000)})
WORDS = b"a\nb\n"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


HUB = PullableModel(
    name="tiny-encoder",
    kind="image encoder",
    licence="CC0",
    source=HuggingFaceRepository("somebody/tiny-encoder", COMMIT),
    files=(
        PullableFile("model.safetensors", len(WEIGHTS), sha256(WEIGHTS)),
        PullableFile("tokenizer/vocab.txt", len(WORDS), sha256(WORDS)),
    ),
)
UNVERIFIED = replace(HUB, files=(HUB.files[0], PullableFile("tokenizer/vocab.txt")))


@pytest.fixture(name="server")
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FileServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setitem(PULLABLE, HUB.name, HUB)
    with serve_files() as server:
        monkeypatch.setenv("HF_ENDPOINT", server.address)
        monkeypatch.setenv("VIDLABEL_PYTORCH_ENDPOINT", f"{server.address}/models/")
        root = f"/somebody/tiny-encoder/resolve/{COMMIT}"
        # The hub sends large files from another host, by a signed address, and small ones itself.
        server.files[f"{root}/model.safetensors"] = Served(
            status=302, location="/store/ab12?Expires=1&Signature=x", headers={"X-Linked-Size": str(len(WEIGHTS))}
        )
        server.files["/store/ab12?Expires=1&Signature=x"] = Served(WEIGHTS)
        server.files[f"{root}/tokenizer/vocab.txt"] = Served(WORDS)
        yield server


def store(server: FileServer) -> Served:
    return server.files["/store/ab12?Expires=1&Signature=x"]


def nothing(path: str, there: int, total: int | None) -> None:
    """Progress that nobody looks at."""


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_pulled_model_is_whole_and_found_offline(server: FileServer, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    record = pull_model(HUB, lambda path, there, total: seen.update({path: there}))
    assert seen == {"model.safetensors": len(WEIGHTS), "tokenizer/vocab.txt": len(WORDS)}
    assert (record, damaged_files(record)) == (read_record(HUB), [])
    server.requests.clear()
    path = pulled_path(HUB.name)
    assert path == tmp_path / "models" / "tiny-encoder" / "model.safetensors"
    assert load_file(path)["head.weight"][5, 9_999] == 59_999
    assert everything_in(path.parent) == {"model.safetensors", "tokenizer/vocab.txt", "pulled.json"}
    assert server.requests == []


def test_a_second_pull_downloads_nothing(server: FileServer) -> None:
    pull_model(HUB, nothing)
    server.requests.clear()
    pull_model(HUB, nothing)
    assert server.requests == []


def test_an_interrupted_pull_is_not_found_and_goes_on(server: FileServer, tmp_path: Path) -> None:
    server.files[f"/somebody/tiny-encoder/resolve/{COMMIT}/tokenizer/vocab.txt"].status = 503
    store(server).cut_after = 100_000
    with pytest.raises(DownloadError, match="broke off after 100,000 of"):
        pull_model(HUB, nothing)
    assert everything_in(tmp_path / "models" / "tiny-encoder") == {"model.safetensors.part"}
    store(server).cut_after = None
    with pytest.raises(DownloadError, match=r"vocab\.txt: the server has a fault"):
        pull_model(HUB, nothing)
    assert server.requests[-2] == ("/store/ab12?Expires=1&Signature=x", "bytes=100000-")
    assert read_record(HUB) is None
    server.files[f"/somebody/tiny-encoder/resolve/{COMMIT}/tokenizer/vocab.txt"].status = 200
    server.requests.clear()
    record = pull_model(HUB, nothing)
    assert damaged_files(record) == []
    assert [path for path, _ in server.requests] == [f"/somebody/tiny-encoder/resolve/{COMMIT}/tokenizer/vocab.txt"]


def test_another_file_of_the_same_size_is_not_kept(server: FileServer, tmp_path: Path) -> None:
    store(server).content = WEIGHTS[:-1] + b"x"
    with pytest.raises(DownloadError, match=f"its SHA-256 is {sha256(store(server).content)}, not {sha256(WEIGHTS)}"):
        pull_model(HUB, nothing)
    assert everything_in(tmp_path / "models" / "tiny-encoder") == set()


def test_a_damaged_file_is_downloaded_anew(server: FileServer) -> None:
    pull_model(HUB, nothing)
    pulled_path(HUB.name).write_bytes(b"x" * len(WEIGHTS))
    pulled_path(HUB.name).with_name("pulled.json").write_text("{")
    assert damaged_files(pull_model(HUB, nothing)) == []


def test_an_unverified_file_keeps_the_digest_of_its_first_pull(server: FileServer) -> None:
    record = pull_model(UNVERIFIED, nothing)
    assert record.files[1].sha256 == sha256(WORDS)
    words = pulled_path(HUB.name).parent / "tokenizer" / "vocab.txt"
    words.unlink()
    server.files[f"/somebody/tiny-encoder/resolve/{COMMIT}/tokenizer/vocab.txt"].content = b"c\nd\n"
    with pytest.raises(DownloadError, match=f"is not the file that is expected: .* not {sha256(WORDS)}"):
        pull_model(UNVERIFIED, nothing)
    assert not words.exists()


def test_an_unverified_file_is_not_continued(server: FileServer, tmp_path: Path) -> None:
    part = tmp_path / "models" / "tiny-encoder" / "tokenizer" / "vocab.txt.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(b"of another version")
    pull_model(UNVERIFIED, nothing)
    assert part.with_name("vocab.txt").read_bytes() == WORDS


@pytest.mark.parametrize("changed", [False, True])
def test_files_of_pytorch_are_checked_by_the_digits_in_their_names(
    server: FileServer, tmp_path: Path, changed: bool
) -> None:
    file = io.BytesIO()
    torch.save({"fc.bias": torch.arange(4.0)}, file)
    digits = sha256(file.getvalue())[:8]
    model = PullableModel(
        name="tiny-video",
        kind="video network",
        licence="CC0",
        source=PyTorchFolder(),
        files=(PullableFile(f"tiny-{digits}.pth", sha256=digits),),
    )
    server.files[f"/models/tiny-{digits}.pth"] = Served(file.getvalue() + b"x" * changed)
    if changed:
        with pytest.raises(DownloadError, match=f"not {digits}; nothing of it was kept"):
            pull_model(model, nothing)
        return
    assert pull_model(model, nothing).files[0].sha256 == sha256(file.getvalue())
    assert (
        read_torch_file((tmp_path / "models" / "tiny-video" / f"tiny-{digits}.pth").read_bytes())["fc.bias"][3] == 3.0
    )


@pytest.mark.parametrize("value", ["1", "true", "ON", "yes"])
def test_offline_is_offline(server: FileServer, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    with pytest.raises(UsageError, match="HF_HUB_OFFLINE: is set, which forbids downloads from Hugging Face; unset it"):
        pull_model(HUB, nothing)
    assert server.requests == []
    monkeypatch.delenv("HF_HUB_OFFLINE")
    pull_model(HUB, nothing)
    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    assert pull_model(HUB, nothing) == read_record(HUB)


def test_two_pulls_at_once_do_not_mix(server: FileServer, tmp_path: Path) -> None:
    tmp_path.joinpath("models").mkdir()
    with FileLock(tmp_path / "models" / ".tiny-encoder.lock"):
        for work in (lambda: pull_model(HUB, nothing), lambda: remove_model(HUB)):
            with pytest.raises(OutputError, match="tiny-encoder: another process is pulling this model; wait for its"):
                work()
    assert server.requests == []


def test_a_folder_that_cannot_be_written_is_one_line(server: FileServer, tmp_path: Path) -> None:
    tmp_path.joinpath("models").mkdir()
    tmp_path.joinpath("models", "tiny-encoder").write_text("a file")
    with pytest.raises(OutputError, match=r"model\.safetensors\.part: cannot be written"):
        pull_model(HUB, nothing)


def test_a_model_is_removed_and_nothing_else(server: FileServer, tmp_path: Path) -> None:
    pull_model(HUB, nothing)
    folder = tmp_path / "models" / "tiny-encoder"
    folder.joinpath("notes.txt").write_text("mine")
    folder.joinpath("model.safetensors.part").write_text("half")
    assert remove_model(HUB)
    assert everything_in(folder) == {"notes.txt"}
    assert not remove_model(HUB)


def test_the_record_is_plain_json(server: FileServer) -> None:
    pull_model(HUB, nothing)
    content = json.loads(pulled_path(HUB.name).with_name("pulled.json").read_text())
    assert content["source"] == "somebody/tiny-encoder@01234567 (Hugging Face)"
    assert content["files"][0] == {"path": "model.safetensors", "size": len(WEIGHTS), "sha256": sha256(WEIGHTS)}
