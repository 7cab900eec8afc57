"""The score of a label over a segment as a differentiable function of the features that can influence it.

Heads that look ahead run in the windows that `predict` runs them in. Heads that do not carry the state with which
`predict` comes to the first sample that is looked at; what was before stays as it is.

Letters in shapes: B variants of the features, T samples that are looked at, S samples of the segment, D numbers in a
feature of a stream, P_s inputs of a stream. Double precision: of scores near 1 single precision leaves no digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vidlabel.explanation.kept_features import KeptFeatures
from vidlabel.explanation.torch_model import Inputs, TorchModel, zeros
from vidlabel.heads.operations import FloatArray
from vidlabel.heads.recurrent import State, one_thread
from vidlabel.heads.scoring import CHUNK_SAMPLES, triangular_weights, window_samples, window_starts
from vidlabel.stream_spec import stream_columns

LEAST_PROBABILITY = 1e-12
"""Log-odds are those of probabilities between this and 1 less this."""
MOST_NUMBERS = 1 << 22
"""Most inputs and scores of variants that run together: 32 MB each in double precision."""
SHORTEST_CONTEXT, LONGEST_CONTEXT = 16, 512
"""Samples before a segment that are looked at, of heads that carry their state."""
NEGLIGIBLE = 0.01
"""Share of the log-odds' difference that still earlier samples may add unseen."""


@dataclass(frozen=True, slots=True)
class LabelledSamples:
    """What is explained.

    Raises:
        ValueError: there are no samples.
    """

    label: int
    """Index of the label."""
    start: int
    """The first sample."""
    stop: int
    """One after the last."""

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.stop:
            raise ValueError(f"there are no samples from {self.start} to before {self.stop}")


class SegmentScore:
    """The score of one label over some samples of a video, and the inputs of the heads that it depends on.

    Args:
        kept: the features of the video.
        wanted: the label, and the samples over which its score is the mean.
    """

    def __init__(self, kept: KeptFeatures, wanted: LabelledSamples) -> None:
        self._kept = kept
        self.wanted = wanted
        self.network = TorchModel(kept.model, [stream.name for stream in kept.inputs.streams])
        self._times = kept.times
        self._states: list[State | None] = [None] * len(self.network.heads)
        self._windows: tuple[list[int], int] | None = None
        self.earlier_log_odds = 0.0
        """What the samples before those that are looked at add through the carried state."""
        if self.network.spec.window_s is None:
            self._carry_state()
        else:
            self._choose_windows(window_samples(self.network.spec))

    @property
    def times(self) -> npt.NDArray[np.float64]:
        """(T,) seconds of the samples that are looked at."""
        return self._times[self.first : self.last]

    def raw(self) -> dict[str, FloatArray]:
        """(T, D) features of each stream."""
        values = self._kept.filled(self.first, self.last)
        return self._by_stream(values)

    def inputs(self) -> dict[str, Tensor]:
        """(T, P_s) of each stream: what the heads take of the video."""
        return {name: self.projected(name, values) for name, values in self.raw().items()}

    @one_thread()
    def projected(self, stream: str, features: FloatArray) -> Tensor:
        """Features (..., D) of a stream to its inputs (..., P_s)."""
        return self.network.project(stream, features)

    def mean_scores(self, variants: Inputs) -> tuple[Tensor, Tensor]:
        """The mean probability and the mean log-odds, (B,) each, of inputs (B, T, P_s); gradients flow."""
        found = self._sample_scores(variants).clamp(0.0, 1.0)
        limited = found.clamp(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
        return found.mean(dim=1), (limited.log() - (-limited).log1p()).mean(dim=1)

    @torch.inference_mode()
    @one_thread()
    def measure(self, variants: Iterator[Inputs]) -> npt.NDArray[np.float64]:
        """Probability and log-odds, (N, 2), of N single variants (T, P_s), in batches."""
        rows: list[npt.NDArray[np.float64]] = [np.empty((0, 2))]
        waiting: list[Inputs] = []
        for variant in variants:
            waiting.append(variant)
            if len(waiting) == self.batch:
                rows.append(self._measured(waiting))
                waiting = []
        if waiting:
            rows.append(self._measured(waiting))
        return np.concatenate(rows)

    @property
    def batch(self) -> int:
        """Variants that run together."""
        samples = self.last - self.first
        if self._windows is not None:
            samples = max(samples, len(self._windows[0]) * self._windows[1])
        width = sum(head.config.input_size + head.config.outputs for head in self.network.heads)
        return max(1, min(64, MOST_NUMBERS // (samples * width)))

    def _measured(self, variants: list[Inputs]) -> npt.NDArray[np.float64]:
        together = {name: torch.stack([variant[name] for variant in variants]) for name in variants[0]}
        return torch.stack(self.mean_scores(together), dim=1).numpy()

    def _by_stream(self, values: FloatArray) -> dict[str, FloatArray]:
        """(T, D) of all streams side by side to those of each."""
        columns = stream_columns(self._kept.inputs.streams)
        return {name: values[:, own] for name, own in columns.items()}

    # How the samples that are looked at are chosen.

    def _choose_windows(self, window: int) -> None:
        """Look at all windows that hold a sample of the segment."""
        samples = len(self._times)
        window = min(window, samples)
        starts = [
            start
            for start in window_starts(samples, window)
            if start < self.wanted.stop and start + window > self.wanted.start
        ]
        self.first, self.last = starts[0], starts[-1] + window
        self._windows = [start - self.first for start in starts], window

    @torch.no_grad()  # gradients flow past the states later, which they cannot past tensors of the inference mode
    @one_thread()
    def _carry_state(self) -> None:
        """Look as far back as earlier samples add more than a hundredth of what all add."""
        self.last = self.wanted.stop
        lengths = [SHORTEST_CONTEXT]
        while lengths[-1] < LONGEST_CONTEXT:
            lengths.append(2 * lengths[-1])
        states = self._states_at(sorted({max(0, self.wanted.start - length) for length in lengths}))
        for first in sorted(states, reverse=True):
            self.first, self._states = first, states[first]
            inputs = self.inputs()
            whole, base = (float(self._measured([own])[0, 1]) for own in (inputs, zeros(inputs)))
            self._states = [None] * len(self.network.heads)
            self.earlier_log_odds = whole - float(self._measured([inputs])[0, 1])
            self._states = states[first]
            if abs(self.earlier_log_odds) <= NEGLIGIBLE * abs(whole - base):
                return

    def _states_at(self, places: list[int]) -> dict[int, list[State | None]]:
        """The state of each head before the sample at each of some places."""
        states: list[State | None] = [None] * len(self.network.heads)
        found, start = {}, 0
        for place in places:
            while start < place:
                stop = min(place, start + 8 * CHUNK_SAMPLES)
                values = self._by_stream(self._kept.filled(start, stop))
                inputs = self.network.join({name: self.projected(name, own) for name, own in values.items()})
                states = [
                    state if own is None else head.recurrence(own[None], state or (), None)[1]
                    for head, own, state in zip(self.network.heads, inputs, states, strict=True)
                ]
                start = stop
            found[place] = list(states)
        return found

    # Scores.

    def _sample_scores(self, variants: Inputs) -> Tensor:
        """(B, S) probabilities of the label."""
        return self._carried_scores(variants) if self._windows is None else self._window_scores(variants)

    def _carried_scores(self, variants: Inputs) -> Tensor:
        count = len(next(iter(variants.values())))
        chosen = slice(self.wanted.start - self.first, None)
        logits: list[Tensor | None] = []
        for head, own, state in zip(self.network.heads, self.network.join(variants), self._states, strict=True):
            if own is None:
                logits.append(None)
                continue
            hidden, _ = head.recurrence(own, _repeated(state, count), None)
            logits.append(head.output(hidden[:, chosen]).flatten(0, 1))
        return self.network.probabilities(logits)[:, self.wanted.label].reshape(count, -1)

    def _window_scores(self, variants: Inputs) -> Tensor:
        """The weighted mean over the windows that hold a sample, as `WindowScorer` takes it."""
        starts, window = self._windows or ([], 0)
        count = len(next(iter(variants.values())))
        cut = {
            name: torch.stack([own[:, start : start + window] for start in starts], dim=1).flatten(0, 1)
            for name, own in variants.items()
        }
        found = self.network.probabilities(self.network.window_outputs(cut))
        scores = found[:, self.wanted.label].reshape(count, len(starts), -1).expand(-1, -1, window)
        places = torch.tensor(starts)[:, None] + torch.arange(window)
        low, high = self.wanted.start - self.first, self.wanted.stop - self.first
        inside = (places >= low) & (places < high)
        weights = torch.tensor(triangular_weights(window), dtype=torch.float64).expand(len(starts), -1)[inside]
        into = places[inside] - low
        sums = scores.new_zeros(count, high - low).index_add(1, into, scores[:, inside] * weights)
        return sums / weights.new_zeros(high - low).index_add(0, into, weights)


def _repeated(state: State | None, count: int) -> State:
    """The state of one sequence for as many; the last axis but one counts sequences in all heads."""
    return () if state is None else tuple(part.expand(*part.shape[:-2], count, -1).contiguous() for part in state)
