"""The network that ships in 8-bit integers: the same outputs and switch, nearly the same numbers."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from grader.model_card import load_card
from grader.onnx_model import SWITCH, OnnxModel
from grader.preprocess import to_tensor
from grader.production import newest_model
from tests.training.planted import DataFolder
from tests.training.test_photo_suite import masks
from tests.training.test_training_cli import run
from training.look_time import time_looks
from training.optional_outputs import make_usual
from training.quantise import calibration_pictures, heads, quantise
from training.simulator_suite import draw_apple

SHIPPED = newest_model()


@pytest.fixture(scope="module")
def variant(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("int8") / "1"
    out.mkdir()
    quantise(SHIPPED, out, [draw_apple(640_000_000, sound=False).rgb])
    return out


def test_it_says_nearly_the_same_with_the_same_switch(variant: Path) -> None:
    before, after = OnnxModel.load(SHIPPED), OnnxModel.load(variant)
    tensor = to_tensor(draw_apple(640_000_001, sound=False).rgb, before.card.input)
    one, other = before.run(tensor), after.run(tensor)
    for name, value in one.items():
        assert other[name].shape == value.shape
        assert float(np.abs(other[name] - value).mean()) < 0.02, name
    assert not np.array_equal(one["surface"], other["surface"])
    for name, value in after.find(tensor).items():
        np.testing.assert_array_equal(value, other[name])
    graph = onnx.load(variant / "model.onnx").graph
    assert [item.name for item in graph.input] == ["image", SWITCH]
    kinds = [node.op_type for node in graph.node]
    assert (kinds.count("If"), kinds.count("QuantizeLinear") > 40) == (1, True)
    assert (variant / "model.onnx").stat().st_size < 0.4 * (SHIPPED / "model.onnx").stat().st_size


def test_the_card_says_what_it_was_made_of(variant: Path) -> None:
    before, after = load_card(SHIPPED), load_card(variant)
    assert after.version == f"{before.version}-int8"
    assert after.made_of is not None
    assert after.made_of.model_id == before.model_id
    assert after.made_of.how == (
        "static 8-bit integers (ONNX Runtime, QDQ, weights by channel, heads float32), calibrated on 1 pictures"
    )
    assert after.trust is None  # its confidence was not measured
    assert after.trained_on == before.trained_on
    assert (
        OnnxModel(after).other_produce(np.zeros((1, 3, 64, 64), np.float32), np.ones((2, 2), np.float32))
        is not None
    )


def test_heads_are_the_last_convolutions_and_what_follows() -> None:
    graph = make_usual(onnx.load(SHIPPED / "model.onnx"), SWITCH).graph
    found = set(heads(graph))
    kept = [node for node in graph.node if node.name in found]
    assert [node.op_type for node in kept].count("Conv") == 2
    assert {"Exp", "Div", "Sigmoid"} <= {node.op_type for node in kept}
    fed = {name for node in kept if node.op_type != "Conv" for name in node.input}
    assert not [node.name for node in graph.node if node.name not in found and set(node.output) & fed]


def test_calibration_sees_training_pictures_only(tmp_path: Path) -> None:
    data = DataFolder(tmp_path)
    masks(data)  # for judging
    data.add("apples/varieties_kayseri/images/Gala/k.png", label="Gala", kind="cultivar_sound", split="train")
    photograph, simulated = calibration_pictures(tmp_path, 2, 64)
    assert max(photograph.shape) == 64
    np.testing.assert_array_equal(simulated, draw_apple(640_000_000, sound=False).rgb)


def test_two_networks_are_timed_in_turns(variant: Path) -> None:
    model = OnnxModel.load(variant)
    first, second = time_looks((model, model), 1)
    assert 0 < first.find_ms
    assert 0 < second.fruit_ms
    assert first.both_ms == first.find_ms + first.fruit_ms


def test_what_cannot_be_quantised_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    code, out, err = run("quantise", tmp_path / "none", "--out", tmp_path / "out", "--data", tmp_path)
    assert (code, out) == (2, "")
    assert "none/card.json: expected a model card" in err
    code, _, err = run("quantise", SHIPPED, "--out", tmp_path, "--data", tmp_path)
    assert code == 2
    assert "--out: expected a new folder" in err
    assert list(tmp_path.iterdir()) == []


def test_a_network_without_switch_stays_one(tmp_path: Path) -> None:
    flat, out = tmp_path / "flat", tmp_path / "out"
    shutil.copytree(SHIPPED, flat)
    out.mkdir()
    onnx.save(make_usual(onnx.load(flat / "model.onnx"), SWITCH), flat / "model.onnx")
    card = json.loads((flat / "card.json").read_text())
    card["sha256"] = hashlib.sha256((flat / "model.onnx").read_bytes()).hexdigest()
    (flat / "card.json").write_text(json.dumps(card))
    quantise(flat, out, [np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)])
    graph = onnx.load(out / "model.onnx").graph
    assert [item.name for item in graph.input] == ["image"]
    assert "QuantizeLinear" in {node.op_type for node in graph.node}


def test_the_folder_is_there_when_the_answer_says_so(tmp_path: Path) -> None:
    """What two pictures for judging say is chance; `test_quantise_gate.py` has both answers."""
    data = DataFolder(tmp_path / "data")
    masks(data)
    data.add("apples/varieties_kayseri/images/Gala/k.png", label="Gala", kind="cultivar_sound", split="train")
    where = ("--data", tmp_path / "data", "--count", 1, "--calibrate", 2, "--rounds", 1, "--json")
    code, out, err = run("quantise", SHIPPED, "--out", tmp_path / "out" / "int8", *where)
    told = json.loads(out)
    assert told["made_of"] == load_card(SHIPPED).model_id
    assert set(told["ms"]["before"]) == {"find_ms", "fruit_ms"}
    assert "fruit" in told["changes"]
    assert code == (0 if told["kept"] else 1)
    assert (tmp_path / "out" / "int8" / "card.json").exists() == told["kept"]
    assert list((tmp_path / "out").glob(".*")) == []
    assert told["kept"] or f"not kept: {told['why_not']}" in err
