"""An ONNX graph that is written as one writes NumPy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from headstart.errors import MissingExtra

try:
    import onnx
    from onnx import TensorProto, helper, numpy_helper
except ImportError as error:
    raise MissingExtra("onnx", "onnx", "A model in ONNX's form") from error

#: Versions of the operators: of ONNX itself, and of its classical models (trees, texts as categories).
OPSET, CLASSICAL = 20, 3
ML = "ai.onnx.ml"


class Value:
    """What a node of a graph gives: a tensor that is known when the graph runs.

    Parameters
    ----------
    graph : Graph
    name : str
    dtype : NumPy type
        Numbers beside it in a calculation become constants of this type.
    """

    def __init__(self, graph: Graph, name: str, dtype: Any) -> None:
        self.graph, self.name, self.dtype = graph, name, np.dtype(dtype)

    def __add__(self, other: Any) -> Value:
        return self.graph.node("Add", self, other)

    def __sub__(self, other: Any) -> Value:
        return self.graph.node("Sub", self, other)

    def __mul__(self, other: Any) -> Value:
        return self.graph.node("Mul", self, other)

    def __truediv__(self, other: Any) -> Value:
        return self.graph.node("Div", self, other)

    def __matmul__(self, other: Any) -> Value:
        return self.graph.node("MatMul", self, other)

    def cast(self, dtype: Any) -> Value:
        """The same values in another type."""
        return self.graph.node("Cast", self, dtype=dtype, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))

    def columns(self, chosen: Sequence[int] | np.ndarray, axis: int = 1) -> Value:
        """Some of the columns, in this order."""
        return self.graph.node("Gather", self, np.asarray(chosen, np.int64), axis=axis)

    def part(self, start: Any, end: Any, axis: int = 1, step: int = 1) -> Value:
        """Columns from one to before another."""
        places = [one if isinstance(one, Value) else np.array([one], np.int64) for one in (start, end, axis, step)]
        return self.graph.node("Slice", self, *places)

    def shaped(self, *shape: int) -> Value:
        """Of another shape; 0 is kept, -1 follows."""
        return self.graph.node("Reshape", self, np.array(shape, np.int64))

    def over(self, what: str, *axes: int, keep: bool = True) -> Value:
        """``what`` ("Sum", "Mean", "Max") over some axes."""
        return self.graph.node(f"Reduce{what}", self, np.array(axes, np.int64), keepdims=int(keep))

    def ascending(self, count: Any, axis: int = 0) -> tuple[Value, Value]:
        """The ``count`` smallest along an axis, in order, and their places."""
        places = self.graph.constant([count], np.int64) if isinstance(count, int) else count
        name = f"{self.graph.prefix}ordered_{len(self.graph.nodes)}"
        names, given = [name, f"{name}_places"], [self.name, places.name]
        self.graph.nodes.append(helper.make_node("TopK", given, names, axis=axis, largest=0, sorted=1))
        return Value(self.graph, name, self.dtype), Value(self.graph, names[1], np.int64)

    def to(self, operator: str, *more: Any, **attributes: Any) -> Value:
        """What an operator makes of it."""
        return self.graph.node(operator, self, *more, **attributes)


class Graph:
    """Nodes and constants that become one model, or with a prefix of their names a part that runs inside one."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []
        self.functions: list[Any] = []
        self.opsets: dict[str, int] = {"": OPSET, ML: CLASSICAL}

    def input(self, name: str, dtype: Any, shape: Sequence[int | str]) -> Value:
        """What is given when the graph runs; sizes that are words may be any."""
        self.inputs.append(helper.make_tensor_value_info(name, _tensor_type(dtype), shape))
        return Value(self, name, np.dtype(object) if dtype is str else dtype)

    def output(self, value: Value, name: str, shape: Sequence[int | str]) -> None:
        """Name what the graph gives."""
        self.nodes.append(helper.make_node("Identity", [value.name], [name]))
        self.outputs.append(helper.make_tensor_value_info(name, _tensor_type(value.dtype), shape))

    def constant(self, value: Any, dtype: Any = None) -> Value:
        """A value that is known now."""
        array = np.ascontiguousarray(value, dtype=dtype) if np.ndim(value) else np.asarray(value, dtype=dtype)
        name = f"{self.prefix}c{len(self.nodes)}_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return Value(self, name, array.dtype)

    def node(self, operator: str, *given: Any, domain: str = "", dtype: Any = None, **attributes: Any) -> Value:
        """What an operator gives; numbers among what is given are constants of the first value's type.

        Parameters
        ----------
        operator : str
            As ONNX names it.
        given : Value, array or number
        domain : str
            Of the operator.
        dtype : NumPy type, optional
            Of the result. Default: that of the first value given.
        attributes
            Of the operator.
        """
        first = next(one for one in given if isinstance(one, Value))
        values = [
            one
            if isinstance(one, Value)
            else self.constant(
                one, one.dtype if isinstance(one, np.ndarray) and one.dtype.kind in "iub" else first.dtype
            )
            for one in given
        ]
        name = f"{self.prefix}{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, [v.name for v in values], [name], domain=domain, **attributes))
        return Value(self, name, first.dtype if dtype is None else dtype)

    def where(self, condition: Value, yes: Any, no: Any, dtype: Any) -> Value:
        """One of two values."""
        both = [one if isinstance(one, Value) else self.constant(one, dtype) for one in (yes, no)]
        return self.node("Where", condition, *both, dtype=dtype)

    def joined(self, parts: Sequence[Value], axis: int = 1) -> Value:
        """Values side by side."""
        return parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=axis)

    def sum(self, parts: Sequence[Value]) -> Value:
        """Values added up."""
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def scanned(
        self,
        step: Callable[[Graph, Value, Sequence[Value]], tuple[Value, Value]],
        state: Value,
        rows: Sequence[Value],
    ) -> Value:
        """What a step gives, row after row, side by side along a new first axis.

        Parameters
        ----------
        step : callable
            From a graph of its own, the state and a row of each to the next state and what it gives.
        state : Value
            At first.
        rows : sequence of Value
            Taken apart along their first axes.
        """
        inner = Graph(f"{self.prefix}step{len(self.nodes)}/")
        names = [f"{inner.prefix}given{i}" for i in range(len(rows) + 1)]
        given = [Value(inner, name, one.dtype) for name, one in zip(names, [state, *rows], strict=True)]
        made = [one.to("Identity") for one in step(inner, given[0], given[1:])]
        takes, gives = (
            [helper.make_tensor_value_info(one.name, _tensor_type(one.dtype), None) for one in values]
            for values in (given, made)
        )
        body = helper.make_graph(inner.nodes, "step", takes, gives, inner.constants)
        name = f"{self.prefix}scan_{len(self.nodes)}"
        asked = [one.name for one in (state, *rows)]
        outputs = [f"{name}_state", name]
        self.nodes.append(helper.make_node("Scan", asked, outputs, body=body, num_scan_inputs=len(rows)))
        return Value(self, name, made[1].dtype)

    def runs(self, model: Any, given: Value, dtype: Any) -> Value:
        """What another model of one input makes of a value: its first output."""
        return self.all_of(model, given, dtype)[0]

    def all_of(self, model: Any, given: Value, dtype: Any) -> list[Value]:
        """What another model of one input makes of a value: all its outputs, which are of one type."""
        inner = onnx.compose.add_prefix(model, "network/")
        mine, theirs = inner.graph.input[0].name, [output.name for output in inner.graph.output]
        for node in inner.graph.node:
            for i, name in enumerate(node.input):
                if name == mine:
                    node.input[i] = given.name
        self.nodes.extend(inner.graph.node)
        self.constants.extend(inner.graph.initializer)
        self.functions.extend(inner.functions)
        for entry in inner.opset_import:
            self.opsets[entry.domain] = max(entry.version, self.opsets.get(entry.domain, 0))
        return [Value(self, name, dtype) for name in theirs]

    def model(self, said: dict[str, str]) -> Any:
        """The whole as a model, with what is said of it; checked by ONNX."""
        graph = helper.make_graph(self.nodes, "headstart", self.inputs, self.outputs, self.constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in self.opsets.items()]
        made = helper.make_model(graph, opset_imports=opsets, functions=self.functions, producer_name="headstart")
        made.ir_version = helper.find_min_ir_version_for(opsets, ignore_unknown=True)
        helper.set_model_props(made, said)
        onnx.checker.check_model(made)
        return made


def _tensor_type(dtype: Any) -> int:
    return int(TensorProto.STRING if dtype is str else helper.np_dtype_to_tensor_dtype(np.dtype(dtype)))
