"""Keeps runs from writing the same output folder, or the same file, at the same time.

A lock goes with its process, also when that is killed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from vidlabel.batch.records import STATE_FOLDER
from vidlabel.errors import OutputError


@contextlib.contextmanager
def hold_folder(folder: Path) -> Iterator[None]:
    """Keep a second run out of an output folder.

    Raises:
        OutputError: another run holds it, or it cannot be written.
    """
    with _try_to_hold(folder / STATE_FOLDER / "lock", folder) as is_held:
        if not is_held:
            raise OutputError(folder, "another run is writing here", "wait for its end, or choose another folder")
        yield


@contextlib.contextmanager
def hold_output(folder: Path, output: Path) -> Iterator[bool]:
    """Keep other runs from writing one file; never waits.

    Args:
        folder: where the records of the file lie.
        output: the file, in `folder` or below it.

    Yields:
        Whether it is held; False: another run is writing it.

    Raises:
        OutputError: the folder cannot be written.
    """
    path = folder / STATE_FOLDER / "locks" / output.relative_to(folder)
    with _try_to_hold(path, folder) as is_held:
        # A lock on a file that its last holder has removed meanwhile would keep nobody out.
        if not is_held or not path.exists():
            yield False
            return
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):
                path.unlink()  # One file for each output would pile up.


@contextlib.contextmanager
def _try_to_hold(path: Path, folder: Path) -> Iterator[bool]:
    from filelock import FileLock, Timeout  # 12 ms, which a run to standard output does without

    lock = FileLock(path, timeout=0)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        raise OutputError(folder, f"cannot be written ({error.strerror})", "choose another folder") from error
    try:
        yield True
    finally:
        lock.release()
