"""Small training sets: tables beside files of features, which are quicker to make than videos."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from vidlabel.heads.spec import Task
from vidlabel.training.dataset.examples import Example, LabelOptions, Span, TrainingSet, Unlabelled
from vidlabel.training.dataset.reading import read_examples


def write_features(path: Path, seconds: float = 10.0, rate: float = 2.0, width: int = 10, seed: int = 0) -> Path:
    """Features of a clip of so many seconds; its name is part of its numbers."""
    samples = round(seconds * rate)
    values = np.random.default_rng([seed, *path.name.encode()]).normal(size=(samples, width)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, features=values, times=np.arange(samples) / rate)
    return path


def write_table(folder: Path, rows: str, names: Iterable[str] = (), columns: str = "video,start,end,label") -> Path:
    """A table of labels, and files of features of 10 s under these names."""
    for name in names:
        write_features(folder / name)
    table = folder / "labels.csv"
    table.write_text(f"{columns}\n{rows}", encoding="utf-8")
    return table


def read(
    folder: Path, rows: str, options: LabelOptions | None = None, columns: str = "video,start,end,label"
) -> TrainingSet:
    """The training set of a table whose files a.npz to d.npz exist."""
    table = write_table(folder, rows, ["a.npz", "b.npz", "c.npz", "d.npz"], columns)
    return read_examples(table, options or LabelOptions())


def example(video: str, *spans: Span, clip: tuple[str, ...] = (), group: str = "", seconds: float = 10.0) -> Example:
    """An example of a file that need not exist."""
    return Example(video, Path(video), group or video, seconds, clip, spans)


def training_set(
    *examples: Example,
    labels: tuple[str, ...],
    task: Task = "single",
    background: int | None = None,
    unlabelled: Unlabelled | None = None,
) -> TrainingSet:
    """These examples with this meaning."""
    return TrainingSet(examples, labels, task, background, unlabelled)
