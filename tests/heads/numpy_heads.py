"""The heads once more, as plain equations: one sample at a time, in double precision, nothing taken from torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from vidlabel.heads.config import HeadConfig

Array = npt.NDArray[np.float64]
Parameters = Mapping[str, Array]
Step = Callable[[Array, tuple[Array, ...]], tuple[Array, ...]]


def run_head(config: HeadConfig, parameters: Parameters, features: Array) -> Array:
    """Outputs (T, K) of a head for features (T, P), from the start."""
    return hidden_states(config, parameters, features) @ parameters["output.weight"].T + parameters["output.bias"]


def hidden_states(config: HeadConfig, parameters: Parameters, features: Array) -> Array:
    if config.gated_sizes is not None:
        gates = _sigmoid(features @ parameters["recurrence.gate.weight"].T + parameters["recurrence.gate.bias"])
        features = features * np.repeat(gates, config.gated_sizes, axis=1)
        inner = "recurrence.inner."
        parameters = {name.replace(inner, "recurrence."): own for name, own in parameters.items()}
    if config.kind == "mean":
        return features
    if config.scaled_identity is not None:
        a, size = config.scaled_identity, config.hidden_size
        start = features[0] if config.initial_state == "first-input" else np.zeros(size)
        return _run(_rnn_step(a * np.eye(size), (1 - a) * np.eye(size), 0, relu=True), (start,), features)
    hidden = features
    zeros = tuple(np.zeros(config.hidden_size) for _ in range(2 if config.kind == "lstm" else 1))
    for layer in range(config.layers):
        outputs = _run(_step(config, parameters, layer, ""), zeros, hidden)
        if config.bidirectional:
            turned = _run(_step(config, parameters, layer, "_reverse"), zeros, hidden[::-1])[::-1]
            outputs = np.concatenate([outputs, turned], axis=1)
        hidden = outputs
    return hidden


def _run(step: Step, state: tuple[Array, ...], features: Array) -> Array:
    states = []
    for feature in features:
        state = step(feature, state)
        states.append(state[0])
    return np.array(states)


def _step(config: HeadConfig, parameters: Parameters, layer: int, suffix: str) -> Step:
    if config.kind == "gru-article":
        return _article_step(parameters, f"recurrence.{'backwards' if suffix else 'forwards'}.{layer}")
    name = f"l{layer}{suffix}"
    w_x, w_h = (parameters[f"recurrence.network.weight_{side}_{name}"] for side in ("ih", "hh"))
    b_x, b_h = (parameters[f"recurrence.network.bias_{side}_{name}"] for side in ("ih", "hh"))
    if config.kind == "rnn":
        return _rnn_step(w_x, w_h, b_x + b_h, relu=config.activation == "relu")
    return _lstm_step(w_x, w_h, b_x + b_h) if config.kind == "lstm" else _gru_step(w_x, w_h, b_x, b_h)


def _rnn_step(w_x: Array, w_h: Array, bias: Array | int, *, relu: bool) -> Step:
    def step(x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        total = w_x @ x + w_h @ state[0] + bias
        return (np.maximum(total, 0) if relu else np.tanh(total),)

    return step


def _lstm_step(w_x: Array, w_h: Array, bias: Array) -> Step:
    def step(x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        hidden, cell = state
        input_gate, forget_gate, candidate, output_gate = np.split(w_x @ x + w_h @ hidden + bias, 4)
        cell = _sigmoid(forget_gate) * cell + _sigmoid(input_gate) * np.tanh(candidate)
        return _sigmoid(output_gate) * np.tanh(cell), cell

    return step


def _gru_step(w_x: Array, w_h: Array, b_x: Array, b_h: Array) -> Step:
    def step(x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        (hidden,) = state
        x_r, x_z, x_n = np.split(w_x @ x + b_x, 3)
        h_r, h_z, h_n = np.split(w_h @ hidden + b_h, 3)
        r, z = _sigmoid(x_r + h_r), _sigmoid(x_z + h_z)
        return ((1 - z) * np.tanh(x_n + r * h_n) + z * hidden,)

    return step


def _article_step(parameters: Parameters, prefix: str) -> Step:
    w_z, w_r, w = np.split(parameters[f"{prefix}.inputs.weight"], 3)
    b_z, b_r, b = np.split(parameters[f"{prefix}.inputs.bias"], 3)
    u_z, u_r = np.split(parameters[f"{prefix}.gates.weight"], 2)
    u = parameters[f"{prefix}.candidate.weight"]

    def step(x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        (h,) = state
        z = _sigmoid(w_z @ x + u_z @ h + b_z)
        r = _sigmoid(w_r @ x + u_r @ h + b_r)
        candidate = np.tanh(w @ x + u @ ((1 - z) * h) + b)
        return ((1 - z) * r * candidate + z * h,)

    return step


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))
