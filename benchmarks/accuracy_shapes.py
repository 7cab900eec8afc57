"""Videos of moving shapes whose order in time is the label, through decoding and the encoder.

`first`: a square and a circle are shown one after the other, anywhere; which came first?
`times`: a square flashes once, twice or three times at random times, for as long in all; how often?
`way`: a square goes left, then right, or right, then left; which way first?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

import vidlabel
from accuracy_figures import Row, row_of
from vidlabel.heads.config import HeadKind

SIDE = 224
FRAMES_PER_S = 16
FRAMES = 48
GREY, RED, GREEN = (40, 40, 40), (220, 60, 60), (60, 200, 80)
HEADS: tuple[HeadKind, ...] = ("rnn", "lstm", "gru")
EPOCHS = 100

Frames = npt.NDArray[np.uint8]
Draw = Callable[[np.random.Generator, int], Frames]


@dataclass(frozen=True, slots=True)
class Task:
    """How a clip is drawn, and its labels."""

    draw: Draw
    labels: tuple[str, ...]


def draw_first(generator: np.random.Generator, label: int) -> Frames:
    """(T, side, side, 3): square, then circle for 0; circle, then square for 1."""
    frames = _empty()
    shapes = (_square, _circle) if label == 0 else (_circle, _square)
    starts = int(generator.integers(2, 10)), int(generator.integers(26, 34))
    for shape, start in zip(shapes, starts, strict=True):
        shape(frames[start : start + 12], *_place(generator))
    return frames


def draw_times(generator: np.random.Generator, label: int) -> Frames:
    """(T, side, side, 3): `label` + 1 flashes of 12 frames in all, four frames or more apart."""
    frames, flashes = _empty(), label + 1
    length = 12 // flashes
    while True:
        starts = np.sort(generator.integers(1, FRAMES - length, flashes))
        if (np.diff(starts) >= length + 4).all():
            break
    place = _place(generator)
    for start in starts.tolist():
        _square(frames[start : start + length], *place)
    return frames


def draw_way(generator: np.random.Generator, label: int) -> Frames:
    """(T, side, side, 3): from the middle to the left, back, to the right and back for 0, mirrored for 1."""
    frames, (row, _) = _empty(), _place(generator)
    reach = int(generator.integers(30, 70))
    corners = np.array([0, -reach, 0, reach, 0]) * (1 if label == 0 else -1)
    offsets = np.interp(np.arange(FRAMES), np.linspace(0, FRAMES - 1, len(corners)), corners)
    for number, offset in enumerate(offsets.round().astype(int).tolist()):
        _square(frames[number : number + 1], row, SIDE // 2 + offset)
    return frames


TASKS: Mapping[str, Task] = {
    "first": Task(draw_first, ("square first", "circle first")),
    "times": Task(draw_times, ("once", "twice", "three times")),
    "way": Task(draw_way, ("left first", "right first")),
}


def shapes_rows(folder: Path, cache: Path | None, seed: int, clips: int = 120, folds: int = 4) -> list[Row]:
    """The accuracy of each recurrent head in each task, beside the mean."""
    rows = []
    for name in TASKS:
        table = write_videos(folder / name, name, clips, seed)
        for head in HEADS:
            found = vidlabel.evaluate(
                table,
                folds=folds,
                inner_folds=0,
                head=head,
                bidirectional=True,
                epochs=EPOCHS,
                streams=("frames",),
                cache_dir=cache,
                seed=seed,
            )
            about = (f"videos of moving shapes, {name}", found.split, f"{clips} clips, {found.data.groups} groups")
            baselines = [found.baselines["mean"], found.baselines["majority"]]
            row = row_of(f"shapes, {head}", "accuracy", about, found.metrics, baselines)
            rows.append(replace(row, aim="at least 95"))
    return rows


def write_videos(folder: Path, name: str, clips: int, seed: int) -> Path:
    """Write the clips of a task, two of each label in a group.

    Returns:
        Their table.
    """
    task, generator = TASKS[name], np.random.default_rng([seed, *name.encode()])
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["video,start,end,label,group"]
    for number in range(clips):
        label = number % len(task.labels)
        _write(folder / f"{number}.mp4", task.draw(generator, label))
        rows.append(f"{number}.mp4,,,{task.labels[label]},g{number // (2 * len(task.labels)):03d}")
    table = folder / "labels.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


def _write(path: Path, frames: Frames) -> None:
    with av.open(str(path), "w") as sink:
        options = {"crf": "18", "preset": "veryfast", "threads": "1"}
        stream = sink.add_stream("libx264", rate=FRAMES_PER_S, options=options)
        stream.width, stream.height, stream.pix_fmt = SIDE, SIDE, "yuv420p"
        for frame in frames:
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        sink.mux(stream.encode(None))


def _empty() -> Frames:
    return np.broadcast_to(np.array(GREY, np.uint8), (FRAMES, SIDE, SIDE, 3)).copy()


def _place(generator: np.random.Generator) -> tuple[int, int]:
    row, column = generator.integers(40, SIDE - 40, 2).tolist()
    return row, column


def _square(frames: Frames, row: int, column: int) -> None:
    frames[:, max(0, row - 20) : row + 20, max(0, column - 20) : column + 20] = RED


def _circle(frames: Frames, row: int, column: int) -> None:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    frames[:, (rows - row) ** 2 + (columns - column) ** 2 < 24**2] = GREEN
