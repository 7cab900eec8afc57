"""What labels in words find in pictures and sounds whose content is known.

    VIDLABEL_STAMPS=/stamps python benchmarks/vocabulary_quality.py

The folder is `usr/share/tuxpaint/stamps` of the Debian package tuxpaint-stamps-default (`apt-get download`, `dpkg-deb
-x`): photographs on white, and sounds. `vocabulary_stamps.csv` says in words what each of them is; all those words are
asked of each file, of which a small video is made, so that all of vidlabel is measured. A label that holds anywhere is
right where it is the file's, and wrong elsewhere.
"""

from __future__ import annotations

import csv
import os
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

from sounds_quality import write_video
from vidlabel.errors import VideoError
from vidlabel.prediction.chosen_models import describe_labels
from vidlabel.prediction.labeller import Labeller
from vidlabel.prediction.options import PredictOptions
from vidlabel.video.isolation.pool import DecodePool

LISTED = Path(__file__).with_name("vocabulary_stamps.csv")
SIDE = 320
SECONDS = 3
RATE = 5


class Silent:
    """A listener that expects files without sound."""

    def progress(self, labelled_s: float, duration_s: float) -> None:
        """Nothing."""

    def alive(self) -> None:
        """Nothing."""

    def warn(self, text: str) -> None:
        """Nothing."""


def write_still(picture: Path, video: Path) -> None:
    """Three seconds of a picture on white, filling four fifths of a square."""
    stamp = Image.open(picture).convert("RGBA")
    stamp.thumbnail((SIDE * 4 // 5, SIDE * 4 // 5))
    canvas = Image.new("RGBA", (SIDE, SIDE), "white")
    canvas.alpha_composite(stamp, ((SIDE - stamp.width) // 2, (SIDE - stamp.height) // 2))
    frame = av.VideoFrame.from_ndarray(np.asarray(canvas.convert("RGB")), "rgb24")
    with av.open(str(video), "w") as output:
        stream = output.add_stream("h264", rate=RATE, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for number in range(SECONDS * RATE):
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode())


def main() -> None:
    stamps = Path(os.environ["VIDLABEL_STAMPS"])
    with LISTED.open(encoding="utf-8", newline="") as file:
        rows = [(row["file"], row["label"]) for row in csv.DictReader(file)]
    labels = tuple(dict.fromkeys(label for _, label in rows))
    options = PredictOptions(models=(), labels=labels)
    lines, warnings = describe_labels(options)
    print("\n".join([*lines, *warnings]))
    counts = {".png": [0, 0, 0], ".ogg": [0, 0, 0]}
    with DecodePool() as pool, tempfile.TemporaryDirectory() as folder:
        labeller = Labeller(options, pool)
        for number, (name, label) in enumerate(rows):
            kind, video = Path(name).suffix, Path(folder, f"{number}.mkv")
            (write_still if kind == ".png" else write_video)(stamps / name, video)
            try:
                found = {segment.label for segment in labeller.label(str(video), Silent()).segments}
            except VideoError as error:
                print(name, error)
                continue
            others = sorted(found - {label})
            print(f"{name}: {'found' if label in found else 'missed'} {label}; wrong: {', '.join(others) or 'none'}")
            counts[kind][0] += 1
            counts[kind][1] += label in found
            counts[kind][2] += len(others)
    for kind, (files, right, wrong) in counts.items():
        print(f"{kind}: {files} files, {right} found, {wrong} wrong labels")


if __name__ == "__main__":
    main()
