"""Files of features at another rate than their own, and the stretches without samples in them.

T samples in time, N samples of the new rate, D numbers in a feature.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vidlabel.features.feature_file import FeatureFile, read_feature_file

RATE_TOLERANCE = 0.01
"""Rates that differ by less are the same: times are rounded."""


def read_features(path: Path, rate: float | None) -> FeatureFile:
    """Read a file of features at a rate.

    Args:
        path: an `.npz` or `.safetensors` file.
        rate: samples per second; a file that was made at another rate is resampled. None: its own.

    Raises:
        InputError: as `read_feature_file`; also a file without times, where no rate is given.
    """
    found = read_feature_file(path, rate)
    return found if rate is None or same_rate(found.rate, rate) else resampled(found, rate)


def same_rate(first: float, second: float) -> bool:
    """Whether two rates, in samples per second, differ by rounding alone."""
    return math.isclose(first, second, rel_tol=RATE_TOLERANCE)


def resampled(found: FeatureFile, rate: float) -> FeatureFile:
    """Features at regular times from the first sample on, interpolated between the two samples beside each.

    Nothing is averaged: features of videos at a lower rate are those of fewer frames, too. There are no new samples in
    holes.

    Args:
        found: (T, D).
        rate: samples per second.

    Returns:
        (N, D), with `own_rate` kept.
    """
    times, values = found.times, found.values
    count = math.floor((times[-1] - times[0]) * rate + 1e-6) + 1
    grid = times[0] + np.arange(count) / rate
    grid = np.minimum(grid, times[-1])  # the last one may lie after it by rounding
    for start, end in found.holes:
        grid = grid[(grid <= start) | (grid >= end)]
    after = np.clip(np.searchsorted(times, grid), 1, max(1, len(times) - 1))
    settings = None if found.origin is None else replace(found.origin.settings, rate=rate)
    return replace(
        found,
        times=grid,
        values=values if len(times) == 1 else _between(times, values, grid, after),
        rate=rate,
        origin=None if found.origin is None or settings is None else replace(found.origin, settings=settings),
    )


def _between(
    times: npt.NDArray[np.float64],
    values: npt.NDArray[np.float32],
    grid: npt.NDArray[np.float64],
    after: npt.NDArray[np.intp],
) -> npt.NDArray[np.float32]:
    before = after - 1
    share = ((grid - times[before]) / (times[after] - times[before]))[:, None].astype(np.float32)
    mixed: npt.NDArray[np.float32] = values[before] * (1 - share) + values[after] * share
    return mixed
