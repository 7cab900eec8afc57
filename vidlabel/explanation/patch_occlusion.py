"""Occlusion: what the score loses where a part of the input is covered, part by part.

M. Zeiler and R. Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014.

R x K patches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PatchGrid:
    """Patches that cover an array of two axes, each twice as long and as wide as the step from one to the next."""

    height: int
    width: int
    rows: int
    columns: int

    def patches(self) -> Iterator[tuple[slice, slice]]:
        """What each patch covers, row by row."""
        for row in range(self.rows):
            for column in range(self.columns):
                yield _covered(row, self.rows, self.height), _covered(column, self.columns, self.width)

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Of a patch, along both axes."""
        return (row + 0.5) * self.height / self.rows, (column + 0.5) * self.width / self.columns

    def means(self, values: npt.NDArray[np.float32]) -> Floats:
        """(R, K) the mean of an array over each patch."""
        found = [float(values[patch].mean(dtype=np.float64)) for patch in self.patches()]
        return np.array(found).reshape(self.rows, self.columns)

    def covered(
        self, values: npt.NDArray[np.generic], fill: npt.NDArray[np.generic]
    ) -> Iterator[npt.NDArray[np.generic]]:
        """Copies of an array, each with one patch filled."""
        for patch in self.patches():
            copy = values.copy()
            copy[patch] = fill
            yield copy


def _covered(number: int, count: int, size: int) -> slice:
    step = size / count
    return slice(max(0, round((number - 0.5) * step)), min(size, round((number + 1.5) * step)))


def picture_grid(height: int, width: int, along_shorter: int = 7, most: int = 14) -> PatchGrid:
    """Patches of a picture: `along_shorter` along its shorter side, at most `most` along the longer one."""
    step = min(height, width) / along_shorter
    return PatchGrid(height, width, *(min(most, max(1, round(size / step))) for size in (height, width)))


def rank_correlation(one: Floats, other: Floats) -> float | None:
    """Spearman's, of two arrays of as many numbers; None where one of them is constant."""
    first, second = _ranks(one.ravel()), _ranks(other.ravel())
    first, second = first - first.mean(), second - second.mean()
    spread = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / spread if spread > 0 else None


def _ranks(values: Floats) -> Floats:
    """The rank of each number; equal ones share the mean of theirs."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Floats = ((2 * ends - counts - 1) / 2)[places]
    return ranks
