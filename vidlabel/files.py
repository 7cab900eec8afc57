"""Files as a whole: written so that one under its final name is always complete, and distinguished by their hashes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import socket
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from vidlabel.errors import InputError, OutputError

TEMPORARY_SUFFIX = ".vidlabel-part"
"""Ends the name of every file that is not whole yet; such a file of a dead process may be deleted."""

ABANDONED_AFTER_S = 24 * 3600.0
"""Seconds without a write after which a temporary file is one of a dead process: writing one takes seconds."""


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that appears under `path` only when the block ends without an error.

    The bytes go to a hidden name in the same folder, are flushed to the disk, and are then renamed, so that a reader, a
    kill, a full disk or a power cut never meets half a file. Missing parent folders are made.

    Args:
        path: the final name; an older file there is replaced in one step.

    Yields:
        The open binary file.

    Raises:
        OutputError: the folder or file cannot be written, or the disk is full.
    """
    with atomic_note(path) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def atomic_note(path: Path) -> Iterator[BinaryIO]:
    """As `atomic_write`, for what may be lost in a power cut: it does not wait for the disk, 0.5 ms each time."""
    if not path.name:
        raise OutputError(repr(str(path)), "is no name of a file", "give one")
    temporary = temporary_name(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            yield file
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def publish(temporary: Path, path: Path) -> None:
    """Give a file that another process wrote its final name, once its bytes are on the disk.

    Args:
        temporary: the file, whole; its name is that of `temporary_name`.
        path: the final name; an older file there is replaced in one step.

    Raises:
        OutputError: it is not there, or cannot be renamed.
    """
    try:
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise _not_written(path, error) from error


def make_parents(path: Path) -> None:
    """Make the folders above a file.

    Raises:
        OutputError: one cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or str(error)
    return OutputError(path, f"cannot be written ({reason})", "choose another place or free some space")


def temporary_name(path: Path) -> Path:
    """The hidden name beside `path` that this process writes to first.

    Host and process are part of it, so that two machines on a shared folder never write the same temporary file. The
    final name is cut, since 255 bytes is the limit of most file systems and a valid final name may be that long.
    """
    tag = f"{_host()}-{os.getpid()}"
    return path.with_name(f".{os.fsdecode(os.fsencode(path.name)[:120])}.{tag}{TEMPORARY_SUFFIX}")


def remove_leftovers(folders: Iterable[Path]) -> None:
    """Delete the temporary files that dead processes left in some folders, not searching below them.

    What another process is writing now stays, also if it runs on another machine.
    """
    for folder in folders:
        for path in folder.glob(f".*{TEMPORARY_SUFFIX}"):
            with contextlib.suppress(OSError):
                if _is_abandoned(path):
                    path.unlink()


def _is_abandoned(path: Path) -> bool:
    if time.time() - path.stat().st_mtime > ABANDONED_AFTER_S:
        return True
    writer = re.search(rf"\.{re.escape(_host())}-([0-9]{{1,10}}){re.escape(TEMPORARY_SUFFIX)}$", path.name)
    if writer is None:
        return False
    import psutil

    return not psutil.pid_exists(int(writer[1]))


def _host() -> str:
    return socket.gethostname()[:32]


def sha256_of(path: Path) -> str:
    """Hash of a file, 64 hexadecimal digits.

    Raises:
        InputError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check the path") from error
    return digest.hexdigest()
