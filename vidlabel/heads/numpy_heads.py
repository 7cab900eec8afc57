"""The heads as prediction runs them: in NumPy, since to import torch takes longer than to label a short video.

The equations are those of `vidlabel.heads.recurrent`, where heads are trained, and outputs agree to 1e-5. So do the
letters: B sequences, T samples in time, P inputs, H hidden numbers, R = H, or 2 H of a bidirectional head, K outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from vidlabel.heads.config import HeadConfig
from vidlabel.heads.operations import FloatArray, linear, sigmoid

Parameters = Mapping[str, FloatArray]
CellState = tuple[FloatArray, ...]
"""(B, H) each; the first is h_t."""
CarriedState = tuple[CellState, ...]
"""What is carried from chunk to chunk, by layer; empty where there is nothing to carry."""


class NumpyHead:
    """A recurrence and the linear map from its state to the outputs.

    Args:
        config: its form.
        parameters: by name, as `model_file.head_shapes(config)` asks for.
    """

    def __init__(self, config: HeadConfig, parameters: Parameters) -> None:
        self.config = config
        self.parameters = parameters
        self._layers = _build_layers(config, parameters)

    def run(self, features: FloatArray, state: CarriedState = ()) -> tuple[FloatArray, CarriedState]:
        """Outputs for each sample.

        Args:
            features: (T, P), or (B, T, P).
            state: of the chunk before; empty at the start of the sequences.

        Returns:
            The outputs, (T, K) or (B, T, K), and the state after the last sample; empty of a bidirectional head.
        """
        if features.shape[-2] == 0:
            return np.zeros((*features.shape[:-1], self.config.outputs), np.float32), state
        sequences = features if features.ndim == 3 else features[None]
        hidden = sequences.transpose(1, 0, 2)  # each step is one piece of memory then
        if self.config.gated_sizes is not None:
            hidden = self._gated(hidden, self.config.gated_sizes)
        after = []
        for number, layer in enumerate(self._layers):
            hidden, own = _run_layer(layer, hidden, state[number] if state else None)
            after.append(own)
        outputs = linear(hidden, self.parameters["output.weight"], self.parameters["output.bias"]).transpose(1, 0, 2)
        carried = () if self.config.bidirectional else tuple(after)
        return (outputs if features.ndim == 3 else outputs[0]), carried

    def _gated(self, inputs: FloatArray, sizes: tuple[int, ...]) -> FloatArray:
        """(T, B, P), each stream times its gate."""
        parameters = self.parameters
        gates = sigmoid(linear(inputs, parameters["recurrence.gate.weight"], parameters["recurrence.gate.bias"]))
        return inputs * np.repeat(gates, sizes, axis=-1)


class Cell(Protocol):
    """The equations of one layer in one direction."""

    def project(self, sequences: FloatArray, /) -> FloatArray:
        """What the inputs add to all steps: (T, B, P) to (T, B, G)."""
        ...

    def start(self, first: FloatArray, /) -> CellState:
        """The state before the first sample, whose inputs are `first`, (B, P)."""
        ...

    def step(self, projected: FloatArray, state: CellState, /) -> CellState:
        """The state after the next sample, of which this is projected, (B, G)."""
        ...


Layer = tuple[Cell, ...]
"""One direction, or both: forwards and backwards."""


def _run_layer(layer: Layer, inputs: FloatArray, state: CellState | None) -> tuple[FloatArray, CellState]:
    """(T, B, P) to (T, B, R), and the state after the last sample in the direction of time."""
    hidden, after = _run_cell(layer[0], inputs, state)
    if len(layer) > 1:
        turned, _ = _run_cell(layer[1], inputs[::-1], None)
        hidden = np.concatenate([hidden, turned[::-1]], axis=2)
    return hidden, after


def _run_cell(cell: Cell, inputs: FloatArray, state: CellState | None) -> tuple[FloatArray, CellState]:
    after = cell.start(inputs[0]) if state is None else state
    states = []
    for projected in cell.project(inputs):
        after = cell.step(projected, after)
        states.append(after[0])
    return np.stack(states), after


class ScaledIdentityCell:
    """h_t = relu(a x_t + (1 - a) h_{t-1}); its state has the same bits however a sequence is cut."""

    def __init__(self, factor: float, *, starts_from_input: bool) -> None:
        self._factor = factor
        self._starts_from_input = starts_from_input

    def project(self, sequences: FloatArray) -> FloatArray:
        """The inputs, scaled."""
        return sequences * np.float32(self._factor)

    def start(self, first: FloatArray) -> CellState:
        """The first input, or zero."""
        return (first if self._starts_from_input else np.zeros_like(first),)

    def step(self, projected: FloatArray, state: CellState) -> CellState:
        """Average, and clip at 0."""
        return (np.maximum(state[0] * np.float32(1 - self._factor) + projected, 0),)


class _MatrixCell:
    """What cells with matrices have in common."""

    states = 1

    def __init__(self, inputs: FloatArray, input_bias: FloatArray, hidden: FloatArray) -> None:
        self._inputs = inputs
        self._input_bias = input_bias
        self._hidden = hidden

    def project(self, sequences: FloatArray) -> FloatArray:
        """Inputs times their matrix."""
        return linear(sequences, self._inputs, self._input_bias)

    def start(self, first: FloatArray) -> CellState:
        """Zero."""
        return (np.zeros((len(first), self._hidden.shape[1]), np.float32),) * self.states


class RnnCell(_MatrixCell):
    """`torch.nn.RNN`."""

    def __init__(self, inputs: FloatArray, bias: FloatArray, hidden: FloatArray, *, relu: bool) -> None:
        super().__init__(inputs, bias, hidden)
        self._relu = relu

    def step(self, projected: FloatArray, state: CellState) -> CellState:
        """Add and bend."""
        total = projected + linear(state[0], self._hidden)
        return (np.maximum(total, 0) if self._relu else np.tanh(total),)


class LstmCell(_MatrixCell):
    """`torch.nn.LSTM`; rows of its matrices: input gate, forget gate, candidate, output gate."""

    states = 2

    def step(self, projected: FloatArray, state: CellState) -> CellState:
        """H and c."""
        size = self._hidden.shape[1]
        total = projected + linear(state[0], self._hidden)
        gates = sigmoid(total)
        candidate = np.tanh(total[:, 2 * size : 3 * size])
        cell = gates[:, size : 2 * size] * state[1] + gates[:, :size] * candidate
        return gates[:, 3 * size :] * np.tanh(cell), cell


class GruCell(_MatrixCell):
    """`torch.nn.GRU`; rows of its matrices: reset gate, update gate, candidate."""

    def __init__(self, inputs: FloatArray, input_bias: FloatArray, hidden: FloatArray, bias: FloatArray) -> None:
        super().__init__(inputs, input_bias, hidden)
        self._bias = bias

    def step(self, projected: FloatArray, state: CellState) -> CellState:
        """The candidate takes of the old state what r lets through."""
        size = self._hidden.shape[1]
        from_hidden = linear(state[0], self._hidden, self._bias)
        gates = sigmoid(projected[:, : 2 * size] + from_hidden[:, : 2 * size])
        r, z = gates[:, :size], gates[:, size:]
        candidate = np.tanh(projected[:, 2 * size :] + r * from_hidden[:, 2 * size :])
        return ((1 - z) * candidate + z * state[0],)


class ArticleGruCell(_MatrixCell):
    """`vidlabel.heads.recurrent.ArticleGruLayer`; rows of its matrices: z, r, candidate."""

    def __init__(self, inputs: FloatArray, bias: FloatArray, gates: FloatArray, candidate: FloatArray) -> None:
        super().__init__(inputs, bias, gates)
        self._candidate = candidate

    def step(self, projected: FloatArray, state: CellState) -> CellState:
        """Z holds back the old state inside the candidate, r scales the new one."""
        size, hidden = self._hidden.shape[1], state[0]
        gates = sigmoid(projected[:, : 2 * size] + linear(hidden, self._hidden))
        z, r = gates[:, :size], gates[:, size:]
        kept = z * hidden
        candidate = np.tanh(projected[:, 2 * size :] + linear(hidden - kept, self._candidate))
        return ((1 - z) * r * candidate + kept,)


def _build_layers(config: HeadConfig, parameters: Parameters) -> tuple[Layer, ...]:
    if config.kind == "mean":
        return ()
    if config.scaled_identity is not None:
        starts_from_input = config.initial_state == "first-input"
        return ((ScaledIdentityCell(config.scaled_identity, starts_from_input=starts_from_input),),)
    directions = (False, True) if config.bidirectional else (False,)
    return tuple(
        tuple(_build_cell(config, parameters, layer, backwards=backwards) for backwards in directions)
        for layer in range(config.layers)
    )


def _build_cell(config: HeadConfig, parameters: Parameters, layer: int, *, backwards: bool) -> Cell:
    inner = "recurrence" if config.gated_sizes is None else "recurrence.inner"
    if config.kind == "gru-article":
        prefix = f"{inner}.{'backwards' if backwards else 'forwards'}.{layer}"
        names = ("inputs.weight", "inputs.bias", "gates.weight", "candidate.weight")
        return ArticleGruCell(*(parameters[f"{prefix}.{name}"] for name in names))
    suffix = f"l{layer}{'_reverse' if backwards else ''}"
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    inputs, hidden, input_bias, bias = (parameters[f"{inner}.network.{name}_{suffix}"] for name in names)
    if config.kind == "gru":
        return GruCell(inputs, input_bias, hidden, bias)
    if config.kind == "lstm":
        return LstmCell(inputs, input_bias + bias, hidden)
    return RnnCell(inputs, input_bias + bias, hidden, relu=config.activation == "relu")
