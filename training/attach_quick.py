"""A model with a quick look: a folder with the same network and, below `quick/`, the small one in 8-bit integers.

What the large network says does not change by it. The small one only says which views of a turning fruit deserve a
close look, and measures outline and colour; in 8-bit integers it takes three fifths of the time.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

from grader.model_card import ModelCard, load_card
from grader.onnx_model import SWITCH, OnnxModel
from grader.preprocess import to_tensor
from grader.types import UInt8Array
from training.card_file import write_card
from training.checkpoint import CheckpointError
from training.export import PARITY_LIMIT, export, parity, training_sets
from training.onnx_file import save_onnx
from training.optional_outputs import make_usual
from training.quantise import quantised

FOLDER = "quick"
FIND_SIDE_PX, FRUIT_SIDE_PX = 96, 128
"""How large the small network sees the frame and the fruit: at half the side of the close look a fruit is outlined to
half a millimetre and a blemish of 2 mm is a pixel (docs/decisions/0035)."""


def attach_quick(
    model: Path,
    checkpoint: Path,
    out: Path,
    *,
    version: str,
    licence_of_set: Mapping[str, str],
    pictures: Sequence[UInt8Array],
) -> ModelCard:
    """Write the model of folder `model` with the quick look of a checkpoint into `out`, as another version.

    pictures: uint8 RGB (H, W, 3), by which the 8-bit network is scaled and the exported one is compared with torch.
    Raises ModelError for a model or checkpoint that cannot be read, CheckpointError when ONNX and torch differ by more
    than `PARITY_LIMIT`, ManifestError for a set without a licence, OutputError.
    """
    before = load_card(model)
    shutil.copytree(model, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("README.md", FOLDER))
    quick = export(
        checkpoint,
        out / FOLDER,
        name=FOLDER,
        version=version,
        sets=training_sets(checkpoint, licence_of_set),
        find_side=FIND_SIDE_PX,
        fruit_side=FRUIT_SIDE_PX,
    )
    difference = parity(checkpoint, OnnxModel(quick), pictures)["max_difference"]
    if difference > PARITY_LIMIT:
        raise CheckpointError(f"{checkpoint}: ONNX and torch differ by {difference:.4f}, over {PARITY_LIMIT}")
    tensors = [to_tensor(rgb, quick.input) for rgb in pictures]
    network = quantised(make_usual(onnx.load(quick.weights), SWITCH), quick.input.name, tensors, narrow=True)
    save_onnx(network, quick.weights)
    digest = hashlib.sha256(quick.weights.read_bytes()).hexdigest()
    _rewrite(out / FOLDER / "card.json", sha256=digest)
    _rewrite(out / "card.json", version=version, quick={"folder": FOLDER, "sha256": digest})
    made = OnnxModel.load(out).card
    assert made.sha256 == before.sha256, "the large network is the same file"
    return made


def _rewrite(path: Path, **values: object) -> None:
    said = json.loads(path.read_text(encoding="utf-8")) | values
    write_card(path, said)
