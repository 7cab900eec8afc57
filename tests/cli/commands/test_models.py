"""`vidlabel models`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import call

NAMES = ["objects", "objects-coarse", "people", "sounds"]


def test_models_are_listed_one_line_each(capfd: pytest.CaptureFixture[str]) -> None:
    lines = call(capfd, "models").output.splitlines()
    assert [line.split()[0] for line in lines] == NAMES
    assert "ImageNet" in lines[0]
    listed = json.loads(call(capfd, "models", "--json").output)
    assert [Path(model["path"]).name for model in listed] == [f"{name}.safetensors" for name in NAMES]
