"""Videos in which the evidence for the label is at a known time and place, and nowhere else.

Each shows a slowly changing background, and for a second a square with checks or stripes, anywhere. The label is for
the whole video, so that training never learns when or where the square is.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

LABELS = ("checks", "stripes")
SIDE = 160
SQUARE = 64
CELL = 8
FRAMES_PER_S = 12
SECONDS = 4.0
SHOWN_S = 1.0

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class EvidenceVideo:
    """A video, and what is to be found in it."""

    path: Path
    label: str
    start_s: float
    """When the square appears, seconds."""
    end_s: float
    """When it is gone."""
    top: int
    """Of the square, pixels from the upper edge; its side is `SQUARE`."""
    left: int


def make_evidence_videos(folder: Path, count: int, seed: int = 0) -> list[EvidenceVideo]:
    """Write videos, and `labels.csv` with a label for each as a whole.

    Args:
        folder: made if it is missing.
        count: of videos; labels take turns.
        seed: of all that is random.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(seed)
    made = [_make_video(folder / f"{number}.mp4", LABELS[number % 2], generator) for number in range(count)]
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("video", "start", "end", "label"), *((own.path.name, "", "", own.label) for own in made)]
        )
    return made


def _make_video(path: Path, label: str, generator: np.random.Generator) -> EvidenceVideo:
    frames, shown = round(SECONDS * FRAMES_PER_S), round(SHOWN_S * FRAMES_PER_S)
    first = int(generator.integers(0, frames - shown + 1))
    top, left = generator.integers(0, SIDE - SQUARE + 1, 2).tolist()
    pictures = list(_background(frames, generator))
    for picture in pictures[first : first + shown]:
        picture[top : top + SQUARE, left : left + SQUARE] = _texture(label)
    with av.open(str(path), "w") as sink:
        stream = sink.add_stream("libx264", rate=FRAMES_PER_S, options={"crf": "18", "preset": "veryfast"})
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for picture in pictures:
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        sink.mux(stream.encode(None))
    return EvidenceVideo(path, label, first / FRAMES_PER_S, (first + shown) / FRAMES_PER_S, top, left)


def _background(frames: int, generator: np.random.Generator) -> Iterator[Picture]:
    """Smooth colours that turn into other ones: a coarse grid of random colours, between two such grids."""
    grids = generator.uniform(60, 190, (2, 5, 5, 3))
    places = np.linspace(0, 4, SIDE)
    low = np.minimum(places.astype(int), 3)
    share = (places - low)[:, None]
    for number in range(frames):
        grid = grids[0] + (grids[1] - grids[0]) * number / frames
        rows = grid[low] * (1 - share[..., None]) + grid[low + 1] * share[..., None]  # (SIDE, 5, 3)
        smooth = rows[:, low] * (1 - share) + rows[:, low + 1] * share
        noise = generator.normal(0, 4, (SIDE, SIDE, 1))
        yield np.clip(smooth + noise, 0, 255).astype(np.uint8)


def _texture(label: str) -> Picture:
    """(SQUARE, SQUARE, 3)."""
    rows, columns = np.indices((SQUARE, SQUARE)) // CELL
    odd = (rows + columns) % 2 if label == "checks" else columns % 2
    colours = np.array([(235, 235, 225), (30, 30, 60)], np.uint8)
    return colours[odd]
