"""The recurrences of heads as operators of ONNX: the equations of `vidlabel.heads.numpy_heads`.

`RNN`, `LSTM` and `GRU` are operators of ONNX, which every runtime knows and has made fast. The two recurrences that it
does not have run as a `Scan` over the samples: one step is written once, for chunks of any length.

Letters: T samples in time, P inputs, H hidden numbers, R = H, or 2 H of a bidirectional head, S = layers, or twice as
many of `lstm`, which has two states a layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from vidlabel.export.onnx_graph import OnnxGraph, Value
from vidlabel.heads.config import HeadConfig
from vidlabel.heads.numpy_heads import Parameters

FloatArray = npt.NDArray[np.float32]

# Where ONNX wants the rows of torch's gates: of `lstm` i, f, candidate, o become i, o, f, candidate; of `gru` r, z
# become z, r.
_GATE_ORDER = {"rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}


@dataclass(frozen=True, slots=True)
class Start:
    """What a recurrence starts with."""

    state: Value | None
    """(S, H); None: zeros."""
    samples: Value | None
    """(1,) how many samples there were before; None: none."""


def state_rows(config: HeadConfig) -> int:
    """S: rows of the state that a head carries; 0 where there is nothing to carry."""
    if config.kind == "mean" or config.bidirectional:
        return 0
    return config.layers * (2 if config.kind == "lstm" else 1)


def run_recurrence(
    graph: OnnxGraph, config: HeadConfig, parameters: Parameters, inputs: Value, start: Start
) -> tuple[Value, Value | None]:
    """The hidden numbers at each sample.

    Args:
        graph: gets the operators.
        config: of the head.
        parameters: of the head.
        inputs: (T, P).
        start: what it starts with.

    Returns:
        (T, R), and the state after the last sample, (S, H), where it is carried.
    """
    if config.gated_sizes is not None:
        inputs = _gated(graph, config.gated_sizes, parameters, inputs)
    if config.kind == "mean":
        return inputs, None
    if config.scaled_identity is not None:
        return _scaled_identity(graph, config, inputs, start)
    per_layer = 2 if config.kind == "lstm" else 1
    rows = _rows(graph, start.state, config.layers * per_layer)
    hidden, after = inputs, list[Value]()
    for layer in range(config.layers):
        before = rows[layer * per_layer : (layer + 1) * per_layer]
        if config.kind == "gru-article":
            hidden, own = _article_layer(graph, config, parameters, hidden, layer, before)
        else:
            hidden, own = _operator_layer(graph, config, parameters, hidden, layer, before)
        after += own
    if state_rows(config) == 0:
        return hidden, None
    return hidden, graph.op("Concat", *after, axis=0) if len(after) > 1 else after[0]


def _gated(graph: OnnxGraph, sizes: tuple[int, ...], parameters: Parameters, inputs: Value) -> Value:
    """(T, P), each stream times its gate."""
    weight, bias = (parameters[f"recurrence.gate.{part}"] for part in ("weight", "bias"))
    gates = graph.op("Sigmoid", graph.linear(inputs, weight, bias))
    stream_of = graph.constant(np.repeat(np.arange(len(sizes)), sizes))
    return graph.op("Mul", inputs, graph.op("Gather", gates, stream_of, axis=1))


def _rows(graph: OnnxGraph, state: Value | None, count: int) -> list[Value]:
    """(1, H) each."""
    if state is None or count == 1:
        return [] if state is None else [state]
    return graph.ops("Split", [state], count, axis=0)


def _operator_layer(
    graph: OnnxGraph, config: HeadConfig, parameters: Parameters, inputs: Value, layer: int, before: list[Value]
) -> tuple[Value, list[Value]]:
    """A layer that is an operator of ONNX."""
    directions = [_operator_weights(config, parameters, f"l{layer}{suffix}") for suffix in _suffixes(config)]
    weights = [graph.constant(np.stack(parts)) for parts in zip(*directions, strict=True)]
    attributes: dict[str, object] = {"hidden_size": config.hidden_size}
    if config.kind == "gru":
        attributes["linear_before_reset"] = 1  # as torch: r scales the product, with its bias
    if config.kind == "rnn":
        attributes["activations"] = ["Relu" if config.activation == "relu" else "Tanh"] * len(directions)
    if config.bidirectional:
        attributes["direction"] = "bidirectional"
    sequence = graph.op("Unsqueeze", inputs, graph.whole(1))  # (T, 1, P): one sequence
    initial = [graph.op("Unsqueeze", row, graph.whole(1)) for row in before]
    outputs = 3 if config.kind == "lstm" else 2
    given = [sequence, *weights, *(["", *initial] if initial else [])]
    hidden, *after = graph.ops(config.kind.upper(), given, outputs, **attributes)
    # (T, directions, 1, H) to (T, R).
    joined = graph.reshape(graph.op("Squeeze", hidden, graph.whole(2)), 0, config.readout_size)
    carried = [] if config.bidirectional else [graph.op("Squeeze", row, graph.whole(1)) for row in after]
    return joined, carried


def _suffixes(config: HeadConfig) -> tuple[str, ...]:
    return ("", "_reverse") if config.bidirectional else ("",)


def _operator_weights(config: HeadConfig, parameters: Parameters, suffix: str) -> list[FloatArray]:
    """Of the inputs, of the hidden numbers, and both biases one after the other, rows in ONNX's order."""
    inner = "recurrence" if config.gated_sizes is None else "recurrence.inner"
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    order = _GATE_ORDER[config.kind]
    inputs, hidden, input_bias, hidden_bias = (
        np.concatenate([np.split(parameters[f"{inner}.network.{name}_{suffix}"], len(order))[gate] for gate in order])
        for name in names
    )
    return [inputs, hidden, np.concatenate([input_bias, hidden_bias])]


def _article_layer(
    graph: OnnxGraph, config: HeadConfig, parameters: Parameters, inputs: Value, layer: int, before: list[Value]
) -> tuple[Value, list[Value]]:
    inner = "recurrence" if config.gated_sizes is None else "recurrence.inner"
    names = ("forwards", "backwards") if config.bidirectional else ("forwards",)
    found, after = list[Value](), list[Value]()
    for number, direction in enumerate(names):
        prefix = f"{inner}.{direction}.{layer}"
        own = {name: parameters[f"{prefix}.{name}.weight"] for name in ("inputs", "gates", "candidate")}
        projected = graph.linear(inputs, own["inputs"], parameters[f"{prefix}.inputs.bias"])
        step = OnnxGraph(f"article_{graph.op_count}_")
        _article_step(step, own["gates"], own["candidate"], config.hidden_size)
        start = before[0] if before else graph.constant(np.zeros((1, config.hidden_size), np.float32))
        state, hidden = _scan(graph, step, start, projected, backwards=number == 1)
        found.append(hidden)
        after.append(state)
    return graph.op("Concat", *found, axis=1) if len(found) > 1 else found[0], after


def _article_step(step: OnnxGraph, gates: FloatArray, candidate: FloatArray, size: int) -> None:
    """One sample of `ArticleGruCell`."""
    hidden = step.input("state", np.float32, [1, size])
    projected = step.input("projected", np.float32, [3 * size])
    for_gates, for_candidate = _split(step, projected, 2 * size, size)
    z, r = step.ops(
        "Split", [step.op("Sigmoid", step.op("Add", for_gates, step.linear(hidden, gates, None)))], 2, axis=1
    )
    kept = step.op("Mul", z, hidden)
    from_hidden = step.linear(step.op("Sub", hidden, kept), candidate, None)
    bent = step.op("Tanh", step.op("Add", for_candidate, from_hidden))
    share = step.op("Mul", step.op("Sub", step.number(1), z), r)
    _give(step, step.op("Add", step.op("Mul", share, bent), kept), size)


def _split(step: OnnxGraph, values: Value, *sizes: int) -> list[Value]:
    return step.ops("Split", [values, step.whole(*sizes)], len(sizes), axis=0)


def _scaled_identity(graph: OnnxGraph, config: HeadConfig, inputs: Value, start: Start) -> tuple[Value, Value]:
    factor, size = config.scaled_identity or 0.0, config.hidden_size
    state = start.state or graph.constant(np.zeros((1, size), np.float32))
    if config.initial_state == "first-input":
        first = graph.op("Gather", inputs, graph.whole(0), axis=0)
        if start.samples is not None:
            begins = graph.op("Equal", start.samples, graph.whole(0))
            first = graph.op("Where", begins, first, state)
        state = first
    step = OnnxGraph(f"identity_{graph.op_count}_")
    hidden = step.input("state", np.float32, [1, size])
    projected = step.input("projected", np.float32, [size])
    kept = step.op("Mul", hidden, step.number(1 - factor))
    _give(step, step.op("Relu", step.op("Add", kept, projected)), size)
    after, sequence = _scan(graph, step, state, graph.op("Mul", inputs, graph.number(factor)), backwards=False)
    return sequence, after


def _give(step: OnnxGraph, hidden: Value, size: int) -> None:
    """The outputs of a step: the state to go on with, and the numbers of this sample."""
    step.output("next", hidden, np.float32, [1, size])
    step.output("hidden", step.reshape(hidden, size), np.float32, [size])


def _scan(graph: OnnxGraph, step: OnnxGraph, state: Value, inputs: Value, *, backwards: bool) -> tuple[Value, Value]:
    """Run a step over the samples of (T, G): the state after them, and the hidden numbers, (T, H)."""
    direction = [int(backwards)]
    after, hidden = graph.ops(
        "Scan",
        [state, inputs],
        2,
        body=step.proto("step"),
        num_scan_inputs=1,
        scan_input_directions=direction,
        scan_output_directions=direction,
    )
    return after, hidden
