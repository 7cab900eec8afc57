"""Rows of the table of accuracies, with intervals over groups, and how they are printed and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.labels.metrics.bootstrap import Interval, group_draws, percentile_interval
from vidlabel.labels.metrics.evaluation import Figure, Figures

Statistic = Callable[[npt.NDArray[np.intp]], float]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, in the unit that it is shown in."""

    part: str
    figure: str
    data: str
    split: str
    count: str
    value: float
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    """Of the head without recurrence."""
    majority: float | None = None
    """Of always the most frequent answer."""
    aim: str = ""


def row_of(part: str, figure: str, about: tuple[str, str, str], own: Figures, others: Sequence[Figures | None]) -> Row:
    """A figure of an evaluation, in percent but for the calibration error.

    Args:
        part: of the benchmark.
        figure: one of `METRICS`.
        about: data, split and count, in words.
        own: of the model.
        others: of the `mean` and the majority baseline.
    """
    scale = 1.0 if figure == "ece" else 100.0
    found = own[figure]
    if found is None:
        raise ValueError(f"{part}: there is no figure {figure}")
    mean, majority = (_scaled(None if other is None else other[figure], scale) for other in others)
    low, high = (None if bound is None else scale * bound for bound in (found.low, found.high))
    return Row(part, figure, *about, scale * found.value, low, high, mean, majority)


def drawn_row(part: str, figure: str, about: tuple[str, str, str], statistic: Statistic, groups: Sequence[str]) -> Row:
    """A figure of items, with the interval over their groups.

    Args:
        part: of the benchmark.
        figure: its name.
        about: data, split and count, in words.
        statistic: the figure of the items with these indices.
        groups: of each item.
    """
    interval = bootstrap_interval(statistic, groups)
    return Row(part, figure, *about, statistic(np.arange(len(groups))), interval.low, interval.high)


def bootstrap_interval(statistic: Statistic, groups: Sequence[str]) -> Interval:
    """The 95 % interval of a figure over draws of whole groups.

    Args:
        statistic: the figure of the items with these indices; a group that is drawn twice has its items in twice.
        groups: of each item, two different ones at least.
    """
    draws = group_draws(groups)
    if draws is None:
        raise ValueError("one group gives no interval")
    items = np.arange(len(groups))
    return percentile_interval(np.array([statistic(np.repeat(items, draw)) for draw in draws]))


def print_rows(rows: Sequence[Row]) -> None:
    """A Markdown table on standard output."""
    print("\n| part | figure | data | split | count | value | 95 % interval | mean | majority | aim |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        digits = 3 if "ece" in row.figure else 1
        value, low, high, mean, majority = (
            "" if number is None else f"{number:.{digits}f}"
            for number in (row.value, row.low, row.high, row.mean, row.majority)
        )
        interval = f"{low} to {high}" if low else ""
        cells = (row.part, row.figure, row.data, row.split, row.count, value, interval, mean, majority, row.aim)
        print(f"| {' | '.join(cells)} |")


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """The same as JSON."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def _scaled(figure: Figure | None, scale: float) -> float | None:
    return None if figure is None else scale * figure.value
