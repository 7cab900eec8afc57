"""What the heads of a model take of a video's features, whatever streams it has.

T samples in time, D numbers in a feature of the streams that the video has, P head inputs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from vidlabel.heads.model import Network
from vidlabel.heads.operations import FloatArray
from vidlabel.stream_spec import stream_columns


class StreamInputs:
    """What each member of a model takes of the features of a video.

    Args:
        model: whose heads run.
        available: the streams that the video has; None: all of the model's.
        hidden: a stream that is put at its mean, to see what it adds; None: no one.

    Raises:
        ValueError: no member can run with these streams.
    """

    def __init__(self, model: Network, available: Collection[str] | None = None, hidden: str | None = None) -> None:
        spec = model.spec
        self.model = model
        found = spec.stream_names if available is None else available
        self.streams = tuple(stream for stream in spec.streams if stream.name in found)
        if not spec.can_score(found):
            raise ValueError(f"no member of {spec.name} runs with {', '.join(found) or 'no stream'} alone")
        self.runs = tuple(spec.runs_with(member, found) for member in spec.members)
        self.size = sum(stream.size for stream in self.streams)
        self._columns = stream_columns(self.streams)
        self._hidden = hidden

    def of_members(self, features: FloatArray) -> list[FloatArray | None]:
        """(..., D) to (..., P) for each member; None for one that does not run."""
        model = self.model
        inputs = model.project({name: features[..., columns] for name, columns in self._columns.items()})
        if self._hidden is not None:
            inputs[self._hidden] = np.zeros_like(inputs[self._hidden])
        for name, size in model.spec.input_sizes.items():
            if name not in inputs:
                inputs[name] = np.zeros((*features.shape[:-1], size), np.float32)
        joined: dict[tuple[str, ...], FloatArray] = {}
        found: list[FloatArray | None] = []
        for member, runs in zip(model.spec.members, self.runs, strict=True):
            names = model.spec.streams_of(member)
            if runs and names not in joined:
                joined[names] = np.concatenate([inputs[name] for name in names], axis=-1)
            found.append(joined[names] if runs else None)
        return found


def filled_motion(values: FloatArray, motion: Sequence[slice]) -> FloatArray:
    """Features of which the first sample has the motion of the second.

    A first sample has no frame before it to be compared with. A picture without any change stands there, which the
    encoder never sees elsewhere; what follows says more.

    Args:
        values: (T, D) from the first sample on.
        motion: the columns of each stream that compares frames.

    Returns:
        (T, D): a copy, or `values` themselves where there is no second sample, or no such stream.
    """
    if len(values) < 2 or not motion:
        return values
    filled = values.copy()
    for columns in motion:
        filled[0, columns] = values[1, columns]
    return filled
