"""The models that were pulled: where their files are, and what is recorded of them. Nothing here uses the network.

MODELS/NAME/pulled.json    what was pulled, written last: a model without it is not whole
MODELS/NAME/FILE           its files
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from vidlabel.errors import InputError, InstallationError, UsageError
from vidlabel.features.encoders.pulled.table import PullableModel, pullable_model
from vidlabel.files import sha256_of
from vidlabel.json_fields import Sha256, dataclass_from_json
from vidlabel.json_text import parse_json
from vidlabel.paths import exists, is_folder, reason_of

MODELS_VARIABLE = "VIDLABEL_MODELS_DIR"
"""Environment variable that names the folder of pulled models."""
RECORD = "pulled.json"


@dataclass(frozen=True, slots=True)
class PulledFile:
    """One file as it was pulled."""

    path: str
    """Within the model's folder."""
    size: int
    """Bytes."""
    sha256: Sha256


@dataclass(frozen=True, slots=True)
class PulledModel:
    """A model as it was pulled."""

    name: str
    source: str
    files: tuple[PulledFile, ...]
    """The weights first."""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def sha256(self) -> str:
        """Of the weights."""
        return self.files[0].sha256


def models_folder() -> Path:
    """The folder of pulled models: from `VIDLABEL_MODELS_DIR`, else in the system's folder for users' data.

    Raises:
        UsageError: there is a file of that name, or none is named and the user has no home folder.
    """
    named = os.environ.get(MODELS_VARIABLE)
    folder = Path(named) if named else _usual_folder()
    if exists(folder) and not is_folder(folder):
        raise UsageError(folder, "is a file where pulled models are to be", f"name a folder in {MODELS_VARIABLE}")
    return folder


def _usual_folder() -> Path:
    from platformdirs import user_data_path

    try:
        usual = user_data_path("vidlabel", appauthor=False)
    except RuntimeError:  # newer releases of platformdirs raise it, older ones leave `~` where no home is known
        usual = Path("~")
    if not usual.is_absolute():
        raise UsageError("pulled models", "the user has no home folder", f"name a folder in {MODELS_VARIABLE}")
    return usual / "models"


def pulled_path(name: str) -> Path:
    """The file of weights of a pulled model; its other files lie beside it.

    Sizes are compared, digests are not: that takes a second for each gigabyte. Who loads a file checks its digest
    against that of `read_record`.

    Raises:
        UsageError: there is no such model to pull.
        InstallationError: it was not pulled, or is not whole; the remedy is the command that pulls it.
    """
    record = pulled_record(name)
    folder = models_folder() / name
    for file in record.files:
        size = _size_of(folder / file.path)
        if size != file.size:
            problem = "is missing" if size is None else f"is damaged: it has {size:,} bytes, not {file.size:,}"
            raise InstallationError(folder / file.path, problem, _remedy(name))
    return folder / record.files[0].path


def pulled_record(name: str) -> PulledModel:
    """What is recorded of a pulled model.

    Raises:
        UsageError: there is no such model to pull.
        InstallationError: it was not pulled; the remedy is the command that pulls it.
    """
    record = read_record(pullable_model(name))
    if record is None:
        raise InstallationError(f"model {name}", "is not on this machine", _remedy(name))
    return record


def read_record(model: PullableModel) -> PulledModel | None:
    """What is recorded of a pulled model; None where nothing is, or it is of another source than the table's.

    Raises:
        InstallationError: the record cannot be read.
    """
    path = models_folder() / model.name / RECORD
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise InstallationError(path, f"cannot be read ({reason_of(error)})", "check its permissions") from error
    try:
        record = dataclass_from_json(PulledModel, parse_json(content), "")
    except ValueError as error:
        raise InstallationError(path, f"is damaged ({error})", _remedy(model.name)) from error
    wanted = (model.name, str(model.source), tuple(file.path for file in model.files))
    return record if (record.name, record.source, tuple(file.path for file in record.files)) == wanted else None


def damaged_files(record: PulledModel) -> list[str]:
    """The files of a pulled model that are missing or differ from what was pulled, by their digests."""
    folder = models_folder() / record.name
    return [file.path for file in record.files if _digest_of(folder / file.path) != file.sha256]


def _digest_of(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except InputError:
        return None


def _size_of(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def _remedy(name: str) -> str:
    return f"run: vidlabel models pull {name}"
