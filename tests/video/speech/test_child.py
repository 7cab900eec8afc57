"""What the process of speech recognition hears of a video; a voice is a burst of a tone here."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from sounds import Clip, bursts_in, without_sense, write_clip
from vidlabel.errors import VideoError
from vidlabel.video.request import Heartbeat
from vidlabel.video.speech import child
from vidlabel.video.speech.messages import SpeechMessage, Transcribe
from vidlabel.video.speech.pieces import HeardPiece
from vidlabel.video.subtitles.transcript import SpokenLine


class FakeWhisper:
    """Takes every burst for a word."""

    def __init__(self, folder: str) -> None:
        assert folder == "model"

    def lines(self, piece: HeardPiece, heartbeat: Heartbeat) -> Iterator[SpokenLine]:
        heartbeat()
        for start_s, end_s in bursts_in(np.asarray(piece.samples), float(piece.start_s)):
            yield SpokenLine(round(start_s * 1000), round(end_s * 1000), "beep")


@pytest.fixture(autouse=True)
def fake_whisper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "Whisper", FakeWhisper)


def heard(path: Path, audio_stream: int | None = None) -> tuple[list[Fraction], tuple[str, ...]]:
    """Seconds at which lines start, and the warnings."""
    sent: list[SpeechMessage] = []
    end = child.transcribe_sound(Transcribe(str(path), "model", audio_stream, 1 << 30), sent.append)
    return [Fraction(line.start_ms, 1000) for line in sent if isinstance(line, SpokenLine)], end.warnings


@pytest.mark.parametrize(
    ("clip", "starts"),
    [
        (Clip(bursts=((1.0, 1.2), (3.0, 3.2))), [1.0, 3.0]),
        (Clip(video_from=1.0, sound_lasts=5.0, bursts=((0.4, 0.6), (2.0, 2.2))), [1.0]),  # zero is the first frame
        (Clip(video_lasts=2.0, bursts=((1.0, 1.2), (3.0, 3.2))), [1.0]),  # sound goes on without pictures
        (Clip(codec="pcm_s16le", rate=8000, layout="mono", bursts=((2.5, 2.7),)), [2.5]),
        (Clip(bursts=()), []),
    ],
)
def test_lines_are_on_the_clock_of_the_pictures(tmp_path: Path, clip: Clip, starts: list[float]) -> None:
    found, warnings = heard(write_clip(tmp_path / "clip.mkv", clip))
    assert [float(start_s) for start_s in found] == pytest.approx(starts, abs=0.05)
    assert warnings == ()


def test_damage_of_the_sound_is_warned_of(tmp_path: Path) -> None:
    clip = Clip(
        bursts=((3.0, 3.2),), edit=lambda number, packet: without_sense(packet) if 40 <= number < 60 else packet
    )
    found, warnings = heard(write_clip(tmp_path / "clip.mkv", clip))
    assert [float(start_s) for start_s in found] == pytest.approx([3.0], abs=0.05)
    assert len(warnings) == 1
    assert "sound is damaged" in warnings[0]


def test_what_is_no_video_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"no video" * 100)
    with pytest.raises(VideoError):
        heard(path)
