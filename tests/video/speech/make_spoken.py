"""Makes `spoken.ogg`, which is kept beside it, with espeak-ng 1.51: `python tests/video/speech/make_spoken.py`."""

from __future__ import annotations

import subprocess
import tempfile
import wave
from pathlib import Path

import av
import numpy as np

from vidlabel.video.request import SOUND_RATE

SENTENCES = ((1.0, "The dog is running in the garden."), (5.0, "Please open the window now."))
"""When the first sound of each is heard, in seconds."""
LASTS_S = 9


def main() -> None:
    """Write the file."""
    sound = np.zeros(LASTS_S * SOUND_RATE, np.float32)
    for start_s, sentence in SENTENCES:
        voice = _spoken(sentence)
        first = int(start_s * SOUND_RATE)
        sound[first : first + len(voice)] += voice
    with av.open(str(Path(__file__).with_name("spoken.ogg")), "w") as output:
        stream = output.add_stream("libopus", rate=48000, layout="mono", options={"b": "24k"})
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray((sound[None] * 20000).astype(np.int16), "s16", "mono")
        frame.sample_rate = SOUND_RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def _spoken(sentence: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A sentence at 16 kHz, without the silence around it."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "140", "-w", file.name, sentence], check=True)
        with wave.open(file.name) as opened:
            data = np.frombuffer(opened.readframes(opened.getnframes()), np.int16) / 2**15
            rate = opened.getframerate()
    loud = np.flatnonzero(np.abs(data) > 0.01)
    data = data[loud[0] : loud[-1]]
    return np.interp(np.arange(0, len(data) / rate, 1 / SOUND_RATE), np.arange(len(data)) / rate, data).astype(
        np.float32
    )


if __name__ == "__main__":
    main()
