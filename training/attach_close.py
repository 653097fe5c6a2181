"""A model with a network for the close looks of a line: its own in 8-bit integers, fruit shown at fewer pixels.

It takes half of the time, and loses no more than a window that lies elsewhere does (docs/decisions/0037). Nothing is
trained: any model can get it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from grader.model_card import ModelCard, load_card
from grader.onnx_model import OnnxModel
from grader.types import UInt8Array
from training.card_file import write_card
from training.onnx_file import save_onnx
from training.quantise import HOW, quantised_model

FOLDER = "close"
FRUIT_SIDE_PX = 224
NOT_ITS_OWN = ("trust", "produce", "quick", "close")
"""What the card of the model says and that of the network for close looks does not."""


def attach_close(model: Path, out: Path, *, version: str, pictures: Sequence[UInt8Array]) -> ModelCard:
    """Write the model of folder `model` with a network for close looks into `out`, as another version.

    pictures: uint8 RGB (H, W, 3), by which the 8-bit network is scaled. Its weights have 7 bits, so that it says the
    same on processors without VNNI. Raises ModelError for a model that cannot be read, OutputError.
    """
    before = load_card(model)
    shutil.copytree(model, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("README.md", FOLDER))
    weights = out / FOLDER / "model.onnx"
    weights.parent.mkdir()
    save_onnx(quantised_model(before, pictures, narrow=True), weights)
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    said = json.loads((model / "card.json").read_text(encoding="utf-8"))
    own = {key: value for key, value in said.items() if key not in NOT_ITS_OWN} | {
        "name": FOLDER,
        "version": version,
        "weights": weights.name,
        "sha256": digest,
        "input": said["input"] | {"fruit_side_px": FRUIT_SIDE_PX},
        "made_of": {"model_id": before.model_id, "how": HOW.format(count=len(pictures))},
    }
    write_card(weights.with_name("card.json"), own)
    write_card(out / "card.json", said | {"version": version, "close": {"folder": FOLDER, "sha256": digest}})
    return OnnxModel.load(out).card
