"""The graph of an ExportedProgram, run operation by operation.

`torch.export.load` calls whatever a file names: it takes any attribute of the module `torch` as an operation,
`torch.os.system` too, and evaluates expressions of sizes as Python. Here a file can name operations on tensors alone,
with numbers, a few known words and other tensors as arguments.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

DTYPES: Mapping[int, torch.dtype] = {
    1: torch.uint8,
    2: torch.int8,
    3: torch.int16,
    4: torch.int32,
    5: torch.int64,
    6: torch.float16,
    7: torch.float32,
    8: torch.float64,
    12: torch.bool,
    13: torch.bfloat16,
}
"""By their number in the format."""
_MEMORY_FORMATS = {1: torch.contiguous_format, 2: torch.channels_last, 4: torch.preserve_format}
_STRIDED = 7
_BY_NAME = 2
"""Kind of an argument."""
_WORDS = {"none", "tanh", "floor", "trunc", "constant", "reflect", "replicate", "circular"}
"""Strings that an operation may be given. Those that read or write files are given names of files."""
_IN_TRAINING = {"train", "training"}
_SIZE_OPERATIONS = {"add", "sub", "mul", "floordiv", "mod", "neg", "eq", "ne", "lt", "le", "gt", "ge", "getitem"}
_NO_GRADIENTS = "torch.ops.higher_order.wrap_with_set_grad_enabled"


@dataclass(frozen=True, slots=True)
class _Reference:
    """The name of a value that was computed before."""

    name: str


@dataclass(frozen=True, slots=True)
class _UsedDevice:
    """Stands for the device that the graph runs on, whatever the file names."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One operation."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]
    named: Mapping[str, Any]
    outputs: tuple[str | tuple[str, ...], ...]
    """Names of its results; those of a list together."""
    last_uses: tuple[str, ...]
    """Values that nothing after it takes."""


@dataclass(frozen=True, slots=True)
class TensorGraph:
    """Operations on tensors in their order."""

    inputs: tuple[str, ...]
    steps: tuple[_Step, ...]
    outputs: tuple[Any, ...]

    def run(self, values: Mapping[str, Any], device: torch.device) -> tuple[Any, ...]:
        """The outputs.

        Args:
            values: the inputs by name.
            device: that all of them are on.
        """
        known = dict(values)
        for step in self.steps:
            arguments = [_filled(one, known, device) for one in step.arguments]
            named = {name: _filled(one, known, device) for name, one in step.named.items()}
            result = step.function(*arguments, **named)
            _keep(known, step.outputs, result)
            for name in step.last_uses:
                del known[name]
        return tuple(_filled(one, known, device) for one in self.outputs)


def read_graph(content: Mapping[str, Any], fixed: frozenset[str] = frozenset()) -> TensorGraph:
    """A graph of the file's JSON.

    Args:
        content: of the graph.
        fixed: names of the weights, which no operation may change.

    Raises:
        ValueError: it holds an operation that is not run.
        KeyError, TypeError: it is damaged.
    """
    inputs = tuple(_one_name(one) for one in content["inputs"])
    outputs = tuple(_argument(one) for one in content["outputs"])
    nodes = [(node, *_operation(node)) for node in content["nodes"]]
    used_later = set(_names(outputs)) | fixed
    steps = []
    for node, function, arguments, named in reversed(nodes):
        _refuse_changes(node["target"], arguments, fixed)
        results = tuple(_result_names(one) for one in node["outputs"])
        own = dict.fromkeys(_names([arguments, list(named.values()), [_references(one) for one in results]]))
        steps.append(_Step(function, arguments, named, results, tuple(name for name in own if name not in used_later)))
        used_later.update(own)
    return TensorGraph(inputs, tuple(reversed(steps)), outputs)


def _operation(node: Mapping[str, Any]) -> tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]:
    """What a node calls, and its arguments by place and by name."""
    target = node["target"]
    for one in node["inputs"]:
        if one["name"] in _IN_TRAINING and one["arg"].get("as_bool"):
            raise ValueError(f"computes {target} as in training: call .eval() before it is exported")
    if target == _NO_GRADIENTS:
        _, graph, *rest = [one["arg"] for one in node["inputs"]]
        return _Inner(read_graph(graph["as_graph"]["graph"])), tuple(_argument(one) for one in rest), {}
    named = {one["name"]: _argument(one["arg"]) for one in node["inputs"] if one["kind"] == _BY_NAME}
    arguments = tuple(_argument(one["arg"]) for one in node["inputs"] if one["kind"] != _BY_NAME)
    return _function(target), arguments, named


@dataclass(frozen=True, slots=True)
class _Inner:
    """A graph within a graph, as one operation."""

    graph: TensorGraph

    def __call__(self, *values: Any) -> tuple[Any, ...]:  # noqa: ANN401
        tensors = [value for value in values if isinstance(value, torch.Tensor)]
        return self.graph.run(dict(zip(self.graph.inputs, values, strict=True)), tensors[0].device)


def _function(target: str) -> Callable[..., Any]:
    match target.split("."):
        case ["_operator", name] if name in _SIZE_OPERATIONS:
            found: Callable[..., Any] = getattr(operator, name)
            return found
        case ["torch", "ops", "aten", name, overload]:
            one = getattr(getattr(torch.ops.aten, name, None), overload, None)
            if isinstance(one, torch._ops.OpOverload):
                return one
    remedy = "call run_decompositions() of the exported program before it is saved, or export it to ONNX"
    raise ValueError(f"calls {target[:80]!r}, which is no operation on tensors that is run here: {remedy}")


def _argument(content: Mapping[str, Any]) -> Any:  # noqa: ANN401 - PLR0911: one line for each kind
    ((kind, value),) = content.items()
    match kind:
        case "as_none":
            return None
        case "as_tensor" | "as_optional_tensor" | "as_sym_int" | "as_sym_bool" | "as_sym_float":
            return _scalar_or_reference(value)
        case "as_tensors" | "as_optional_tensors" | "as_sym_ints":
            return [_scalar_or_reference(one) for one in value]
        case "as_int" | "as_float" | "as_bool" | "as_ints" | "as_floats" | "as_bools":
            return value
        case "as_string" if value in _WORDS:
            return value
        case "as_scalar_type":
            return DTYPES[value]
        case "as_memory_format":
            return _MEMORY_FORMATS[value]
        case "as_layout" if value == _STRIDED:
            return torch.strided
        case "as_device":
            return _UsedDevice()
    raise ValueError(f"gives an operation {kind} {str(value)[:40]!r}, which is not taken here")


def _scalar_or_reference(content: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """A value that was computed, a number, or None."""
    if "name" in content:
        return _Reference(content["name"])
    ((kind, value),) = content.items()
    match kind:
        case "as_name":
            return _Reference(value)
        case "as_tensor":
            return _Reference(value["name"])
        case "as_none":
            return None
        case "as_int" | "as_float" | "as_bool":
            return value
    raise ValueError(f"gives an operation {kind}, which is not taken here")


def _one_name(content: Mapping[str, Any]) -> str:
    found = _argument(content)
    if not isinstance(found, _Reference):
        raise TypeError("an input or result without a name")
    return found.name


def _result_names(content: Mapping[str, Any]) -> str | tuple[str, ...]:
    found = _argument(content)
    if isinstance(found, list):
        return tuple(one.name for one in found)
    if found is None:
        return ()
    return _one_name(content)


def _references(names: str | tuple[str, ...]) -> list[_Reference]:
    return [_Reference(name) for name in ((names,) if isinstance(names, str) else names)]


def _names(values: Sequence[Any]) -> Iterator[str]:
    """Of all references in nested lists."""
    for value in values:
        if isinstance(value, _Reference):
            yield value.name
        elif isinstance(value, list | tuple):
            yield from _names(value)


def _refuse_changes(target: str, arguments: tuple[Any, ...], fixed: frozenset[str]) -> None:
    """Refuse an operation in place, whose name ends in a line, on weights: they serve many pictures at once."""
    changes = target.startswith("torch.ops.aten.") and target.split(".")[3].endswith("_")
    if changes and arguments and isinstance(arguments[0], _Reference) and arguments[0].name in fixed:
        raise ValueError(f"changes its own weights by {target}: call .eval() before it is exported")


def _filled(value: Any, known: Mapping[str, Any], device: torch.device) -> Any:  # noqa: ANN401
    """The same with values in place of references."""
    if isinstance(value, _Reference):
        return known[value.name]
    if isinstance(value, list):
        return [_filled(one, known, device) for one in value]
    return device if isinstance(value, _UsedDevice) else value


def _keep(known: dict[str, Any], outputs: tuple[str | tuple[str, ...], ...], result: Any) -> None:  # noqa: ANN401
    """Give the results of an operation their names."""
    one_list = len(outputs) == 1 and isinstance(outputs[0], tuple)
    several = isinstance(result, tuple | list) and not one_list
    for names, own in zip(outputs, result if several else (result,), strict=False):
        known.update(zip(names, own, strict=True) if isinstance(names, tuple) and names else ())
        if isinstance(names, str):
            known[names] = own
