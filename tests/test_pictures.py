"""The pictures of pages that the README shows are those of real runs."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOCS = Path(__file__).parent.parent / "docs"
CELL = 20
"""Pixels a side that are averaged: letters differ where other fonts are installed."""


@pytest.fixture(scope="module")
def pictures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", DOCS / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def coarse(path: Path) -> npt.NDArray[np.float64]:
    """Mean colours of the cells of a picture; what is left at its right and lower end does not count."""
    rgb = np.asarray(Image.open(path).convert("RGB")).astype(float)
    rows, columns = rgb.shape[0] // CELL, rgb.shape[1] // CELL
    cells: npt.NDArray[np.float64] = (
        rgb[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL, 3).mean((1, 3))
    )
    return cells


PICTURES = ["report.png", "review.png"]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_shows_something(name: str) -> None:
    assert coarse(DOCS / name).std() > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_that_of_a_run(browser: Browser, pictures: ModuleType, tmp_path: Path, name: str) -> None:
    pictures.PICTURES[name](browser, tmp_path, tmp_path / name)
    drawn, kept = coarse(tmp_path / name), coarse(DOCS / name)
    assert drawn.shape == kept.shape
    assert np.abs(drawn - kept).mean() < 6
