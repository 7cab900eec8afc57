"""Where pulled models are found, and what is said of one that is not there or not whole."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.encoders.pulled.folder import damaged_files, models_folder, pulled_path, read_record
from vidlabel.features.encoders.pulled.table import (
    PULLABLE,
    HuggingFaceRepository,
    PullableFile,
    PullableModel,
    PyTorchFolder,
    pullable_model,
)

FILES = {"model.safetensors": b"weights", "tokenizer/vocab.txt": b"a\nb"}
MADE_UP = PullableModel(
    name="made-up",
    kind="image encoder",
    licence="CC0",
    source=HuggingFaceRepository("somebody/made-up", "c0ffee00" * 5),
    files=tuple(PullableFile(path) for path in FILES),
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the pulled model `made-up`."""
    monkeypatch.setitem(PULLABLE, MADE_UP.name, MADE_UP)
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path / "models"))
    folder = tmp_path / "models" / MADE_UP.name
    for path, content in FILES.items():
        folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
        folder.joinpath(path).write_bytes(content)
    write_record(folder, source=str(MADE_UP.source))
    return folder


def write_record(folder: Path, source: str) -> None:
    files = [
        {"path": path, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for path, content in FILES.items()
    ]
    folder.joinpath("pulled.json").write_text(json.dumps({"name": "made-up", "source": source, "files": files}))


def test_the_weights_of_a_pulled_model_are_found(folder: Path) -> None:
    assert pulled_path("made-up") == folder / "model.safetensors"
    record = read_record(MADE_UP)
    assert record is not None
    assert (record.size, damaged_files(record)) == (10, [])


def test_a_model_that_was_not_pulled_names_the_command_that_does(folder: Path) -> None:
    with pytest.raises(InstallationError, match=r"model r2plus1d_18: is not on .*; run: vidlabel models pull r2plus1d"):
        pulled_path("r2plus1d_18")


def test_a_model_whose_record_is_missing_is_not_whole(folder: Path) -> None:
    folder.joinpath("pulled.json").unlink()
    with pytest.raises(InstallationError, match="is not on this machine; run: vidlabel models pull made-up"):
        pulled_path("made-up")


def test_a_model_of_another_commit_has_to_be_pulled_again(folder: Path) -> None:
    write_record(folder, source="somebody/made-up@deadbeef (Hugging Face)")
    with pytest.raises(InstallationError, match="run: vidlabel models pull made-up"):
        pulled_path("made-up")


@pytest.mark.parametrize("path", FILES)
def test_a_missing_or_shortened_file_is_found_by_its_size(folder: Path, path: str) -> None:
    folder.joinpath(path).write_bytes(b"a")
    with pytest.raises(InstallationError, match=f"{path}: is damaged: it has 1 bytes, not {len(FILES[path])}; run"):
        pulled_path("made-up")
    folder.joinpath(path).unlink()
    with pytest.raises(InstallationError, match=f"{path}: is missing; run: vidlabel models pull made-up"):
        pulled_path("made-up")


def test_a_changed_file_is_found_by_its_digest(folder: Path) -> None:
    record = read_record(MADE_UP)
    assert record is not None
    folder.joinpath("model.safetensors").write_bytes(b"WEIGHTS")
    folder.joinpath("tokenizer/vocab.txt").unlink()
    assert damaged_files(record) == ["model.safetensors", "tokenizer/vocab.txt"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": "made-up"}', b'{"name": 7}', b"\xff"])
def test_a_damaged_record_is_one_line(folder: Path, content: bytes) -> None:
    folder.joinpath("pulled.json").write_bytes(content)
    with pytest.raises(InstallationError, match=r"pulled.json: is damaged .*; run: vidlabel models pull made-up"):
        pulled_path("made-up")


def test_the_folder_is_the_users_where_none_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("VIDLABEL_MODELS_DIR", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda name, **_: tmp_path / name)
    assert models_folder() == tmp_path / "vidlabel" / "models"
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: Path("~"))
    with pytest.raises(UsageError, match="no home folder; name a folder in VIDLABEL_MODELS_DIR"):
        models_folder()


def test_a_file_in_place_of_the_folder_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VIDLABEL_MODELS_DIR", str(tmp_path / "models"))
    tmp_path.joinpath("models").write_text("")
    with pytest.raises(UsageError, match="is a file where pulled models are to be"):
        pulled_path("r2plus1d_18")


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(UsageError, match=r"no such model; did you mean whisper-tiny\? one of"):
        pullable_model("Whisper-tinny")


def test_addresses_follow_the_mirrors(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, torch = HuggingFaceRepository("a/b", "c" * 40), PyTorchFolder()
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    monkeypatch.delenv("VIDLABEL_PYTORCH_ENDPOINT", raising=False)
    assert hub.address_of("d/e.txt") == f"https://huggingface.co/a/b/resolve/{'c' * 40}/d/e.txt"
    assert torch.address_of("f.pth") == "https://download.pytorch.org/models/f.pth"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/hub/")
    monkeypatch.setenv("VIDLABEL_PYTORCH_ENDPOINT", "http://mirror.example/torch")
    assert hub.address_of("e.txt") == f"https://mirror.example/hub/a/b/resolve/{'c' * 40}/e.txt"
    assert torch.address_of("f.pth") == "http://mirror.example/torch/f.pth"


@pytest.mark.parametrize("model", PULLABLE.values(), ids=PULLABLE)
def test_every_entry_of_the_table_is_complete(model: PullableModel) -> None:
    assert model.licence
    for file in model.files:
        assert re.fullmatch(r"([0-9a-f]{64}|[0-9a-f]{8}|)", file.sha256)
        assert not file.path.endswith((".bin", ".pt", ".ckpt")) or model.kind == "speech model", "may be a pickle"
        assert not Path(file.path).is_absolute()
        assert ".." not in Path(file.path).parts
        if isinstance(model.source, PyTorchFolder):
            assert file.path.removesuffix(".pth").endswith(f"-{file.sha256[:8]}"), "the name holds the digest"
    if isinstance(model.source, HuggingFaceRepository):
        assert re.fullmatch(r"[0-9a-f]{40}", model.source.commit)
