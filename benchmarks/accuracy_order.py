"""Moving shapes whose order in time is the label: what tells nothing to whoever sees only their mean.

Each clip is a sequence of small pictures, which go to the heads as features, pixel by pixel:
`first`: a square and a cross are shown one after the other; which came first?
`times`: a square flashes once or three times, for as long in all; how often?
`direction`: a square goes from left to right or from right to left; which way?
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

import vidlabel
from accuracy_figures import Row, row_of
from vidlabel.heads.config import HeadKind

SIDE = 12
STEPS = 24
RATE = 8.0
NOISE = 0.1
HEADS: tuple[HeadKind, ...] = ("rnn", "lstm", "gru")
EPOCHS = 80
CROSS = np.array([[1, 0, 1], [0, 1, 0], [1, 0, 1]], np.float32)
SQUARE = np.ones((3, 3), np.float32)

Pictures = npt.NDArray[np.float32]
Draw = Callable[[np.random.Generator, int], Pictures]


def draw_first(generator: np.random.Generator, label: int) -> Pictures:
    """(T, side, side): square then cross for 0, cross then square for 1."""
    pictures = _empty()
    shapes = (SQUARE, CROSS) if label == 0 else (CROSS, SQUARE)
    starts = int(generator.integers(1, 6)), int(generator.integers(13, 18))
    for shape, start in zip(shapes, starts, strict=True):
        _stamp(pictures[start : start + 5], shape, 5, 5)
    return pictures


def draw_times(generator: np.random.Generator, label: int) -> Pictures:
    """(T, side, side): six steps with a square, together for 0, in three pairs for 1."""
    pictures, start = _empty(), int(generator.integers(1, 9))
    steps = np.arange(6) if label == 0 else np.array([0, 1, 5, 6, 10, 11])
    for step in steps + start:
        _stamp(pictures[step : step + 1], SQUARE, 5, 5)
    return pictures


def draw_direction(generator: np.random.Generator, label: int) -> Pictures:
    """(T, side, side): a square crosses the picture, to the right for 0."""
    pictures, row = _empty(), int(generator.integers(0, SIDE - 2))
    start = int(generator.integers(0, STEPS - (SIDE - 2)))
    columns = range(SIDE - 2) if label == 0 else range(SIDE - 3, -1, -1)
    for step, column in enumerate(columns, start):
        _stamp(pictures[step : step + 1], SQUARE, row, column)
    return pictures


TASKS: Mapping[str, tuple[Draw, tuple[str, str]]] = {
    "first": (draw_first, ("square first", "cross first")),
    "times": (draw_times, ("once", "three times")),
    "direction": (draw_direction, ("to the right", "to the left")),
}


def write_task(folder: Path, name: str, clips: int, seed: int) -> Path:
    """Write files of features and their table, four clips in a group.

    Returns:
        The table.
    """
    draw, labels = TASKS[name]
    generator = np.random.default_rng([seed, *name.encode()])
    folder.mkdir(parents=True, exist_ok=True)
    rows = ["video,start,end,label,group"]
    for number in range(clips):
        pictures = draw(generator, number % 2) + generator.normal(0, NOISE, (STEPS, SIDE, SIDE))
        values = pictures.reshape(STEPS, -1).astype(np.float32)
        np.savez(folder / f"{number}.npz", features=values, times=np.arange(STEPS) / RATE)
        rows.append(f"{number}.npz,,,{labels[number % 2]},g{number // 4:03d}")
    table = folder / "labels.csv"
    table.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return table


def order_rows(folder: Path, seed: int, clips: int = 240, folds: int = 4) -> list[Row]:
    """The accuracy of each recurrent head in each task, beside the mean."""
    rows = []
    for name in TASKS:
        table = write_task(folder / name, name, clips, seed)
        for head in HEADS:
            found = vidlabel.evaluate(table, folds=folds, inner_folds=0, head=head, epochs=EPOCHS, seed=seed)
            about = (f"moving shapes, {name}", found.split, f"{clips} clips, {found.data.groups} groups")
            baselines = [found.baselines["mean"], found.baselines["majority"]]
            row = row_of(f"order, {head}", "accuracy", about, found.metrics, baselines)
            rows.append(replace(row, aim="at least 95"))
    return rows


def _empty() -> Pictures:
    return np.zeros((STEPS, SIDE, SIDE), np.float32)


def _stamp(pictures: Pictures, shape: Pictures, row: int, column: int) -> None:
    pictures[:, row : row + 3, column : column + 3] = shape
