"""A model with a quick look: the same large network, a small one in 8-bit integers with its own card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from grader.errors import ModelMismatchError
from grader.model_card import load_card
from grader.onnx_model import OnnxModel
from grader.production import newest_model
from training.attach_quick import FIND_SIDE_PX, FOLDER, FRUIT_SIDE_PX, attach_quick
from training.checkpoint import CheckpointError
from training.quick_network import QuickNet
from training.resume import write_config
from training.simulator_suite import draw_apple
from training.train_config import TrainConfig

SHIPPED = newest_model()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small network, never trained."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("run")
    write_config(TrainConfig(out=str(folder), simulated={"x": 1.0}, network="quick"))
    torch.save({"average": QuickNet().state_dict()}, folder / "last.pt")
    return folder / "last.pt"


@pytest.fixture(scope="module")
def made(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "9"
    out.mkdir()
    pictures = [draw_apple(640_000_000, sound=False).rgb]
    attach_quick(SHIPPED, checkpoint, out, version="9", licence_of_set={}, pictures=pictures)
    return out


def test_the_large_network_is_the_same_and_the_card_names_the_quick_one(made: Path) -> None:
    before, after = load_card(SHIPPED), load_card(made)
    assert (after.version, after.sha256, after.trust) == ("9", before.sha256, before.trust)
    assert after.quick is not None
    quick = load_card(after.quick.folder)
    assert (quick.name, quick.version, quick.sha256) == (FOLDER, "9", after.quick.sha256)
    assert (quick.input.find_side_px, quick.input.fruit_side_px) == (FIND_SIDE_PX, FRUIT_SIDE_PX)
    assert quick.trained_on
    assert not (made / "README.md").exists()


def test_the_small_network_is_in_8_bit_integers_and_runs(made: Path) -> None:
    model = OnnxModel.load(made)
    assert model.quick is not None
    said = model.quick.run(np.zeros((1, 3, FRUIT_SIDE_PX, FRUIT_SIDE_PX), np.float32))
    assert said["surface"].shape == (1, 17, FRUIT_SIDE_PX // 2, FRUIT_SIDE_PX // 2)
    kinds = [node.op_type for node in onnx.load(made / FOLDER / "model.onnx").graph.node]
    assert kinds.count("QuantizeLinear") > 20
    assert "If" not in kinds


def test_another_quick_network_under_the_same_card_is_refused(made: Path, tmp_path: Path) -> None:
    for path in (*made.glob("*.*"), *(made / FOLDER).iterdir()):
        target = tmp_path / path.relative_to(made)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    card = json.loads((tmp_path / "card.json").read_text())
    card["quick"]["sha256"] = "0" * 64
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelMismatchError, match="expected the quick look with sha256 000"):
        OnnxModel.load(tmp_path)


def test_a_broken_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"nothing")
    write_config(TrainConfig(out=str(tmp_path), simulated={"x": 1.0}, network="quick"))
    with pytest.raises(CheckpointError, match=r"last\.pt"):
        attach_quick(
            SHIPPED, tmp_path / "last.pt", tmp_path / "out", version="9", licence_of_set={}, pictures=[]
        )
