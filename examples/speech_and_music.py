"""Make the example video `speech-and-music.mp4`: a voice from second 2, plucked strings from second 11.

    python examples/speech_and_music.py speech-and-music.mp4

Needs espeak-ng for the voice. The strings are the algorithm of K. Karplus and A. Strong (Computer Music Journal, 1983).
The pictures show how loud it is.
"""

from __future__ import annotations

import io
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

SOUND_RATE = 22050
PICTURE_RATE = 10
WIDTH, HEIGHT = 320, 180
LENGTH_S = 20.0
SPEECH_S, MUSIC_S = 2.0, 11.0
"""When they begin; the speech lasts 7 s at most, the music 8 s."""

TEXT = "Good morning. This is the news at ten o'clock. Rain is expected in the north, with some sun in the afternoon."
CHORDS = (
    (261.6, 329.6, 392.0, 523.3),
    (220.0, 261.6, 329.6, 440.0),
    (174.6, 220.0, 261.6, 349.2),
    (196.0, 246.9, 293.7, 392.0),
)
NOTE_S = 0.25

Sound = npt.NDArray[np.float64]


def voice() -> Sound:
    """The text, spoken by espeak-ng."""
    spoken = subprocess.run(["espeak-ng", "-v", "en-us", "--stdout", TEXT], check=True, capture_output=True).stdout
    with av.open(io.BytesIO(spoken), "r") as source:
        pieces = [frame.to_ndarray()[0] for frame in source.decode(audio=0)]
    return np.concatenate(pieces)[: int(7 * SOUND_RATE)] / 2**15


def pluck(frequency: float, seconds: float) -> Sound:
    """A string: noise that runs round a delay line as long as its period, a little softer each time."""
    line = np.random.default_rng(round(frequency)).uniform(-1, 1, round(SOUND_RATE / frequency))
    rounds = []
    for _ in range(round(seconds * frequency) + 1):
        rounds.append(line)
        line = 0.498 * (line + np.roll(line, 1))
    return np.concatenate(rounds)[: round(seconds * SOUND_RATE)]


def music() -> Sound:
    """Four chords, each picked up and down, twice."""
    played = np.zeros(round(8 * SOUND_RATE))
    notes = [chord[step] for chord in CHORDS for step in (0, 1, 2, 3, 2, 1, 2, 3)]
    for number, frequency in enumerate(notes):
        start = round(number * NOTE_S * SOUND_RATE)
        note = pluck(frequency, min(2.0, 8 - number * NOTE_S))
        played[start : start + len(note)] += 0.3 * note[: len(played) - start]
    return played


def whole_sound() -> Sound:
    """Silence, the voice, silence, the strings, silence."""
    sound = np.zeros(round(LENGTH_S * SOUND_RATE))
    for start_s, part in ((SPEECH_S, voice()), (MUSIC_S, music())):
        start = round(start_s * SOUND_RATE)
        sound[start : start + len(part)] = part
    return sound.clip(-1, 1)


def picture(sound: Sound) -> npt.NDArray[np.uint8]:
    """A bar as high as a piece of the sound is loud."""
    rgb = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
    loudness = float(np.sqrt(np.square(sound).mean()))
    rgb[HEIGHT - 10 - round(min(1.0, 3 * loudness) * (HEIGHT - 20)) : HEIGHT - 10, 120:200] = (90, 180, 220)
    return rgb


def write_video(path: Path, sound: Sound) -> None:
    """H.264 and AAC."""
    with av.open(str(path), "w", options={"movflags": "faststart"}) as sink:
        pictures = sink.add_stream("libx264", rate=PICTURE_RATE, options={"crf": "28"})
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        heard = sink.add_stream("aac", rate=SOUND_RATE, layout="mono")
        heard.bit_rate = 48000
        step = SOUND_RATE // PICTURE_RATE
        for start in range(0, len(sound), step):
            piece = sound[start : start + step]
            sink.mux(pictures.encode(av.VideoFrame.from_ndarray(picture(piece), format="rgb24")))
            frame = av.AudioFrame.from_ndarray(piece[None].astype(np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, start, Fraction(1, SOUND_RATE)
            sink.mux(heard.encode(frame))
        sink.mux(pictures.encode(None))
        sink.mux(heard.encode(None))


if __name__ == "__main__":
    write_video(Path(sys.argv[1]), whole_sound())
