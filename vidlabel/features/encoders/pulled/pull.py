"""Pulling models: their files are downloaded into the folder of pulled models, checked, and recorded there."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from filelock import FileLock, Timeout

from vidlabel.errors import DownloadError, InputError, InstallationError, OutputError, UsageError
from vidlabel.features.encoders.pulled.download import download
from vidlabel.features.encoders.pulled.folder import RECORD, PulledFile, PulledModel, models_folder, read_record
from vidlabel.features.encoders.pulled.table import HuggingFaceRepository, PullableFile, PullableModel
from vidlabel.files import atomic_write, publish, sha256_of

OFFLINE_VARIABLE = "HF_HUB_OFFLINE"
"""Environment variable that forbids downloads from the Hugging Face Hub, as its own tools read it."""

OnFileBytes = Callable[[str, int, int | None], None]
"""Takes a file's path within its model, the bytes that are there, and those of the whole file where they are known."""


def pull_model(model: PullableModel, on_bytes: OnFileBytes) -> PulledModel:
    """Download the files of a model that are not there yet, and record what they are.

    A file that is partly there is continued. Whole files get their names once their digests are checked.

    Args:
        model: of the table.
        on_bytes: called at the start of each download, and as it goes on.

    Raises:
        UsageError: `HF_HUB_OFFLINE` forbids it.
        DownloadError: a file cannot be downloaded, or is not the one that the table names.
        OutputError: the folder cannot be written, or is being written by another process.
    """
    folder = models_folder() / model.name
    with _hold(folder):
        seen = _recorded_digests(model)
        files = tuple(_pull_file(model, file, folder, seen, on_bytes) for file in model.files)
        pulled = PulledModel(model.name, str(model.source), files)
        with atomic_write(folder / RECORD) as record:
            record.write(json.dumps(dataclasses.asdict(pulled), indent=2).encode() + b"\n")
    return pulled


def remove_model(model: PullableModel) -> bool:
    """Delete the files of a pulled model, those of a broken download too; what else is in its folder stays.

    Returns:
        Whether there were any.

    Raises:
        OutputError: a file cannot be deleted, or the model is being pulled.
    """
    folder = models_folder() / model.name
    names = [RECORD, *(name for file in model.files for name in (file.path, _partial_name(file.path)))]
    with _hold(folder):
        there = [folder / name for name in names if os.path.lexists(folder / name)]
        for path in there:
            try:
                path.unlink()
            except OSError as error:
                raise OutputError(path, f"cannot be deleted ({error.strerror})", "check its permissions") from error
        with contextlib.suppress(OSError):  # Not empty: others put files there.
            folder.rmdir()
    return there != []


def _refuse_where_offline(model: PullableModel) -> None:
    is_offline = os.environ.get(OFFLINE_VARIABLE, "").upper() in {"1", "ON", "YES", "TRUE"}
    if is_offline and isinstance(model.source, HuggingFaceRepository):
        raise UsageError(OFFLINE_VARIABLE, "is set, which forbids downloads from Hugging Face", "unset it")


@contextlib.contextmanager
def _hold(folder: Path) -> Iterator[None]:
    """Keep other processes from pulling the same model; the lock goes with its process, also when that is killed."""
    lock = FileLock(folder.with_name(f".{folder.name}.lock"), timeout=0)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout as error:
        raise OutputError(folder, "another process is pulling this model", "wait for its end") from error
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error.strerror})", "choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def _recorded_digests(model: PullableModel) -> Mapping[str, str]:
    """The digest that each file had when it was last pulled."""
    try:
        record = read_record(model)
    except InstallationError:  # It is damaged, and is about to be written anew.
        return {}
    return {} if record is None else {file.path: file.sha256 for file in record.files}


def _pull_file(
    model: PullableModel, file: PullableFile, folder: Path, seen: Mapping[str, str], on_bytes: OnFileBytes
) -> PulledFile:
    final, address = folder / file.path, model.source.address_of(file.path)
    expected = seen.get(file.path, "")
    if not expected.startswith(file.sha256):
        expected = file.sha256
    there = _digest_of(final)
    if there is None or not expected or not there.startswith(expected):
        _refuse_where_offline(model)
        partial = folder / _partial_name(file.path)
        if not expected:  # Nothing would tell the halves of two versions apart.
            partial.unlink(missing_ok=True)
        download(address, partial, file.size, lambda there, total: on_bytes(file.path, there, total))
        there = sha256_of(partial)
        if not there.startswith(expected):
            partial.unlink()
            problem = f"is not the file that is expected: its SHA-256 is {there}, not {expected}"
            raise DownloadError(address, problem, "nothing of it was kept; check the mirror, where one is named")
        publish(partial, final)
    return PulledFile(file.path, final.stat().st_size, there)


def _partial_name(path: str) -> str:
    return f"{path}.part"


def _digest_of(path: Path) -> str | None:
    try:
        return sha256_of(path)
    except InputError:
        return None
