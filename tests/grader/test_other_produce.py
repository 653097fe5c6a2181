"""Two opinions on other produce; thresholds at, just below and just above."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import ModelCardError, ModelMismatchError
from grader.model_card import load_card, sha256_of
from grader.onnx_model import OnnxModel
from grader.other_produce import LEAST_EVIDENCE, SURE_LEVEL, evidence_of_crop, is_other_produce
from grader.pipeline import Grader
from grader.types import UInt8Array

probabilities = st.floats(0, 1)


def certain(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


@pytest.mark.parametrize(
    ("confidence", "other", "expected"),
    [(0.5, 0.5, 0.0), (certain(2.0), certain(1.5), 0.5), (certain(1.0), certain(3.0), -2.0)],
)
def test_log_odds_add(confidence: float, other: float, expected: float) -> None:
    assert evidence_of_crop(confidence, other) == pytest.approx(expected, abs=1e-9)


@given(probabilities, probabilities)
def test_certainty_of_one_side_stays_finite(confidence: float, other: float) -> None:
    assert abs(evidence_of_crop(confidence, other)) < 20


@given(probabilities, probabilities, probabilities)
def test_more_of_other_produce_never_speaks_for_the_crop(confidence: float, a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert evidence_of_crop(confidence, high) <= evidence_of_crop(confidence, low)


class Second(OnnxModel):
    """A model whose second opinion is a constant."""

    def __init__(self, answer: float | None) -> None:
        self.answer, self.asked = answer, 0

    def other_produce(self, tensor: object, share: object) -> float | None:
        self.asked += 1
        return self.answer


def judge(confidence: float, answer: float | None) -> tuple[bool, int]:
    model = Second(answer)
    tensor, own = np.zeros((1, 3, 64, 64), np.float32), np.ones((32, 32), np.bool_)
    return is_other_produce(model, confidence, tensor, own), model.asked


def test_only_the_doubtful_are_asked_about() -> None:
    assert judge(SURE_LEVEL, 0.9999) == (False, 0)
    assert judge(math.nextafter(SURE_LEVEL, 0), 0.9999) == (True, 1)


def test_evidence_at_just_above_and_just_below_the_level() -> None:
    confidence = certain(2.0)
    assert judge(confidence, certain(2.0 - LEAST_EVIDENCE - 1e-6))[0] is False
    assert judge(confidence, certain(2.0 - LEAST_EVIDENCE + 1e-6))[0] is True


def test_without_a_second_opinion_the_network_decides() -> None:
    assert judge(0.61, None) == (False, 1)


def test_the_shipped_classifier_knows_an_apple(shipped_grader: Grader, apple_rgb: UInt8Array) -> None:
    model = shipped_grader.model
    tensor = ((apple_rgb[80:400, 160:480].astype(np.float32) - 127) / 128).transpose(2, 0, 1)[np.newaxis]
    other = model.other_produce(np.ascontiguousarray(tensor), np.ones((10, 10), np.float32))
    assert other is not None
    assert 0 <= other < 0.5


def folder_with(tmp_path: Path, shipped: Grader) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(shipped.model.card.folder, folder)
    return folder


def change_card(folder: Path, **produce: str) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text())
    card["produce"] = produce
    path.write_text(json.dumps(card))


def test_a_card_of_another_classifier_is_refused(tmp_path: Path, shipped_grader: Grader) -> None:
    folder = folder_with(tmp_path, shipped_grader)
    change_card(folder, weights="produce.onnx", sha256="0" * 64)
    with pytest.raises(ModelMismatchError, match=r"produce\.onnx: expected sha256 0{64} \(card\), got"):
        load_card(folder)
    (folder / "produce.onnx").unlink()
    with pytest.raises(ModelMismatchError, match=r"produce\.onnx: expected the weights"):
        load_card(folder)
    change_card(folder, weights="produce.onnx")
    with pytest.raises(ModelCardError, match=r"produce: unknown keys \[\], missing keys \['sha256'\]"):
        load_card(folder)


def test_a_network_with_other_inputs_is_refused(tmp_path: Path, shipped_grader: Grader) -> None:
    folder = folder_with(tmp_path, shipped_grader)
    change_card(folder, weights="model.onnx", sha256=sha256_of(folder / "model.onnx"))
    with pytest.raises(
        ModelMismatchError, match=r"expected inputs image, share and output other, got \['image'"
    ):
        OnnxModel.load(folder)


def test_a_model_without_one_still_loads(tmp_path: Path, shipped_grader: Grader) -> None:
    folder = folder_with(tmp_path, shipped_grader)
    path = folder / "card.json"
    card = json.loads(path.read_text())
    del card["produce"]
    path.write_text(json.dumps(card))
    model = OnnxModel.load(folder)
    assert model.other_produce(np.zeros((1, 3, 64, 64), np.float32), np.ones((2, 2), np.float32)) is None
