from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from corpus import CATALOGUE

VideoMaker = Callable[[str], Path]


@pytest.fixture(scope="session")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoMaker:
    """Path of a video of the catalogue, made when it is first asked for."""
    folder = tmp_path_factory.mktemp("painted")
    made: dict[str, Path] = {}

    def make(name: str) -> Path:
        if name not in made:
            made[name] = CATALOGUE[name].write(folder)
        return made[name]

    return make
