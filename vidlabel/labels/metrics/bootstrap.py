"""Bootstrap confidence intervals over groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies, with the confidence that was asked for; NaN to NaN if it is not known."""

    low: float
    high: float


def group_draws(groups: Sequence[str], *, resamples: int = 1000, seed: int = 0) -> npt.NDArray[np.int64] | None:
    """How often each item is in each draw of whole groups with replacement (Efron 1979).

    Items of one group (a person, a room, a video) resemble each other; drawing items one by one would make intervals
    too narrow.

    Args:
        groups: N names, the group of each item.
        resamples: how many draws.
        seed: of the draws.

    Returns:
        (resamples, N); None if there are fewer than two groups.
    """
    names, group_of_item = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        return None
    draws = np.random.default_rng(seed).integers(len(names), size=(resamples, len(names)))
    counts = np.zeros((resamples, len(names)), np.int64)
    np.add.at(counts, (np.arange(resamples)[:, None], draws), 1)
    return counts[:, group_of_item]


def percentile_interval(figures: npt.NDArray[np.floating], confidence: float = 0.95) -> Interval:
    """The interval that holds this share of the figures; those that are NaN are left out.

    Args:
        figures: one for each draw.
        confidence: 0 to 1.
    """
    defined = figures[~np.isnan(figures)]
    if not len(defined):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(defined, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
