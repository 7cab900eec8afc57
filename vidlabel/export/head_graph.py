"""The heads of a model as an ONNX graph: features in, calibrated scores of labels out.

A model that carries its state takes chunks of samples, and gives the state to go on with: another program labels a
video of any length chunk by chunk. A model that looks ahead, or was learnt from whole clips, takes whole windows.

Letters: T samples in a chunk or a window, D numbers in a feature, P head inputs, H hidden numbers, C labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vidlabel.export.fusion_layers import fused, pooled_parts, resampled_steps
from vidlabel.export.onnx_graph import OnnxGraph, Value
from vidlabel.export.recurrences import Start, run_recurrence, state_rows
from vidlabel.heads.inputs import StreamInputs
from vidlabel.heads.model import Network
from vidlabel.stream_spec import motion_columns

FEATURES = "features"
SCORES = "scores"
STATE = "state_"
"""Begins the names of all that is carried from chunk to chunk; all of it is zero at the start of a video."""
NEXT = "next_"
"""Before it, in the names of what a chunk gives to go on with; in the order of the inputs."""
SAMPLES = f"{STATE}samples"
"""How many samples there were before."""
FIRST_SAMPLE = "first_sample"
"""The sample of the video that a window begins with."""


def state_name(member: int) -> str:
    """The name of the state of a member; members are counted from 0."""
    return f"{STATE}{member}"


def build_head_graph(inputs: StreamInputs) -> OnnxGraph:
    """The graph of a model.

    Args:
        inputs: of the model, for the streams that its features hold.
    """
    graph = OnnxGraph()
    model, spec = inputs.model, inputs.model.spec
    features = graph.input(FEATURES, np.float32, ["T", inputs.size])
    before = _samples_before(graph, inputs)
    if before is not None and motion_columns(inputs.streams):
        features = _filled_motion(graph, inputs, features, before)
    logits: list[Value | None] = []
    states: list[tuple[str, Value, list[int]]] = []
    for number, own in enumerate(_member_inputs(graph, inputs, features)):
        if own is None:
            logits.append(None)
            continue
        outputs, after = _member_outputs(graph, model, number, own, before)
        logits.append(outputs)
        if after is not None:
            head = spec.members[number].head
            states.append((state_name(number), after, [state_rows(head), head.hidden_size]))
    rows = 1 if spec.pooled else "T"
    graph.output(SCORES, fused(graph, logits, spec), np.float32, [rows, len(spec.labels)])
    if before is not None and spec.window_s is None:
        samples = graph.op("Add", before, graph.op("Shape", features, end=1))
        graph.output(f"{NEXT}{SAMPLES}", samples, np.int64, [1])
    for name, value, shape in states:
        graph.output(f"{NEXT}{name}", value, np.float32, shape)
    return graph


def _samples_before(graph: OnnxGraph, inputs: StreamInputs) -> Value | None:
    """(1,) how many samples there were before, where something depends on it."""
    members = zip(inputs.model.spec.members, inputs.runs, strict=True)
    starts = any(runs and member.head.initial_state == "first-input" for member, runs in members)
    streaming = inputs.model.spec.window_s is None
    if not motion_columns(inputs.streams) and not (starts and streaming):
        return None
    return graph.input(SAMPLES if streaming else FIRST_SAMPLE, np.int64, [1])


def _filled_motion(graph: OnnxGraph, inputs: StreamInputs, features: Value, before: Value) -> Value:
    """Features of which the first sample of the video has the motion of the second, as `inputs.filled_motion`."""
    is_motion = np.zeros((1, inputs.size), np.bool_)
    for columns in motion_columns(inputs.streams):
        is_motion[:, columns] = True
    begins = graph.op("Equal", before, graph.whole(0))
    last = graph.op("Sub", graph.op("Shape", features, end=1), graph.whole(1))
    second = graph.op("Gather", features, graph.op("Min", graph.whole(1), last), axis=0)
    first = graph.op("Slice", features, graph.whole(0), graph.whole(1), graph.whole(0))
    others = graph.op("Slice", features, graph.whole(1), graph.whole(np.iinfo(np.int64).max), graph.whole(0))
    filled = graph.op("Where", graph.op("And", begins, graph.constant(is_motion)), second, first)
    return graph.op("Concat", filled, others, axis=0)


def _member_inputs(graph: OnnxGraph, inputs: StreamInputs, features: Value) -> list[Value | None]:
    """(T, P) for each member; None for one that does not run."""
    spec = inputs.model.spec
    projected = _stream_inputs(graph, inputs, features)
    joined: dict[tuple[str, ...], Value] = {}
    found: list[Value | None] = []
    for member, runs in zip(spec.members, inputs.runs, strict=True):
        names = spec.streams_of(member)
        if runs and names not in joined:
            own = [projected[name] for name in names]
            joined[names] = graph.op("Concat", *own, axis=1) if len(own) > 1 else own[0]
        found.append(joined[names] if runs else None)
    return found


def _stream_inputs(graph: OnnxGraph, inputs: StreamInputs, features: Value) -> dict[str, Value]:
    """The inputs of each stream of the model, (T, P_s); zeros, the mean, for those that the features do not hold."""
    model = inputs.model
    found = dict(zip([stream.name for stream in inputs.streams], _columns(graph, inputs, features), strict=True))
    for name, projection in zip(model.spec.stream_names, model.projections, strict=False):
        if name in found:
            centred = graph.op("Sub", found[name], graph.constant(projection.mean))
            found[name] = graph.linear(centred, projection.components, None)
    for name, size in model.spec.input_sizes.items():
        if name not in found:
            shape = graph.op("Concat", graph.op("Shape", features, end=1), graph.whole(size), axis=0)
            found[name] = graph.op("Expand", graph.number(0), shape)
    return found


def _columns(graph: OnnxGraph, inputs: StreamInputs, features: Value) -> Sequence[Value]:
    sizes = [stream.size for stream in inputs.streams]
    if len(sizes) == 1:
        return [features]
    return graph.ops("Split", [features, graph.whole(*sizes)], len(sizes), axis=1)


def _member_outputs(
    graph: OnnxGraph, model: Network, number: int, inputs: Value, before: Value | None
) -> tuple[Value, Value | None]:
    """What a member makes of its inputs: (T, K), or (1, K / n) where it is pooled; and its state after them."""
    member, head = model.spec.members[number], model.heads[number]
    state = None
    if model.spec.window_s is None and state_rows(member.head):
        shape = [state_rows(member.head), member.head.hidden_size]
        state = graph.input(state_name(number), np.float32, shape)
    if member.resampled_steps is not None:
        inputs = resampled_steps(graph, inputs, member.resampled_steps)
    start = Start(state, None if state is None else before)
    hidden, after = run_recurrence(graph, member.head, head.parameters, inputs, start)
    outputs = graph.linear(hidden, head.parameters["output.weight"], head.parameters["output.bias"])
    if member.pooled_parts is not None:
        outputs = pooled_parts(graph, outputs, member.pooled_parts, member.window_outputs)
    return outputs, None if state is None else after
