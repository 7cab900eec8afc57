"""Resampling, pooling and fusion as operators of ONNX: the equations of `vidlabel.heads.fusion`.

Letters: T samples in time, N rows, P inputs, K head outputs, n parts, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidlabel.export.onnx_graph import OnnxGraph, Value
from vidlabel.heads.config import MemberRole
from vidlabel.heads.spec import ModelSpec


def resampled_steps(graph: OnnxGraph, inputs: Value, steps: int) -> Value:
    """(T, P) at other times, linearly between the samples: (`steps`, P), from first to last.

    In whole numbers: step i stands at sample i (T - 1) / (steps - 1), which single precision misses in long windows.
    """
    last = graph.op("Sub", _samples(graph, inputs), graph.whole(1))
    spaces = graph.whole(max(steps - 1, 1))
    ahead = graph.op("Mul", graph.whole(*range(steps)), last)
    before = graph.op("Div", ahead, spaces)
    after = graph.op("Min", graph.op("Add", before, graph.whole(1)), last)
    rest = graph.op("Sub", ahead, graph.op("Mul", before, spaces))
    share = graph.op("Div", _float(graph, rest), graph.number(max(steps - 1, 1)))
    share = graph.op("Unsqueeze", share, graph.whole(1))
    earlier, later = (graph.op("Gather", inputs, places, axis=0) for places in (before, after))
    kept = graph.op("Mul", earlier, graph.op("Sub", graph.number(1), share))
    return graph.op("Add", kept, graph.op("Mul", later, share))


def pooled_parts(graph: OnnxGraph, outputs: Value, parts: int, width: int) -> Value:
    """One row for a window: the sum of the means of block p of the outputs over part p, (T, K) to (1, K / n)."""
    samples = _samples(graph, outputs)
    bounds = graph.op("Div", graph.op("Mul", graph.whole(*range(parts + 1)), samples), graph.whole(parts))
    starts = graph.op("Slice", bounds, graph.whole(0), graph.whole(parts))
    ends = graph.op("Slice", bounds, graph.whole(1), graph.whole(parts + 1))
    ends = graph.op("Max", ends, graph.op("Add", starts, graph.whole(1)))  # a part holds its first sample at least
    zero, one = (graph.constant(np.array(number)) for number in (0, 1))  # without axes, as Range takes them
    steps = graph.op("Range", zero, graph.op("Gather", samples, zero, axis=0), one)
    steps = graph.op("Unsqueeze", steps, graph.whole(1))
    held = graph.op("And", graph.op("LessOrEqual", starts, steps), graph.op("Less", steps, ends))
    lengths = _float(graph, graph.op("Sub", ends, starts))
    shares = graph.op("Unsqueeze", graph.op("Div", _float(graph, held), lengths), graph.whole(2))  # (T, n, 1)
    blocks = graph.reshape(outputs, 0, parts, width)
    summed = graph.op("ReduceSum", graph.op("Mul", shares, blocks), graph.whole(0, 1), keepdims=0)
    return graph.reshape(summed, 1, width)


def fused(graph: OnnxGraph, logits: Sequence[Value | None], spec: ModelSpec) -> Value:
    """Calibrated probabilities of labels.

    Args:
        graph: gets the operators.
        logits: for each member (N, its `window_outputs`); None for one that does not run.
        spec: of the model.

    Returns:
        (N, C), as `fusion.probabilities`.
    """
    mixed = _mixed(graph, logits, spec, "labels")
    if not spec.members_with("background"):
        return _label_probabilities(graph, mixed, spec)
    labels = len(spec.labels) - 1
    knowing = graph.op("Softmax", _mixed(graph, logits, spec, "background"), axis=1)
    something, nothing = graph.ops("Split", [knowing, graph.whole(labels, 1)], 2, axis=1)
    known = graph.op("Log", graph.op("Max", something, graph.number(1e-12)))
    both = graph.op("Add", graph.op("LogSoftmax", mixed, axis=1), known)
    shares = graph.op("Softmax", graph.op("Mul", both, graph.number(0.5)), axis=1)
    left = graph.op("Mul", shares, graph.op("Sub", graph.number(1), nothing))
    return graph.op("Concat", left, nothing, axis=1)


def _label_probabilities(graph: OnnxGraph, mixed: Value, spec: ModelSpec) -> Value:
    if spec.task != "single":
        return graph.op("Sigmoid", mixed)
    outputs = graph.op("Softmax", mixed, axis=1)
    if spec.output_labels is None:
        return outputs
    counts_for = np.equal.outer(np.arange(len(spec.labels)), np.array(spec.output_labels))  # (C, K)
    return graph.op("Min", graph.linear(outputs, counts_for.astype(np.float32), None), graph.number(1))


def _mixed(graph: OnnxGraph, logits: Sequence[Value | None], spec: ModelSpec, role: MemberRole) -> Value:
    """Weighted sum of the calibrated outputs of the members with a role; the weights of those that run sum to all."""
    members = [(outputs, member) for outputs, member in zip(logits, spec.members, strict=True) if member.role == role]
    running = [(outputs, member) for outputs, member in members if outputs is not None]
    scale = sum(member.weight for _, member in members) / sum(member.weight for _, member in running)
    weighted = [
        graph.op("Mul", outputs, graph.number(member.weight * scale / member.temperature))
        for outputs, member in running
    ]
    return graph.op("Sum", *weighted) if len(weighted) > 1 else weighted[0]


def _samples(graph: OnnxGraph, values: Value) -> Value:
    """(1,) how many rows there are."""
    return graph.op("Shape", values, end=1)


def _float(graph: OnnxGraph, values: Value) -> Value:
    return graph.op("Cast", values, to=1)  # 1: float32
