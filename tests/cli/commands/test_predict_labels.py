"""`vidlabel predict --labels`: labels in words from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from command_line import call
from corpus import Recipe, write_video
from vidlabel.labels.formats.json import result_schema
from vidlabel.labels.formats.json_reader import parse_result

pytestmark = pytest.mark.usefixtures("shared_decoding", "shared_encoders")
ALWAYS = ("--threshold", "0", "--min-duration", "0")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of painted video, without sound."""
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", Recipe(frames=25))


def test_it_says_what_stands_for_each_label(capfd: pytest.CaptureFixture[str], clip: Path) -> None:
    ended = call(capfd, "predict", clip, "--labels", 'screen, a person falls, "a dog, barking"', *ALWAYS)
    assert ended.status == 0
    assert "labels are found by the names of 1000 objects and 521 sounds, and nothing else is known" in ended.errors
    assert "a dog, barking: sounds Bark 0.79" in ended.errors
    assert "warning: no class resembles 'a person falls' (nearest: " in ended.errors
    assert "has no audio, without which a dog, barking cannot be found" in ended.errors
    result = json.loads(ended.output)
    jsonschema.validate(result, result_schema())
    (model,) = result["models"]
    assert model["labels"] == ["screen", "a person falls", "a dog, barking"]
    assert [own["count"] for own in model["classes"]] == [7, 0, 1]
    assert [own.label for own in parse_result(ended.output, "it").models[0].classes] == model["labels"]


def test_beside_a_model_and_alone(capfd: pytest.CaptureFixture[str], clip: Path) -> None:
    both = json.loads(call(capfd, "predict", clip, "-m", "objects", "--labels", "screen", *ALWAYS).output)
    assert [model["name"] for model in both["models"]] == ["objects", "labels"]
    assert {segment["model"] for segment in both["segments"]} == {"objects", "labels"}
    quiet = call(capfd, "predict", clip, "--labels", "screen", "--quiet", "--format", "csv", *ALWAYS)
    assert quiet.errors == ""
    assert quiet.output.splitlines()[1].startswith(f"{clip},0.000,1.000,screen,")


def test_what_cannot_be_found_at_all_is_refused(capfd: pytest.CaptureFixture[str], clip: Path) -> None:
    ended = call(capfd, "predict", clip, "--labels", "a person falls")
    assert (ended.status, ended.output) == (2, "")
    assert ended.errors.startswith("error: --labels: no class resembles 'a person falls'; name things to see")
    heard = call(capfd, "predict", clip, "--labels", "a dog barks", "--quiet")
    assert heard.status == 1
    assert "has no sound" in heard.errors


def test_other_labels_are_another_result(capfd: pytest.CaptureFixture[str], clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.json"
    words = tmp_path / "words.txt"
    words.write_text("screen\n", encoding="utf-8")

    def label(*labels: str) -> bytes:
        assert call(capfd, "predict", clip, "-o", output, "--quiet", *ALWAYS, *labels).status == 0
        return output.read_bytes()

    first = label("--labels", "screen")
    written = output.stat().st_mtime_ns
    assert label("--labels", f"@{words}") == first
    assert output.stat().st_mtime_ns == written  # nothing was done again
    assert label("--labels", "screen, dog") != first
    assert label("--labels", "screen") == first
