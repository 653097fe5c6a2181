"""Torch and ONNX grade the same fruit alike; a network with other weights is found out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from grader.model_card import load_card
from grader.production import shipped_model
from training.checkpoint import CheckpointError
from training.class_parity import Pair, Parity, TorchModel, grade_pair, grade_pairs, summed
from training.network import FruitNet

SHIPPED = shipped_model()
CHECKPOINT = Path("training/checkpoints") / f"{SHIPPED.parent.name}-{SHIPPED.name}" / "last.pt"
SAME = Pair(torch_class="I", onnx_class="I", torch_sku="A", onnx_sku="A", diameter_apart_mm=0.01)


def test_what_ships_grades_as_it_was_trained() -> None:
    result = summed(grade_pairs(CHECKPOINT, SHIPPED, 3, 1))
    assert (result.fruit, result.flips) == (3, 0)
    assert result.diameter_apart_mm < 0.5


def test_other_weights_grade_otherwise(tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save({"average": FruitNet(pretrained=False).state_dict()}, tmp_path / "last.pt")
    pair = grade_pair(tmp_path / "last.pt", SHIPPED, 650_000_000)
    assert pair.onnx_class is not None
    assert pair.flipped


def test_what_is_no_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "last.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match=r"last\.pt: expected a checkpoint, got 7 bytes that are none"):
        TorchModel(load_card(SHIPPED), tmp_path / "last.pt")


def test_another_sku_is_a_flip_too() -> None:
    other = Pair(torch_class="I", onnx_class="I", torch_sku="A", onnx_sku="B", diameter_apart_mm=0.2)
    lost = Pair(torch_class="I", onnx_class=None, torch_sku="A", onnx_sku=None, diameter_apart_mm=0.0)
    assert [pair.flipped for pair in (SAME, other, lost)] == [False, True, True]
    assert summed([SAME, other, lost]) == Parity(fruit=3, flips=2, diameter_apart_mm=0.2)
