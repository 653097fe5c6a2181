"""Some outputs of an ONNX network only on request: an `If` around what nothing else needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def make_optional(model: onnx.ModelProto, outputs: Sequence[str], switch: str) -> onnx.ModelProto:
    """The same network, which leaves out `outputs` when its input `switch` (bool, no axes) is false.

    A caller that does not give `switch` gets everything. An output that is left out has no elements. No weight is
    stored twice: those of the outputs alone move into the branch. outputs: float32, (n, channels, h, w).

    Raises ValueError when the network has no such outputs or all of them.
    """
    graph = model.graph
    others = [item.name for item in graph.output if item.name not in outputs]
    optional = [item for item in graph.output if item.name in outputs]
    if len(optional) != len(outputs) or not others:
        raise ValueError(
            f"outputs: expected some, not all, of {[i.name for i in graph.output]}, got {list(outputs)}"
        )
    needed = _ancestors(graph, others)
    inner_nodes = [node for node in graph.node if not needed & set(node.output)]
    outer_nodes = [node for node in graph.node if needed & set(node.output)]
    inner_weights = [weight for weight in graph.initializer if weight.name not in needed]
    outer_weights = [weight for weight in graph.initializer if weight.name in needed]

    whole = helper.make_graph(inner_nodes, "whole", [], optional, inner_weights)
    empty = [numpy_helper.from_array(_nothing(item), item.name) for item in optional]
    nodes = [helper.make_node("Constant", [], [value.name], value=value) for value in empty]
    nothing = helper.make_graph(nodes, "nothing", [], [_of_shape(value) for value in empty])
    choice = helper.make_node(
        "If",
        [switch],
        [item.name for item in optional],
        f"{switch}_or_nothing",
        then_branch=whole,
        else_branch=nothing,
    )
    given = helper.make_tensor_value_info(switch, TensorProto.BOOL, [])
    usual = numpy_helper.from_array(np.array(True), switch)
    smaller = helper.make_graph(
        [*outer_nodes, choice], graph.name, [*graph.input, given], graph.output, [*outer_weights, usual]
    )
    made = helper.make_model(smaller, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.checker.check_model(made, full_check=True)
    return made


def make_usual(model: onnx.ModelProto, switch: str) -> onnx.ModelProto:
    """The reverse of `make_optional`: the same network that always computes everything, without its input `switch`.

    Raises ValueError when no `If` hangs on that input.
    """
    graph = model.graph
    choice = next((node for node in graph.node if node.op_type == "If" and node.input[0] == switch), None)
    if choice is None:
        raise ValueError(f"{switch}: expected an If on this input, got none")
    whole = next(branch.g for branch in choice.attribute if branch.name == "then_branch")
    flat = helper.make_graph(
        [*(node for node in graph.node if node is not choice), *whole.node],
        graph.name,
        [item for item in graph.input if item.name != switch],
        graph.output,
        [*(weight for weight in graph.initializer if weight.name != switch), *whole.initializer],
    )
    made = helper.make_model(flat, opset_imports=model.opset_import, ir_version=model.ir_version)
    onnx.checker.check_model(made, full_check=True)
    return made


def _ancestors(graph: onnx.GraphProto, names: Iterable[str]) -> set[str]:
    """Names of all values that the named ones are computed from, and they themselves."""
    maker = {output: node for node in graph.node for output in node.output}
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += maker[name].input if name in maker else ()
    return found


def _nothing(output: onnx.ValueInfoProto) -> np.ndarray:
    channels = output.type.tensor_type.shape.dim[1].dim_value
    return np.zeros((0, channels, 0, 0), np.float32)


def _of_shape(value: onnx.TensorProto) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(value.name, value.data_type, list(value.dims))
