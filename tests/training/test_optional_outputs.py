"""A network that leaves out what nobody asked for says the same as before, and weighs the same."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from grader.onnx_model import SWITCH, OnnxModel
from grader.types import SurfaceClass
from tests.card_content import card_content
from training.optional_outputs import make_optional, make_usual

CHANNELS = {"surface": len(SurfaceClass), "crop": 4, "inside": 1, "net": 1}
STRIDES = {"surface": 2, "crop": 4, "inside": 4, "net": 2}


def network() -> onnx.ModelProto:
    """Averages of the picture over 2 x 2 and from those over 4 x 4, and a 1x1 convolution for each output."""
    rng = np.random.default_rng(0)
    pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        helper.make_node("AveragePool", ["image"], ["by2"], **pool),
        helper.make_node("AveragePool", ["by2"], ["by4"], **pool),
    ]
    weights, outputs = [], []
    for name, channels in CHANNELS.items():
        values = rng.normal(0, 1, (channels, 3, 1, 1)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"{name}_weight"))
        nodes.append(helper.make_node("Conv", [f"by{STRIDES[name]}", f"{name}_weight"], [name]))
        shape = ["n", channels, f"{name}_h", f"{name}_w"]
        outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])
    graph = helper.make_graph(nodes, "network", [image], outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def picture(height: int = 64, width: int = 32) -> np.ndarray:
    return np.random.default_rng(1).normal(0, 1, (1, 3, height, width)).astype(np.float32)


def model_dir(folder: Path, model: onnx.ModelProto) -> Path:
    onnx.save(model, folder / "model.onnx")
    card = card_content(hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest(), outputs=STRIDES)
    (folder / "card.json").write_text(json.dumps(card))
    return folder


def test_everything_is_said_unless_the_switch_is_off() -> None:
    before = ReferenceEvaluator(network()).run(list(CHANNELS), {"image": picture()})
    after = ReferenceEvaluator(make_optional(network(), ("surface", "net"), SWITCH))
    whole = after.run(list(CHANNELS), {"image": picture(), SWITCH: np.array(True)})
    for one, other in zip(before, whole, strict=True):
        np.testing.assert_array_equal(one, other)
    surface, crop, inside, net = after.run(list(CHANNELS), {"image": picture(), SWITCH: np.array(False)})
    assert (surface.shape, net.shape) == ((0, CHANNELS["surface"], 0, 0), (0, 1, 0, 0))
    np.testing.assert_array_equal(crop, before[1])
    np.testing.assert_array_equal(inside, before[2])


def test_only_what_nothing_else_needs_is_left_out_and_no_weight_is_stored_twice() -> None:
    graph = make_optional(network(), ("surface", "net"), SWITCH).graph
    (choice,) = (node for node in graph.node if node.op_type == "If")
    branch = {item.name: item.g for item in choice.attribute}["then_branch"]
    assert {weight.name for weight in branch.initializer} == {"surface_weight", "net_weight"}
    assert {weight.name for weight in graph.initializer} == {"crop_weight", "inside_weight", SWITCH}
    assert [node.op_type for node in branch.node] == ["Conv", "Conv"]
    assert [node.op_type for node in graph.node] == ["AveragePool", "AveragePool", "Conv", "Conv", "If"]


@pytest.mark.parametrize("outputs", [("nothing",), tuple(CHANNELS)])
def test_outputs_that_are_not_there_or_all_of_them_are_refused(outputs: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="outputs: expected some, not all"):
        make_optional(network(), outputs, SWITCH)


def test_what_was_made_optional_can_be_made_usual_again() -> None:
    optional = make_optional(network(), ("surface", "net"), SWITCH)
    usual = make_usual(optional, SWITCH)
    assert [item.name for item in usual.graph.input] == ["image"]
    assert {node.op_type for node in usual.graph.node} == {"AveragePool", "Conv"}
    for one, other in zip(
        ReferenceEvaluator(network()).run(list(CHANNELS), {"image": picture()}),
        ReferenceEvaluator(usual).run(list(CHANNELS), {"image": picture()}),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)
    again = make_optional(usual, ("surface", "net"), SWITCH)
    assert again.SerializeToString() == optional.SerializeToString()
    with pytest.raises(ValueError, match="whole: expected an If on this input, got none"):
        make_usual(usual, SWITCH)


@pytest.mark.parametrize("with_switch", [False, True])
def test_the_grader_runs_a_network_with_and_without_a_switch(tmp_path: Path, with_switch: bool) -> None:
    made = make_optional(network(), ("surface", "net"), SWITCH) if with_switch else network()
    model = OnnxModel.load(model_dir(tmp_path, made))
    found, whole = model.find(picture()), model.run(picture())
    assert list(found) == ["crop", "inside"]
    assert whole["surface"].shape == (1, CHANNELS["surface"], 32, 16)
    expected = ReferenceEvaluator(network()).run(list(CHANNELS), {"image": picture()})
    for name, value in zip(CHANNELS, expected, strict=True):
        np.testing.assert_allclose(whole[name], value, atol=1e-5)
    for name, value in found.items():
        np.testing.assert_array_equal(value, whole[name])
