"""Speech recognition in a process of its own, which may do what it likes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from vidlabel.errors import DecodeError, UsageError, VideoError
from vidlabel.video.speech.process import transcribe
from vidlabel.video.subtitles.transcript import SpokenLine, Transcript

FAKE = Path(__file__).with_name("fake_speech_child.py")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    tmp_path.joinpath("model.bin").write_bytes(b"weights")
    return tmp_path


def run(deed: str, model: Path, timeout_s: float = 60) -> tuple[Transcript, int]:
    beats: list[None] = []
    command = (sys.executable, str(FAKE), deed)
    found = transcribe(Path("clip.mp4"), model, None, lambda: beats.append(None), command, timeout_s)
    return found, len(beats)


def test_lines_come_in_the_order_of_their_starts_with_signs_of_life(model: Path) -> None:
    found, beats = run("well", model)
    lines = (SpokenLine(1000, 1500, "first of clip.mp4"), SpokenLine(2000, 2500, "second"))
    assert found == Transcript(lines, ("the sound is damaged",))
    assert beats >= 4  # one a message


@pytest.mark.parametrize(
    ("deed", "problem"),
    [
        ("crash", "was ended by signal 11"),
        ("hang", "no sign of life for 1 s"),
        ("memory", "ran out of memory"),
        ("nonsense", "sent a message whose start_ms"),
    ],
)
def test_a_process_that_is_lost_costs_that_video(model: Path, deed: str, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem) as caught:
        run(deed, model, timeout_s=1 if deed == "hang" else 60)
    assert str(caught.value).startswith("clip.mp4: ")
    assert "--speech" in caught.value.remedy


def test_a_model_that_cannot_be_loaded_is_named_as_the_option(model: Path) -> None:
    with pytest.raises(UsageError, match="--speech: cannot be used; give another"):
        run("model", model)


def test_a_video_that_cannot_be_read_is_named_as_it_was_given(model: Path) -> None:
    with pytest.raises(VideoError, match=r"clip\.mp4: is no video"):
        run("video", model)
