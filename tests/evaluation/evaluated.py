"""Small evaluations, quick to make."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.sets import write_table

QUICK_OPTIONS = ("--hidden", "4", "--members", "1", "--epochs", "2", "--inner-folds", "0")


def telling_table(folder: Path, clips: int = 12) -> Path:
    """Clips, two in a group; the first two numbers of their features tell the label."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(clips):
        features = np.random.default_rng(number).normal(0, 0.1, (8, 6)).astype(np.float32)
        features[:, number % 2] += 1
        np.savez(folder / f"{number}.npz", features=features, times=np.arange(8) / 2)
    rows = "".join(f"{number}.npz,,,{('left', 'right')[number % 2]},g{number // 2}\n" for number in range(clips))
    return write_table(folder, rows, columns="video,start,end,label,group")
