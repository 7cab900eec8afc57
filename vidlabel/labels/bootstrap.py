"""How sure a figure is: bootstrap intervals over groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a figure lies, with the confidence that was asked for; NaN to NaN if that cannot be told."""

    low: float
    high: float


def bootstrap_interval(
    statistic: Callable[[npt.NDArray[np.intp]], float],
    groups: Sequence[str],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Percentile interval of a figure, drawing whole groups with replacement (Efron 1979).

    Items of one group (a person, a room, a video) resemble each other; drawing items one by one would make the interval
    too narrow.

    Args:
        statistic: the figure of the items with these indices; a group that is drawn twice has its items in twice. NaN
            for a draw without a figure, which is then left out.
        groups: N names, the group of each item.
        confidence: share of the draws that lie in the interval.
        resamples: how many draws.
        seed: of the draws; the same one gives the same interval.

    Returns:
        The interval; NaN to NaN if there are fewer than two groups or no draw has a figure.
    """
    names, group_of_item = np.unique(np.asarray(groups, dtype=np.str_), return_inverse=True)
    if len(names) < 2:
        return Interval(float("nan"), float("nan"))
    items = [np.flatnonzero(group_of_item == group) for group in range(len(names))]
    generator = np.random.default_rng(seed)
    draws = generator.integers(len(names), size=(resamples, len(names)))
    figures = np.array([statistic(np.concatenate([items[group] for group in draw])) for draw in draws])
    figures = figures[~np.isnan(figures)]
    if not len(figures):
        return Interval(float("nan"), float("nan"))
    low, high = np.quantile(figures, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(float(low), float(high))
