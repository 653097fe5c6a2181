"""The second opinion in ONNX says what the published classifier says, about the fruit alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.errors import ModelMismatchError
from grader.model_card import load_card
from grader.onnx_model import OnnxModel
from grader.pipeline import Grader
from grader.types import UInt8Array
from training.produce_network import (
    FILE_NAME,
    PRODUCE_PARITY_LIMIT,
    ProduceNet,
    add_second_opinion,
    produce_difference,
)


@pytest.fixture(scope="module")
def folder(shipped_grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped model, given its second opinion anew."""
    torch.set_num_threads(1)
    copy = tmp_path_factory.mktemp("model") / "1.0.0"
    shutil.copytree(shipped_grader.model.card.folder, copy)
    card = json.loads((copy / "card.json").read_text())
    card.pop("produce", None)
    (copy / "card.json").write_text(json.dumps(card))
    (copy / FILE_NAME).unlink(missing_ok=True)
    return copy


def test_a_model_without_one_is_named(folder: Path, apple_rgb: UInt8Array) -> None:
    with pytest.raises(ModelMismatchError, match=r"1\.0\.0: expected produce\.onnx, the card names none"):
        produce_difference(OnnxModel.load(folder), [apple_rgb])


def test_the_card_names_it_and_it_says_what_torch_says(folder: Path, apple_rgb: UInt8Array) -> None:
    add_second_opinion(folder)
    card = load_card(folder)
    assert card.produce is not None
    assert card.produce.weights == folder / FILE_NAME
    assert card.produce.weights.stat().st_size < 10_000_000
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25_000_000
    noise = np.random.default_rng(1).integers(0, 255, (200, 150, 3), np.uint8)
    orange = np.full((224, 224, 3), (240, 140, 20), np.uint8)
    difference = produce_difference(OnnxModel.load(folder), [apple_rgb, noise, orange])
    assert 0 < difference < PRODUCE_PARITY_LIMIT


def test_only_the_cells_of_the_fruit_are_averaged() -> None:
    net = ProduceNet().eval()
    image = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1))
    share = torch.tensor([[0.0, 0.25, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]).view(1, 1, 3, 3)
    with torch.no_grad():
        cells = net.net.extract_features(image)
        seen = 0.2 * cells[:, :, 0, 1] + 0.8 * cells[:, :, 1, 1]
        expected = net.net._fc(seen).softmax(1)[0, [950, 951, 954]].sum()
        assert float(net(image, share)[0]) == pytest.approx(float(expected), rel=1e-4)
        assert float(net(image, torch.zeros_like(share))[0]) >= 0  # nothing seen is no division by zero
