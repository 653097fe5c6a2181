"""A card that does not match its weights is refused, with what was expected and what was found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.errors import ModelCardError, ModelMismatchError
from grader.model_card import MadeOf, load_card
from grader.onnx_model import OnnxModel
from grader.preprocess import PAD_RGB, to_tensor
from grader.production import newest_model
from grader.types import SurfaceClass
from tests.card_content import card_content

WEIGHTS = b"not really a network"


def card(**changes: Any) -> dict[str, Any]:
    return card_content(hashlib.sha256(WEIGHTS).hexdigest(), **changes)


def write(folder: Path, content: dict[str, Any], weights: bytes = WEIGHTS) -> Path:
    (folder / "card.json").write_text(json.dumps(content))
    (folder / "model.onnx").write_bytes(weights)
    return folder


def test_card_is_read(tmp_path: Path) -> None:
    loaded = load_card(write(tmp_path, card()))
    assert loaded.model_id == f"fruitnet/0.0.1+sha256:{hashlib.sha256(WEIGHTS).hexdigest()[:12]}"
    assert loaded.surface_classes == tuple(SurfaceClass)
    assert loaded.input.find_side_px == 256


def test_a_card_may_say_what_the_model_was_made_of(tmp_path: Path) -> None:
    assert load_card(write(tmp_path, card())).made_of is None
    made_of = {"model_id": "fruitnet/0.0.1+sha256:0123", "how": "8-bit integers"}
    loaded = load_card(write(tmp_path, card(made_of=made_of))).made_of
    assert loaded == MadeOf(model_id="fruitnet/0.0.1+sha256:0123", how="8-bit integers")


def test_other_weights_are_refused(tmp_path: Path) -> None:
    write(tmp_path, card(), weights=WEIGHTS + b"!")
    with pytest.raises(ModelMismatchError, match="expected sha256"):
        load_card(tmp_path)


def test_missing_weights_are_refused(tmp_path: Path) -> None:
    write(tmp_path, card())
    (tmp_path / "model.onnx").unlink()
    with pytest.raises(ModelMismatchError, match="expected the weights"):
        load_card(tmp_path)


def test_missing_card_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelCardError, match="expected a model card"):
        load_card(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema": "model-card/9"}, "expected schema"),
        ({"made_of": {"model_id": "a"}}, r"made_of: unknown keys \[\], missing keys \['how'\]"),
        ({"surprise": 1}, r"unknown keys \['surprise'\]"),
        ({"outputs": {"surface": 2}}, "outputs: expected"),
        ({"crop_classes": ["apple"]}, "crop_classes: expected"),
        ({"surface_classes": [1, 0, 2, 3]}, "surface_classes: expected"),
        ({"surface_classes": [0, 1, 2, 3, 99]}, "99"),
        ({"input": {**card()["input"], "colour_order": "BGR"}}, "colour_order: expected 'RGB'"),
        ({"input": {**card()["input"], "std": [0.5, 0.0, 0.5]}}, "input.std"),
        ({"input": {**card()["input"], "fruit_side_px": 100}}, "fruit_side_px: expected a positive multiple"),
        ({"input": {**card()["input"], "extra": 1}}, "unknown keys"),
    ],
)
def test_impossible_card_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelCardError, match=message):
        load_card(write(tmp_path, card(**changes)))


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_card_that_is_no_object_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.json").write_text(text)
    with pytest.raises(ModelCardError):
        load_card(tmp_path)


def test_weights_that_are_no_network_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatchError, match="expected an ONNX model"):
        OnnxModel.load(write(tmp_path, card()))


def test_no_shipped_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ModelCardError, match="found none"):
        newest_model(tmp_path)


def test_newest_model_is_by_number_not_by_letter(tmp_path: Path) -> None:
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        folder = tmp_path / "net" / version
        folder.mkdir(parents=True)
        write(folder, card(version=version))
    assert newest_model(tmp_path).name == "1.10.0"


def test_tensor_is_normalised_and_padded_as_the_card_says(tmp_path: Path) -> None:
    spec = load_card(write(tmp_path, card())).input
    rgb = np.zeros((33, 20, 3), np.uint8)
    rgb[:, :] = (255, 0, 51)
    tensor = to_tensor(rgb, spec)
    assert tensor.shape == (1, 3, 64, 32)
    assert tensor.dtype == np.float32
    np.testing.assert_allclose(tensor[0, :, 0, 0], [1.0, -1.0, -0.6], atol=1e-6)
    np.testing.assert_allclose(tensor[0, :, 40, 5], (np.array(PAD_RGB) / 255 - 0.5) / 0.5, atol=1e-6)
