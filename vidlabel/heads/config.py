"""Configuration of heads and their role in a model; each dataclass checks itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from vidlabel.checks import MAX_SIZE, require

HeadKind = Literal["rnn", "lstm", "gru", "gru-article", "mean"]
MemberRole = Literal["labels", "background"]

MAX_LAYERS = 16
MAX_WINDOW_SAMPLES = 20_000
"""Most samples in a window: about 200 MB of features of 2560 numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadConfig:
    """Configuration of a recurrent head: y_t = W_hy h_t + b_y for each sample t.

    Raises:
        ValueError: a number lies outside its range, or two settings exclude each other.
    """

    kind: HeadKind
    """`rnn`, `lstm` and `gru` as in torch; `gru-article`: see `vidlabel.heads.recurrent`; `mean`: h_t is the input."""
    input_size: int
    """P."""
    hidden_size: int
    """Numbers in the state of one direction; for `mean` the same as `input_size`."""
    outputs: int
    """K, for one sample."""
    layers: int = 1
    bidirectional: bool = False
    activation: Literal["tanh", "relu"] = "tanh"
    """Activation of the head `rnn`."""
    dropout: float = 0.0
    """In training: share of the numbers left out between layers and before the outputs, 0 to below 1."""
    scaled_identity: float | None = None
    """The number a in (0, 1] where `rnn` with `relu` has W_xh = a I, W_hh = (1 - a) I and no bias: not stored then."""
    gated_sizes: tuple[int, ...] | None = None
    """Numbers of each stream among the inputs, P together: at each sample the inputs of a stream are multiplied by its
    gate, a number between 0 and 1 computed from all inputs. None: inputs go into the recurrence as they are."""
    initial_state: Literal["zero", "first-input"] = "zero"
    """`first-input`: the state before the first sample is the first input (with `scaled_identity` alone). An input that
    is not negative then gives exactly its exponential moving average, from its first value on."""

    def __post_init__(self) -> None:
        for name in ("input_size", "hidden_size", "outputs"):
            require(1 <= getattr(self, name) <= MAX_SIZE, f"{name} must lie between 1 and {MAX_SIZE}")
        require(1 <= self.layers <= MAX_LAYERS, f"layers must lie between 1 and {MAX_LAYERS}")
        require(0 <= self.dropout < 1, "dropout must lie between 0 and 1")
        require(self.kind == "rnn" or self.activation == "tanh", f"a {self.kind} head has no choice of activation")
        if self.kind == "mean":
            plain = self.layers == 1 and not self.bidirectional
            require(plain, "a mean head has one layer and one direction")
            require(self.hidden_size == self.input_size, "a mean head has as many hidden numbers as inputs")
        if self.scaled_identity is not None:
            self._check_scaled_identity(self.scaled_identity)
        elif self.initial_state == "first-input":
            raise ValueError("only a scaled identity can start from its first input")
        if self.gated_sizes is not None:
            fits = len(self.gated_sizes) > 1 and min(self.gated_sizes) > 0
            require(fits and sum(self.gated_sizes) == self.input_size, "gated_sizes must be those of several streams")
            require(self.scaled_identity is None, "a scaled identity has no gate")

    def _check_scaled_identity(self, factor: float) -> None:
        require(0 < factor <= 1, "scaled_identity must lie above 0 and at most at 1")
        fitting = self.kind == "rnn" and self.activation == "relu" and self.layers == 1 and not self.bidirectional
        require(fitting, "a scaled identity needs a relu rnn of one layer and one direction")
        require(self.hidden_size == self.input_size, "a scaled identity has as many hidden numbers as inputs")

    @property
    def readout_size(self) -> int:
        """Numbers in h_t, of both directions together."""
        return self.hidden_size * (2 if self.bidirectional else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """One of the heads of a model, and how its outputs are used.

    Raises:
        ValueError: a number lies outside its range.
    """

    head: HeadConfig
    streams: tuple[str, ...] | None = None
    """That it looks at, in the model's order; its inputs are theirs side by side. None: all streams of the model."""
    modality_dropout: float = 0.0
    """Probability with which a kind of evidence was left out in training; above 0, the head can run where streams are
    missing: their inputs are 0 then, the mean. Otherwise it is left out of the mixture."""
    role: MemberRole = "labels"
    """`labels`: distinguishes the labels. `background`: these and, as its last output, background."""
    weight: float = 1.0
    """Share among the members of its role."""
    temperature: float = 1.0
    """The outputs are divided by it."""
    resampled_steps: int | None = None
    """Steps that a window is resampled to in time, linearly, so that its length does not matter; None: as it is."""
    pooled_parts: int | None = None
    """For members learnt from whole clips. n: one row for a window; the K outputs are n blocks, block p is averaged
    over the p-th of n equal parts of the window, and the blocks are summed (1: the mean). None: a row per sample."""

    def __post_init__(self) -> None:
        require(0 < self.temperature < math.inf, "temperature must lie above 0")
        require(0 < self.weight < math.inf, "weight must lie above 0")
        parts, steps = self.pooled_parts, self.resampled_steps
        require(parts is None or 1 <= parts <= 64, "pooled_parts must lie between 1 and 64")
        require(self.head.outputs % (parts or 1) == 0, "head.outputs must be equal for all parts")
        require(0 <= self.modality_dropout < 1, "modality_dropout must lie between 0 and 1")
        require(self.streams is None or len(set(self.streams)) == len(self.streams) > 0, "a member looks at no stream")
        fits = steps is None or (parts is not None and 1 <= steps <= MAX_WINDOW_SAMPLES)
        require(fits, f"resampled_steps must lie between 1 and {MAX_WINDOW_SAMPLES}, and needs pooled_parts")

    @property
    def window_outputs(self) -> int:
        """How many outputs are left after pooling; K without it."""
        return self.head.outputs // (self.pooled_parts or 1)

    @property
    def needs_window(self) -> bool:
        """Whether it looks ahead or is pooled, so that its state cannot be carried through a video."""
        return self.head.bidirectional or self.pooled_parts is not None
