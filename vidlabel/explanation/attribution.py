"""Which samples and which streams a score comes from.

Occlusion: the score without a stretch of samples, which is replaced by the mean of its neighbours (Zeiler and Fergus,
2014; Robnik-Sikonja and Kononenko, 2008). Integrated gradients: the gradient along the straight path from a baseline
(Sundararajan, Taly and Yan, 2017). Shapley values: what a stream adds on average to those that were there before it
(Shapley, 1953; Lundberg and Lee, 2017), of at most five streams exactly.

The baseline is 0 at the inputs of the heads: the mean of the features that the model was trained on, where it
normalises them, and what heads get of streams that are left out. The mean of the video itself would hide all that
lasts through the video.

Letters in shapes: T samples in time, P_s inputs of a stream.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vidlabel.explanation.explanation import Floats, IntegratedGradients, Occlusion, StreamContribution
from vidlabel.explanation.segment_score import SegmentScore
from vidlabel.explanation.torch_model import Inputs, zeros
from vidlabel.heads.recurrent import one_thread

FEWEST_PATH_STEPS, MOST_PATH_STEPS = 16, 512
LARGEST_GAP = 0.01
"""Of the difference that attributions are to sum to."""
MOST_STRETCHES = 256
"""Stretches that are replaced in turn; of more samples they begin at every second, third, ... one."""


def occlude(score: SegmentScore, inputs: Inputs, stream: str | None, width: int) -> Occlusion:
    """Replace each stretch of samples in turn by the mean of as many samples before and after it.

    Args:
        score: of the label.
        inputs: of the video.
        stream: that is replaced; None: all.
        width: samples in a stretch, at least 1.
    """
    names = list(inputs) if stream is None else [stream]
    samples = len(inputs[names[0]])
    stride = -(-samples // MOST_STRETCHES)
    width = max(width, stride)
    middles = range(stride // 2, samples + stride // 2, stride)

    def variants() -> Iterator[Inputs]:
        yield inputs
        for middle in middles:
            start = min(middle, samples - 1) - width // 2
            stretch = slice(max(0, start), min(samples, start + width))
            yield {**inputs, **{name: _without(inputs[name], stretch) for name in names}}

    measured = score.measure(variants())
    lost = np.repeat(measured[0] - measured[1:], stride, axis=0)[:samples]
    return Occlusion(stream, width, lost[:, 0], lost[:, 1])


def _without(values: Tensor, stretch: slice) -> Tensor:
    """Replace a stretch by the mean of as many samples before and after it; by 0 where there are none."""
    width = stretch.stop - stretch.start
    before = values[max(0, stretch.start - width) : stretch.start]
    neighbours = torch.cat([before, values[stretch.stop : stretch.stop + width]])
    replaced = values.clone()
    replaced[stretch] = neighbours.mean(dim=0) if len(neighbours) else 0.0
    return replaced


def mean_gradients(score: SegmentScore, inputs: Inputs, path_steps: int) -> dict[str, Tensor]:
    """The mean gradient of the log-odds, (T, P_s) of each stream, on the straight path from 0 to the inputs.

    By the quadrature of Gauss and Legendre, exact for polynomials: sums of as many points at equal distances lay 10 to
    100 times as far from the difference of a GRU.
    """
    nodes, weights = np.polynomial.legendre.leggauss(path_steps)
    places, shares = torch.tensor((nodes + 1) / 2), torch.tensor(weights / 2)
    found = {name: torch.zeros_like(own) for name, own in inputs.items()}
    batch = max(1, score.batch // 4)  # gradients need the states of all samples
    with one_thread():
        for some, own_shares in zip(torch.split(places, batch), torch.split(shares, batch), strict=True):
            points = {name: (some[:, None, None] * own).requires_grad_() for name, own in inputs.items()}
            _, log_odds = score.mean_scores(points)
            gradients = torch.autograd.grad((log_odds * own_shares).sum(), list(points.values()), allow_unused=True)
            for name, gradient in zip(points, gradients, strict=True):
                if gradient is not None:
                    found[name] += gradient.sum(dim=0)
    return found


def integrate_gradients(score: SegmentScore, inputs: Inputs) -> tuple[IntegratedGradients, dict[str, Tensor]]:
    """Share the log-odds out among samples and streams, with as many points on the path as completeness needs.

    Returns:
        The attributions, and the mean gradients that they are made of, (T, P_s) of each stream.
    """
    whole, base = (float(row[1]) for row in score.measure(iter((inputs, zeros(inputs)))))
    steps = FEWEST_PATH_STEPS
    while True:
        gradients = mean_gradients(score, inputs, steps)
        values = {name: (gradients[name] * own).sum(dim=1).numpy() for name, own in inputs.items()}
        found = IntegratedGradients(steps, whole - base, values)
        if found.relative_gap < LARGEST_GAP or steps >= MOST_PATH_STEPS:
            return found, gradients
        steps *= 2


def share_among_streams(score: SegmentScore, inputs: Inputs) -> tuple[StreamContribution, ...]:
    """The Shapley value of each stream, with those that are left out at 0 in all heads."""
    names = list(inputs)
    sets = [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]
    nothing = zeros(inputs)
    variants = ({name: inputs[name] if name in some else nothing[name] for name in names} for some in sets)
    worth = dict(zip(sets, score.measure(variants)[:, 1].tolist(), strict=True))
    added = {name: _shapley(name, worth, len(names)) for name in names}
    positive = sum(max(0.0, value) for value in added.values())
    return tuple(
        StreamContribution(name, value, max(0.0, value) / positive if positive > 0 else 0.0)
        for name, value in added.items()
    )


def _shapley(name: str, worth: Mapping[frozenset[str], float], count: int) -> float:
    """The mean, over all orders in which streams may come, of what one adds to those before it."""
    without = [some for some in worth if name not in some]
    return sum((worth[some | {name}] - worth[some]) / (count * comb(count - 1, len(some))) for some in without)


def densest_stretch(values: Floats) -> slice:
    """The shortest stretch that holds half of all that is above 0; the highest value alone where nothing is."""
    positive = np.maximum(values, 0.0)
    half = positive.sum() / 2
    if half <= 0:
        highest = int(values.argmax())
        return slice(highest, highest + 1)
    ends = np.concatenate([[0.0], positive.cumsum()])
    # For each start the first end with half of it within, a hair less for rounding.
    stops = np.searchsorted(ends, ends[:-1] + half * (1 - 1e-9))
    lengths: npt.NDArray[np.intp] = np.where(stops < len(ends), stops - np.arange(len(values)), len(values) + 1)
    start = int(lengths.argmin())
    return slice(start, int(stops[start]))
