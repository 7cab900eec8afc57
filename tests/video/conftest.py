from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock

from corpus import CATALOGUE

VideoMaker = Callable[[str], Path]


@pytest.fixture(scope="session")
def video(shared_folder: Path) -> VideoMaker:
    """Path of a video of the catalogue, made when it is first asked for by any process; not to be changed."""
    folder = shared_folder / "painted"
    (folder / "unfinished").mkdir(parents=True, exist_ok=True)

    def make(name: str) -> Path:
        path = folder / name
        with FileLock(folder / f"{name}.lock"):
            if not path.exists():
                CATALOGUE[name].write(folder / "unfinished").rename(path)
        return path

    return make
