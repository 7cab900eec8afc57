"""`vidlabel info` and `vidlabel models`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from av.stream import Disposition

from command_line import call
from corpus import Recipe, write_video
from heads.example_specs import save_example, step_spec
from subtitled import Track, add_subtitles

WEIGHTS = Path(__file__).parents[3] / "weights"


def test_a_model_by_name_and_by_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shown = call(capfd, "info", "objects").output
    for words in ("1000: tench, goldfish", "rnn, 1280 hidden", "efficientnet-lite0", "Apache-2.0"):
        assert words in shown
    shutil.copy(WEIGHTS / "objects.safetensors", tmp_path / "mine.safetensors")
    assert call(capfd, "info", tmp_path / "mine.safetensors").output == shown
    facts = json.loads(call(capfd, "info", "objects", "--json").output)
    assert (facts["schema"], len(facts["labels"])) == ("vidlabel.model/1", 1000)


def test_a_model_says_how_pictures_are_made_and_whether_that_can_be_had(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "  pictures    all of 224 pixels (bicubic), (value - 127) / 128\n" in call(capfd, "info", "objects").output
    save_example(step_spec(), tmp_path / "m.safetensors")
    shown = call(capfd, "info", tmp_path / "m.safetensors").output
    assert (
        "  videos      cannot be labelled here: steps takes features of efficientnet-lite0 with the weights 01234567"
        in shown
    )
    assert "  labels      2: walk, fall; and background\n" in shown


def test_a_video(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=50, width=160, height=120, rotation=90))
    shown = call(capfd, "info", clip).output
    for words in ("2.000 s, 50 frames, 25 per second", "120x160, turned by 90 degrees", "h264"):
        assert words in shown
    facts = json.loads(call(capfd, "info", clip, "--json").output)
    assert (facts["duration"], facts["frames"], facts["rotation"]) == (2.0, 50, 90)
    assert facts["warnings"] == []


def test_the_subtitles_of_a_video(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plain = write_video(tmp_path / "plain.mp4", Recipe(frames=25))
    track = Track("subrip", [(0, 1, "hello")], "deu", disposition=Disposition.forced)
    clip = add_subtitles(plain, tmp_path / "clip.mkv", track, Track("ass", [(0, 1, "hello")]))
    shown = call(capfd, "info", clip).output
    assert "  subtitles   stream 1, srt, deu, forced\n  subtitles   stream 2, ssa\n" in shown
    (first, _) = json.loads(call(capfd, "info", clip, "--json").output)["subtitles"]
    assert first == {
        "index": 1, "codec": "srt", "language": "deu", "is_text": True, "is_default": False, "is_forced": True,
    }  # fmt: skip


def test_a_video_that_joins_recordings(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    part = write_video(tmp_path / "part.mp4", Recipe(frames=25)).read_bytes()
    (tmp_path / "joined.mp4").write_bytes(part + part)
    shown = call(capfd, "info", tmp_path / "joined.mp4").output
    for words in ("2.000 s, 50 frames, 25 per second", "warning     the file joins 2 recordings"):
        assert words in shown


def test_a_video_that_is_encrypted(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key = "00112233445566778899aabbccddeeff"
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    clip = write_video(tmp_path / "clip.mp4", Recipe(frames=5, container_options=options))
    for command in ("info", "predict"):
        done = call(capfd, command, clip)
        assert done.status == 1
        assert "clip.mp4: is encrypted (Common Encryption, cenc)" in done.errors
