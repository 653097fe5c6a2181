"""A model with a network for the close looks of a line: the same in 8-bit integers, of fewer pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from grader.errors import ModelMismatchError
from grader.image_io import encode_jpeg
from grader.model_card import load_card
from grader.onnx_model import OnnxModel
from grader.pipeline import GradeOptions
from grader.production import newest_model
from grader.turning_grader import TurningGrader
from grader.types import Crop, FloatArray
from training.attach_close import FOLDER, FRUIT_SIDE_PX, attach_close
from training.simulator_suite import MM_PER_PX, draw_apple

SHIPPED = newest_model()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "9"
    out.mkdir()
    attach_close(SHIPPED, out, version="9", pictures=[draw_apple(640_000_000, sound=False).rgb])
    return out


def test_the_large_network_and_the_quick_look_are_the_same(made: Path) -> None:
    before, after = load_card(SHIPPED), load_card(made)
    assert (after.version, after.sha256, after.trust) == ("9", before.sha256, before.trust)
    assert before.quick is not None
    assert after.quick is not None
    assert after.quick.sha256 == before.quick.sha256
    assert not (made / "README.md").exists()


def test_its_card_says_what_it_was_made_of_and_claims_nothing_measured(made: Path) -> None:
    close = load_card(made / FOLDER)
    assert (close.name, close.version, close.input.fruit_side_px) == (FOLDER, "9", FRUIT_SIDE_PX)
    assert close.made_of is not None
    assert close.made_of.model_id == load_card(SHIPPED).model_id
    assert close.trust is None
    assert close.quick is None
    assert close.produce is None


def test_it_is_in_8_bit_integers_and_shares_the_second_opinion(made: Path) -> None:
    model = OnnxModel.load(made)
    assert model.close is not None
    side = FRUIT_SIDE_PX
    said = model.close.run(np.zeros((1, 3, side, side), np.float32))
    assert said["surface"].shape == (1, 17, side // 2, side // 2)
    kinds = [node.op_type for node in onnx.load(made / FOLDER / "model.onnx").graph.node]
    assert kinds.count("QuantizeLinear") > 20
    share = np.ones((side // 32, side // 32), np.float32)
    assert model.close.other_produce(np.zeros((1, 3, side, side), np.float32), share) is not None


def test_a_line_takes_its_close_looks_with_it_and_all_else_with_the_large_one(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    grader = TurningGrader(OnnxModel.load(made))
    asked: list[tuple[str, int]] = []
    run = OnnxModel.run

    def told(model: OnnxModel, tensor: FloatArray) -> dict[str, FloatArray]:
        asked.append((model.card.name, tensor.shape[-1]))
        return run(model, tensor)

    monkeypatch.setattr(OnnxModel, "run", told)
    options = GradeOptions(mm_per_px=MM_PER_PX, crop=Crop.APPLE)
    data = encode_jpeg(draw_apple(640_000_001, sound=False).rgb, quality=90)
    seen = grader.see(data, "apple", options)
    assert seen.quick is not None
    asked.clear()
    assert grader.see_closely(seen).close is not None
    assert asked == [(FOLDER, FRUIT_SIDE_PX)]
    asked.clear()
    grader.see(data, "apple", options)
    assert {name for name, _ in asked} == {"quick"}


def test_another_network_under_the_same_card_is_refused(made: Path, tmp_path: Path) -> None:
    for path in made.rglob("*.*"):
        target = tmp_path / path.relative_to(made)
        target.parent.mkdir(exist_ok=True, parents=True)
        target.write_bytes(path.read_bytes())
    card = tmp_path / "card.json"
    digest = load_card(made / FOLDER).sha256
    card.write_text(card.read_text().replace(digest, "0" * 64))
    with pytest.raises(ModelMismatchError, match="expected the close look with sha256 000"):
        OnnxModel.load(tmp_path)
