"""Builds an ONNX graph node by node; the same calls give the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

from vidlabel.version import VERSION

OPSET = 17
"""Of 2022: newer ones have no operator that a model needs, and older runtimes read this one."""
IR_VERSION = 8
"""That came with the opset; `onnx` would write its own newest one, which older runtimes refuse."""

Value = str
"""The name of what an operator gives."""
Shape = Sequence[int | str]
"""A size with a name is a free one."""


class OnnxGraph:
    """A graph, or the body of a loop in it.

    Args:
        prefix: of the names of its values, which no other graph of the model has.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    @property
    def op_count(self) -> int:
        """Operators so far: a number that no later one has."""
        return len(self._nodes)

    def input(self, name: str, dtype: npt.DTypeLike, shape: Shape | None) -> Value:
        """An input of the graph; a shape of None is that of what comes in."""
        self._inputs.append(_described(self._prefix + name, dtype, shape))
        return self._prefix + name

    def output(self, name: str, value: Value, dtype: npt.DTypeLike, shape: Shape | None) -> None:
        """Give a value as an output of the graph."""
        own = self._prefix + name
        self._nodes.append(helper.make_node("Identity", [value], [own], name=f"{own}_identity"))
        self._outputs.append(_described(own, dtype, shape))

    def constant(self, values: npt.NDArray[Any]) -> Value:
        """Numbers."""
        name = f"{self._prefix}constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(values, order="C"), name))
        return name

    def whole(self, *numbers: int) -> Value:
        """Whole numbers: shapes, axes, indices."""
        return self.constant(np.array(numbers, np.int64))

    def number(self, value: float) -> Value:
        """A number that is applied to every element."""
        return self.constant(np.array(value, np.float32))

    def op(self, kind: str, *inputs: Value, **attributes: Any) -> Value:  # noqa: ANN401
        """What an operator of one output gives."""
        return self.ops(kind, inputs, 1, **attributes)[0]

    def ops(self, kind: str, inputs: Sequence[Value], outputs: int, **attributes: Any) -> list[Value]:  # noqa: ANN401
        """What an operator of several outputs gives."""
        name = f"{self._prefix}{kind.lower()}_{len(self._nodes)}"
        values = [name] if outputs == 1 else [f"{name}_{number}" for number in range(outputs)]
        self._nodes.append(helper.make_node(kind, list(inputs), values, name=name, **attributes))
        return values

    def reshape(self, value: Value, *shape: int) -> Value:
        """The same numbers in another shape; 0 keeps a size, -1 takes what is left."""
        return self.op("Reshape", value, self.whole(*shape))

    def linear(self, inputs: Value, weight: npt.NDArray[np.float32], bias: npt.NDArray[np.float32] | None) -> Value:
        """Inputs times the rows of a matrix, plus the bias: (..., P) to (..., K)."""
        product = self.op("MatMul", inputs, self.constant(weight.T))
        return product if bias is None else self.op("Add", product, self.constant(bias))

    def proto(self, name: str) -> onnx.GraphProto:
        """The graph as ONNX has it."""
        return helper.make_graph(self._nodes, name, self._inputs, self._outputs, self._constants)

    def to_bytes(self, name: str, text: str, metadata: Mapping[str, str]) -> bytes:
        """The whole file.

        Args:
            name: of the graph.
            text: what the model takes and gives, for people.
            metadata: in this order.
        """
        model = helper.make_model(
            self.proto(name),
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="vidlabel",
            producer_version=VERSION,
            doc_string=text,
        )
        helper.set_model_props(model, dict(metadata))
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content


def _described(name: str, dtype: npt.DTypeLike, shape: Shape | None) -> onnx.ValueInfoProto:
    element = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
    return helper.make_tensor_value_info(name, element, None if shape is None else list(shape))
