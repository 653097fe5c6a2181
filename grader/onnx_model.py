"""The only user of ONNX Runtime: load, verify against the card, warm up, run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from grader.errors import ModelMismatchError
from grader.model_card import OUTPUTS, CompanionSpec, ModelCard, load_card
from grader.types import FloatArray

SWITCH = "whole"
"""Input that a network may have: a bool without axes. False: the outputs that `find` leaves out are not computed."""
FIND_OUTPUTS = ("crop", "inside")


class OnnxModel:
    """A network that is ready to run. Threads may share it; one thread computes each call."""

    def __init__(self, card: ModelCard) -> None:
        """Raises ModelMismatchError when the file is no ONNX model or its inputs and outputs are not the card's."""
        self._session = _open(card.weights)
        self.card = card
        inputs = [item.name for item in self._session.get_inputs()]
        outputs = [item.name for item in self._session.get_outputs()]
        if inputs != [card.input.name] or set(outputs) != set(OUTPUTS):
            raise ModelMismatchError(
                f"{card.weights}: expected input {card.input.name!r} and outputs {sorted(OUTPUTS)}, "
                f"got {inputs} and {sorted(outputs)}"
            )
        self._has_switch = SWITCH in (item.name for item in self._session.get_overridable_initializers())
        self._produce = None if card.produce is None else _open_produce(card.produce.weights)
        self.quick = None if card.quick is None else _load_companion(card.quick)
        self.close = None if card.close is None else _load_companion(card.close)
        if self.close is not None:
            self.close._produce = self._produce  # the same tensor, of fewer pixels
        self._warm_up()

    @classmethod
    def load(cls, folder: Path) -> OnnxModel:
        """Card, hash, weights, warm-up. Raises ModelError."""
        return cls(load_card(folder))

    def run(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """float32 (N, 3, H, W) -> outputs by name, float32 (N, channels, H/stride, W/stride), 0-1."""
        values = self._session.run(list(OUTPUTS), {self.card.input.name: tensor})
        return dict(zip(OUTPUTS, values, strict=True))

    def find(self, tensor: FloatArray) -> dict[str, FloatArray]:
        """The same values of `crop` and `inside` only; a third sooner when the network has the switch `whole`."""
        inputs = {self.card.input.name: tensor}
        if self._has_switch:
            inputs[SWITCH] = np.array(False)
        values = self._session.run(list(FIND_OUTPUTS), inputs)
        return dict(zip(FIND_OUTPUTS, values, strict=True))

    def other_produce(self, tensor: FloatArray, share: FloatArray) -> float | None:
        """Probability, 0-1, that the thing looked at is an orange, a lemon or a banana; None when nobody can say.

        tensor: float32 (1, 3, S, S), as `run` takes it for one fruit. share: float32 (S/32, S/32), share of each cell
        that the fruit covers, 0-1.
        """
        if self._produce is None:
            return None
        inputs = {"image": tensor, "share": share[np.newaxis, np.newaxis]}
        (other,) = self._produce.run(["other"], inputs)
        return float(other[0])

    def _warm_up(self) -> None:
        side = self.card.input.multiple * 2
        tensor = np.zeros((1, 3, side, side), np.float32)
        outputs = self.run(tensor)
        channels = {"surface": len(self.card.surface_classes), "crop": 4, "inside": 1, "net": 1}
        for name, value in outputs.items():
            stride = self.card.strides[name]
            expected = (1, channels[name], side // stride, side // stride)
            if value.shape != expected:
                raise ModelMismatchError(
                    f"{self.card.weights}: output {name}: expected shape {expected}, got {value.shape}"
                )
        self.find(tensor)


def _load_companion(spec: CompanionSpec) -> OnnxModel:
    model = OnnxModel.load(spec.folder)
    if model.card.sha256 != spec.sha256:
        raise ModelMismatchError(
            f"{spec.folder}: expected the {spec.folder.name} look with sha256 {spec.sha256} (card of the model), "
            f"got {model.card.sha256}"
        )
    return model


def _open(weights: Path) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
    except Exception as exc:
        raise ModelMismatchError(f"{weights}: expected an ONNX model, got {exc}") from exc


def _open_produce(weights: Path) -> ort.InferenceSession:
    session = _open(weights)
    names = [item.name for item in (*session.get_inputs(), *session.get_outputs())]
    if names != ["image", "share", "other"]:
        raise ModelMismatchError(f"{weights}: expected inputs image, share and output other, got {names}")
    return session
