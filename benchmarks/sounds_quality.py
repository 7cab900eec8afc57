"""What the shipped model `sounds` says of sounds whose content is known, and how much of it is right.

    VIDLABEL_SOUNDS=/sounds python benchmarks/sounds_quality.py

The folder holds Debian packages of sounds, each unpacked into a folder of its name (`apt-get download NAME`, `dpkg-deb
-x NAME_*.deb NAME`); what is inside gcompris's `.rcc` files stands in `gcompris-qt-data.rcc/FILE/`. What is to be heard
in each file by its name or documentation is in `sounds_judged.csv`. Thresholds and labels were chosen on the set
`choose`; the set `measure` had no part in that. Each sound is put under a small video, so that all of vidlabel is
measured.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.prediction.predict import PythonListener
from vidlabel.video.isolation.pool import DecodePool

JUDGED = Path(__file__).with_name("sounds_judged.csv")
LONGEST_S = 30.0
PICTURES_PER_S = 10
SOUND_RATE = 48000


@dataclass(frozen=True, slots=True)
class Sound:
    """A file, and what is to be heard in it."""

    chosen_on: bool
    file: str
    content: str
    """A label, `other` or `unclear`."""


def read_sounds() -> list[Sound]:
    with JUDGED.open(encoding="utf-8", newline="") as file:
        return [Sound(row["set"] == "choose", row["file"], row["content"]) for row in csv.DictReader(file)]


def write_video(sound: Path, video: Path) -> None:
    """The first half minute of a sound under black pictures."""
    with av.open(str(sound)) as source, av.open(str(video), "w") as output:
        pictures = output.add_stream("mpeg4", rate=PICTURES_PER_S)
        pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        heard = output.add_stream("pcm_s16le", rate=SOUND_RATE, layout="mono")
        resampler, samples = av.AudioResampler("s16", "mono", SOUND_RATE), 0
        for frame in source.decode(audio=0):
            for piece in resampler.resample(frame):
                piece.pts, piece.time_base = samples, Fraction(1, SOUND_RATE)
                samples += piece.samples
                output.mux(heard.encode(piece))
            if samples >= LONGEST_S * SOUND_RATE:
                break
        output.mux(heard.encode(None))
        for number in range(max(1, round(samples / SOUND_RATE * PICTURES_PER_S))):
            picture = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8)).reformat(format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, PICTURES_PER_S)
            output.mux(pictures.encode(picture))
        output.mux(pictures.encode(None))


def main() -> None:
    folder = Path(os.environ["VIDLABEL_SOUNDS"])
    tally: dict[tuple[bool, str], Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as made, DecodePool() as pool:
        labeller = Labeller(PredictOptions(models=("sounds",), device="cpu"), pool)
        video = Path(made) / "sound.mkv"
        for sound in read_sounds():
            write_video(folder / sound.file, video)
            segments = labeller.label(str(video), PythonListener()).segments
            for segment in segments:
                right = segment.label == sound.content
                verdict = "right" if right else "unclear" if sound.content == "unclear" else "wrong"
                tally[sound.chosen_on, segment.label][verdict] += 1
                if not right:
                    times = f"{segment.start:.1f}-{segment.end:.1f} s"
                    print(
                        f"  {sound.file}  {sound.content}  {times}  {segment.label}  {segment.score:.2f}  {verdict}",
                        flush=True,
                    )
            if sound.content not in ("other", "unclear"):
                found = sound.content in {segment.label for segment in segments}
                tally[sound.chosen_on, sound.content]["found" if found else "missed"] += 1
    for (chosen_on, label), counts in sorted(tally.items()):
        verdicts = ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("right", "wrong", "unclear"))
        print(f"{'choose' if chosen_on else 'measure'} {label}: {verdicts}; files {counts['found']} of ", end="")
        print(counts["found"] + counts["missed"])


if __name__ == "__main__":
    main()
