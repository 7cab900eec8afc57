"""Trainings in these tests are short."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _few_epochs(few_epochs: None) -> None:
    pass
