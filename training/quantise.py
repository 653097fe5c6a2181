"""A network in 8-bit integers: ONNX Runtime's static quantisation of all but the heads, put back behind the same card.

The `If` around what the first look leaves out (`training/optional_outputs.py`) is opened before and closed after: the
quantiser leaves subgraphs alone. What turns features into probabilities stays float32: the last convolution before
each output, and all that follows.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from grader.model_card import ModelCard, load_card
from grader.onnx_model import SWITCH
from grader.preprocess import to_tensor
from grader.types import FloatArray, UInt8Array
from training.card_file import write_card
from training.export import fruit_pictures
from training.manifest import load_manifest, select_photographs
from training.onnx_file import save_onnx
from training.optional_outputs import make_optional, make_usual
from training.simulator_suite import draw_apple

HOW = "static 8-bit integers (ONNX Runtime, QDQ, weights by channel, heads float32), calibrated on {count} pictures"
FIRST_CALIBRATION_SEED = 640_000_000
OPTIONAL_OUTPUTS = ("surface", "net")


def calibration_pictures(data: Path, count: int, side: int) -> list[UInt8Array]:
    """`count` pictures of one fruit, `side` px on the long side: half photographs for training, half simulated.

    Nothing that models are judged by. Raises ManifestError when the folder cannot be read.
    """
    photographs = select_photographs(load_manifest(data), split="train")
    half = min(count // 2, len(photographs))
    chosen = photographs[:: max(len(photographs) // max(half, 1), 1)][:half]
    seeds = range(FIRST_CALIBRATION_SEED, FIRST_CALIBRATION_SEED + count - half)
    return [*fruit_pictures(chosen, side), *(draw_apple(seed, sound=seed % 3 == 0).rgb for seed in seeds)]


def quantise(model: Path, out: Path, pictures: Sequence[UInt8Array]) -> ModelCard:
    """Write the 8-bit variant of a model into `out`: network, second opinion, card. pictures: uint8 RGB (H, W, 3).

    What was measured of the model's confidence is not on the new card: it is another network.
    Raises ModelError for a model that cannot be read, OutputError.
    """
    card = load_card(model)
    save_onnx(quantised_model(card, pictures), out / "model.onnx")
    said = json.loads((model / "card.json").read_text(encoding="utf-8"))
    said.pop("trust", None)
    said |= {
        "version": f"{card.version}-int8",
        "weights": "model.onnx",
        "sha256": hashlib.sha256((out / "model.onnx").read_bytes()).hexdigest(),
        "made_of": {"model_id": card.model_id, "how": HOW.format(count=len(pictures))},
    }
    if card.produce is not None:
        shutil.copyfile(card.produce.weights, out / card.produce.weights.name)
    for companion in (card.quick, card.close):
        if companion is not None:
            shutil.copytree(companion.folder, out / companion.folder.name)
    write_card(out / "card.json", said)
    return load_card(out)


def quantised_model(
    card: ModelCard, pictures: Sequence[UInt8Array], *, narrow: bool = False
) -> onnx.ModelProto:
    """The network of a model in 8-bit integers, as `quantised`, with its switch if it has one. pictures: uint8 RGB
    (H, W, 3), by which it is scaled."""
    tensors = [to_tensor(rgb, card.input) for rgb in pictures]
    network = onnx.load(card.weights)
    if SWITCH not in (item.name for item in network.graph.input):
        return quantised(network, card.input.name, tensors, narrow=narrow)
    usual = quantised(make_usual(network, SWITCH), card.input.name, tensors, narrow=narrow)
    return make_optional(usual, OPTIONAL_OUTPUTS, SWITCH)


def quantised(
    network: onnx.ModelProto, name: str, tensors: Sequence[FloatArray], *, narrow: bool = False
) -> onnx.ModelProto:
    """The network with all but its heads in 8-bit integers. name: of its input. tensors: what it is calibrated on.

    narrow: weights of 7 bits, so that sums do not overflow on processors without VNNI (ONNX Runtime, "Quantize ONNX
    models", on U8S8 and saturation): the same answers on every computer.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, ready, done = (Path(folder) / f"{step}.onnx" for step in ("whole", "ready", "done"))
        onnx.save(network, whole)
        quant_pre_process(str(whole), str(ready), skip_symbolic_shape=True)
        prepared = onnx.load(ready)
        logging.getLogger().disabled, before = (
            True,
            logging.getLogger().disabled,
        )  # it advises to prepare: done
        try:
            quantize_static(
                prepared,
                str(done),
                _Reader(name, tensors),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                reduce_range=narrow,
                weight_type=QuantType.QInt8,
                activation_type=QuantType.QUInt8,
                nodes_to_exclude=heads(prepared.graph),
            )
        finally:
            logging.getLogger().disabled = before
        return onnx.load(done)


def heads(graph: onnx.GraphProto) -> list[str]:
    """Names of the last convolution before each output and of all nodes between them."""
    maker = {output: node for node in graph.node for output in node.output}
    found: list[str] = []
    waiting = [item.name for item in graph.output]
    while waiting:
        node = maker.get(waiting.pop())
        if node is not None and node.name not in found:
            found.append(node.name)
            waiting += [] if node.op_type == "Conv" else node.input
    return found


class _Reader(CalibrationDataReader):
    """Gives the quantiser one tensor after the other, then None."""

    def __init__(self, name: str, tensors: Sequence[FloatArray]) -> None:
        self._rest: Iterator[dict[str, FloatArray]] = iter([{name: np.asarray(each)} for each in tensors])

    def get_next(self) -> dict[str, FloatArray] | None:
        """As ONNX Runtime asks for it."""
        return next(self._rest, None)
