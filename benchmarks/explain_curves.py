"""How fast a score falls when samples are taken away in the order of an attribution, and rises when they are put back.

T samples in time, F shares of the samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from torch import Tensor

from vidlabel.explanation.attribution import integrate_gradients, occlude
from vidlabel.explanation.explain import WINDOW_S
from vidlabel.explanation.segment_score import SegmentScore
from vidlabel.explanation.torch_model import zeros

SHARES = np.linspace(0, 1, 21)
"""Of the samples that are taken away or put back."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas under the curves of the probability: a faithful order has a small one and a large one."""

    deletion: float
    insertion: float


def measure_areas(score: SegmentScore, values: Floats) -> Areas:
    """Take samples away, and put them back, the highest first; what is away stands at the baseline.

    Args:
        score: of a label.
        values: (T,) by which samples are ordered.
    """
    inputs, nothing = score.inputs(), zeros(score.inputs())
    order = np.argsort(-values, kind="stable")
    whole, away = (
        score.measure(_replaced(start, other, order)) for start, other in ((inputs, nothing), (nothing, inputs))
    )
    return Areas(_area(whole[:, 0]), _area(away[:, 0]))


def _area(curve: Floats) -> float:
    """Under a curve of (F,) values, by trapezes."""
    return float(((curve[1:] + curve[:-1]) / 2 * np.diff(SHARES)).sum())


def _replaced(
    start: dict[str, Tensor], other: dict[str, Tensor], order: npt.NDArray[np.intp]
) -> Iterator[dict[str, Tensor]]:
    """The inputs with the first samples of an order as in others, for each share."""
    for share in SHARES:
        variant = {name: own.clone() for name, own in start.items()}
        chosen = order[: round(share * len(order))].copy()
        for name, own in variant.items():
            own[chosen] = other[name][chosen]
        yield variant


def orders(score: SegmentScore, rate: float, seeds: Sequence[int]) -> dict[str, list[Floats]]:
    """By what samples are ordered: the attributions of each method, and random numbers.

    Args:
        score: of a label.
        rate: samples per second.
        seeds: of the random orders.
    """
    inputs = score.inputs()
    samples = len(score.times)
    gradients, _ = integrate_gradients(score, inputs)
    return {
        "integrated gradients": [gradients.samples],
        "occlusion, 1 sample": [occlude(score, inputs, None, 1).log_odds],
        "occlusion, 1 s": [occlude(score, inputs, None, max(2, round(WINDOW_S * rate))).log_odds],
        "random": [np.random.default_rng(seed).normal(size=samples) for seed in seeds],
    }
