"""What people keep, and what later versions must still make: result files, model files, fingerprints, cache keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import call
from golden_files import FOLDER, golden_files
from heads.example_specs import mixed_spec, step_spec
from vidlabel.heads.model_file import read_spec

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")

EXAMPLE = Path(__file__).parents[1] / "examples" / "bottle-detection.mp4"
FILES = dict(golden_files())


def test_no_golden_file_is_forgotten() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {*FILES, "bottle-detection.json"}


@pytest.mark.parametrize("name", FILES)
def test_the_same_bytes_are_made(name: str) -> None:
    assert FILES[name] == (FOLDER / name).read_bytes()


def test_model_files_are_read_back() -> None:
    for spec in (step_spec(), mixed_spec()):
        assert read_spec(FOLDER / f"{spec.name}.safetensors") == spec


def test_the_example_is_labelled_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    """Scores alone may differ, by what networks differ by from machine to machine."""
    options = ("--end", "3", "--scores", "--top", "2", "--device", "cpu", "--runtime", "torch", "--format", "json")
    found = json.loads(call(capfd, "predict", EXAMPLE, "-m", "objects", *options, "--quiet").output)
    golden = json.loads((FOLDER / "bottle-detection.json").read_text(encoding="utf-8"))
    for result in (found, golden):
        result["video"].pop("path")
        result["run"].pop("fingerprint")
    for ours, theirs in zip(found["segments"], golden["segments"], strict=True):
        assert ours.pop("score") == pytest.approx(theirs.pop("score"), abs=2e-3)
    for row, expected in zip(found["scores"][0].pop("values"), golden["scores"][0].pop("values"), strict=True):
        assert row == pytest.approx(expected, abs=2e-3)
    assert found == golden
