"""`vidlabel models`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import call


def test_models_are_listed_one_line_each(capfd: pytest.CaptureFixture[str]) -> None:
    lines = call(capfd, "models").output.splitlines()
    assert [line.split()[0] for line in lines] == ["objects", "objects-coarse", "sounds"]
    assert "ImageNet" in lines[0]
    listed = json.loads(call(capfd, "models", "--json").output)
    expected = ["objects.safetensors", "objects-coarse.safetensors", "sounds.safetensors"]
    assert [Path(model["path"]).name for model in listed] == expected
