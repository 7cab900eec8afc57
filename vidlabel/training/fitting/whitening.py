"""Whitened inputs: standardised features, turned to their principal components, on one scale.

Each stream is whitened on its own, and the results are joined. T samples, D numbers in a feature of all streams
together, P head inputs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vidlabel.errors import UsageError
from vidlabel.heads.model import Model, Projection

COMPONENTS = 128
"""Components of each stream; 64 gave 2 % less on ut-interaction, and more were not better."""
FLOOR = 1.0
"""A component is divided by sqrt(variance + floor * largest variance): of weak components little but noise is known.
With 0.3, recurrent heads were as good on real footage, and worse on moving shapes: see docs/training-experiments.md."""
LEAST_DEVIATION = 1e-3
"""Share of the deviation of all numbers that is added to that of each: some numbers hardly ever change."""

_LEAST_VARIANCE = 1e-10
"""Of the largest: what is less is rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamWhitening:
    """For one stream: (feature - mean) times each component."""

    mean: Tensor
    """(D of the stream,)."""
    components: Tensor
    """(P of the stream, D of the stream)."""

    def inputs(self, features: Tensor) -> Tensor:
        """(..., D) to (..., P)."""
        return (features - self.mean) @ self.components.T


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """Features to inputs."""

    streams: tuple[StreamWhitening, ...]
    """In the order in which their features are joined."""

    @property
    def inputs_size(self) -> int:
        """P."""
        return sum(len(stream.components) for stream in self.streams)

    @property
    def projections(self) -> tuple[Projection, ...]:
        """The same for the model."""
        return tuple(Projection(stream.mean.numpy(), stream.components.numpy()) for stream in self.streams)

    @property
    def columns(self) -> tuple[slice, ...]:
        """Where the inputs of each stream stand among the P."""
        sizes = [len(stream.components) for stream in self.streams]
        return tuple(slice(end - size, end) for end, size in zip(accumulate(sizes), sizes, strict=True))

    @property
    def joined(self) -> StreamWhitening:
        """The same as one matrix, of all streams side by side."""
        mean = torch.cat([stream.mean for stream in self.streams])
        return StreamWhitening(mean, _in_blocks([stream.components for stream in self.streams]))

    def inputs(self, features: npt.NDArray[np.float32], missing: Collection[int] = ()) -> Tensor:
        """(T, D) to (T, P); 0, the mean, for the streams with these numbers."""
        ends = np.cumsum([len(stream.mean) for stream in self.streams])
        parts = np.split(features, ends[:-1], axis=1)
        streams = zip(parts, self.streams, strict=True)
        inputs = torch.cat([one.inputs(torch.tensor(part)) for part, one in streams], dim=1)
        for number in missing:
            inputs[:, self.columns[number]] = 0
        return inputs

    def select(self, numbers: Sequence[int]) -> Whitening:
        """The whitening of some of the streams alone."""
        return Whitening(tuple(self.streams[number] for number in numbers))


class WhiteningMemory:
    """Keeps what was learnt from the same samples: an evaluation trains twice on the clips of each fold."""

    def __init__(self) -> None:
        self._known: dict[tuple[bytes, tuple[int, ...], float], StreamWhitening] = {}

    def whiten(self, values: npt.NDArray[np.float32], least_deviation: float) -> StreamWhitening:
        """Learn from (S, D) samples, or recall it: a digest takes 2 % of the time of learning."""
        key = (hashlib.sha256(np.ascontiguousarray(values).data).digest(), values.shape, least_deviation)
        if key not in self._known:
            self._known[key] = _whiten(values, least_deviation)
        return self._known[key]


def fit_whitening(
    samples: Sequence[npt.NDArray[np.float32]],
    least_deviation: float = LEAST_DEVIATION,
    memory: WhiteningMemory | None = None,
) -> Whitening:
    """Learn means and principal components.

    Args:
        samples: (S, D_s) of each stream: of the clips to learn from that have it, in all their views. Where none has
            it, its inputs are 0.
        least_deviation: share of the deviation of all numbers that is added to that of each.
        memory: recalls what was learnt from the same samples before; None: nothing is kept.
    """
    whiten = _whiten if memory is None else memory.whiten
    return Whitening(tuple(whiten(own, least_deviation) if len(own) else _nothing(own.shape[1]) for own in samples))


def _nothing(size: int) -> StreamWhitening:
    return StreamWhitening(torch.zeros(size), torch.zeros(min(COMPONENTS, size), size))


def _in_blocks(blocks: Sequence[Tensor]) -> Tensor:
    """A matrix with these on its diagonal, zero elsewhere."""
    rows, columns = (sum(block.shape[axis] for block in blocks) for axis in (0, 1))
    matrix = torch.zeros(rows, columns)
    row = column = 0
    for block in blocks:
        matrix[row : row + block.shape[0], column : column + block.shape[1]] = block
        row, column = row + block.shape[0], column + block.shape[1]
    return matrix


def _whiten(values: npt.NDArray[np.float32], least_deviation: float) -> StreamWhitening:
    samples = torch.from_numpy(values)
    mean = samples.double().mean(dim=0).float()
    deviations = samples.std(dim=0, correction=0) + least_deviation * samples.std(correction=0)
    deviations = torch.where(deviations > 0, deviations, 1.0)  # where nothing ever changes
    standard = (samples - mean) / deviations
    variances, directions = (part.float() for part in _principal(standard))  # ascending
    count = min(COMPONENTS, samples.shape[1])
    kept = variances.flip(0)[:count].clamp(min=0)
    scale = (kept + FLOOR * kept[0].clamp(min=1e-12)).sqrt()
    components = directions.flip(1)[:, :count].T / scale[:, None] / deviations
    components[len(samples) - 1 :] = 0  # so few samples span no more; how many inputs there are does not depend on it
    return StreamWhitening(mean, components.contiguous())


def _principal(standard: Tensor) -> tuple[Tensor, Tensor]:
    """Variances, ascending, and directions, one a column, of (S, D) samples; zeros where they span no more."""
    rows = max(len(standard) - 1, 1)
    try:
        # In single precision it was seen to fail where four short videos were the same, and nearly all variances zero.
        if 0 < len(standard) < standard.shape[1]:
            return _principal_of_few(standard.double(), rows)
        variances, directions = torch.linalg.eigh((standard.T @ standard / rows).double())
    except torch.linalg.LinAlgError:  # type: ignore[attr-defined] # in double precision, too, where few samples leave most variances zero
        _, sizes, rotation = torch.linalg.svd(standard.double())
        variances = torch.zeros(standard.shape[1], dtype=torch.float64)
        variances[: len(sizes)] = sizes.square() / rows
        return variances.flip(0), rotation.flip(0).T
    return variances, directions


def _principal_of_few(values: Tensor, rows: int) -> tuple[Tensor, Tensor]:
    """The same from the products of samples with each other: a thirteenth of the CPU for 200 of 1280 numbers."""
    variances, weights = torch.linalg.eigh(values @ values.T / rows)
    spanned = variances > _LEAST_VARIANCE * variances[-1]
    lengths = torch.where(spanned, (variances * rows).clamp(min=0).sqrt(), torch.inf)
    more = values.shape[1] - len(values)
    directions = torch.cat([values.new_zeros(values.shape[1], more), values.T @ weights / lengths], dim=1)
    return torch.cat([values.new_zeros(more), torch.where(spanned, variances, 0.0)]), directions


def whitening_of(start: Model) -> Whitening:
    """The whitening of a model that is trained on.

    Raises:
        UsageError: it has none.
    """
    if not start.projections:
        raise UsageError("--init", f"{start.spec.name} was not made by training", "give a model that `train` wrote")
    projections = start.projections
    return Whitening(tuple(StreamWhitening(torch.tensor(p.mean), torch.tensor(p.components)) for p in projections))
