"""The card of a model: what its weights are, what they expect and what they say.

`models/<name>/<version>/card.json` lies beside the weights and carries their sha256. A card that does not match is
refused: the preprocessing, the class order and the scale of the outputs all come from here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.errors import ModelCardError, ModelMismatchError
from grader.trust import Trust, read_trust
from grader.types import Crop, SurfaceClass

SCHEMA = "model-card/1"
_KEYS = {
    "schema",
    "name",
    "version",
    "created_at",
    "weights",
    "sha256",
    "input",
    "outputs",
    "surface_classes",
    "crop_classes",
    "trained_on",
}
_OPTIONAL_KEYS = {"produce", "quick", "close", "trust", "made_of"}
_MADE_OF_KEYS = {"model_id", "how"}
_PRODUCE_KEYS = {"weights", "sha256"}
_COMPANION_KEYS = {"folder", "sha256"}
_INPUT_KEYS = {"name", "colour_order", "mean", "std", "multiple", "find_side_px", "fruit_side_px"}
OUTPUTS = ("surface", "crop", "inside", "net")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """What the network's input tensor has to look like.

    mean, std: per channel R, G, B, of values scaled to 0-1. multiple: height and width must divide by it.
    find_side_px / fruit_side_px: long side of the whole picture / of one fruit's crop as the network sees them.
    """

    name: str
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    multiple: int
    find_side_px: int
    fruit_side_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProduceSpec:
    """The classifier of other produce that lies beside the network; it takes the same tensor."""

    weights: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanionSpec:
    """Another network for the looks of a line: a model of its own, with its own card, in a folder beside the network.
    sha256: of its weights."""

    folder: Path
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOf:
    """The model that this one was made of without training. how: in words, such as the kind of quantisation."""

    model_id: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What the grader needs to know of a network.

    strides: pixels of input per pixel of output, by output name.
    surface_classes: `SurfaceClass` of each channel of `surface`. crop_classes: names of the channels of `crop`.
    produce: the second opinion on other produce, None when the model has none. trust: what was measured of its
    decisions, None when nothing was. made_of: another model, None for one that was trained. quick: the small network
    for the quick look at every view of a line, close: the one for close looks there; None when the model has none.
    """

    folder: Path
    name: str
    version: str
    weights: Path
    sha256: str
    input: InputSpec
    strides: dict[str, int]
    surface_classes: tuple[SurfaceClass, ...]
    crop_classes: tuple[str, ...]
    trained_on: tuple[dict[str, str], ...]
    produce: ProduceSpec | None = None
    trust: Trust | None = None
    made_of: MadeOf | None = None
    quick: CompanionSpec | None = None
    close: CompanionSpec | None = None

    def knows(self, crop: Crop | None) -> bool:
        """Whether the network tells this crop from other things. None: whatever it finds is a crop that it knows."""
        return crop is None or str(crop) in self.crop_classes[1:-1]

    @property
    def model_id(self) -> str:
        """`name/version+sha256:` and the first twelve digits, as written in every record."""
        return f"{self.name}/{self.version}+sha256:{self.sha256[:12]}"


def load_card(folder: Path) -> ModelCard:
    """Read and check `card.json` and the hash of the weights beside it.

    Raises ModelCardError when the card is missing or impossible, ModelMismatchError when the weights differ.
    """
    path = folder / "card.json"
    try:
        raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ModelCardError(f"{path}: expected a model card, got {exc.strerror}") from exc
    except ValueError as exc:
        raise ModelCardError(f"{path}: expected JSON, got {exc}") from exc
    if not isinstance(raw, dict) or raw.get("schema") != SCHEMA:
        actual = raw.get("schema") if isinstance(raw, dict) else type(raw).__name__
        raise ModelCardError(f"{path}: expected schema {SCHEMA!r}, got {actual!r}")
    _same_keys(path, "card", {key: raw[key] for key in raw if key not in _OPTIONAL_KEYS}, _KEYS)
    try:
        _same_keys(path, "input", raw["input"], _INPUT_KEYS)
        if "produce" in raw:
            _same_keys(path, "produce", raw["produce"], _PRODUCE_KEYS)
        for companion in ("quick", "close"):
            if companion in raw:
                _same_keys(path, companion, raw[companion], _COMPANION_KEYS)
        if "made_of" in raw:
            _same_keys(path, "made_of", raw["made_of"], _MADE_OF_KEYS)
        card = _build(folder, raw)
    except (KeyError, TypeError, ValueError) as exc:
        raise ModelCardError(f"{path}: {exc}") from exc
    actual = sha256_of(card.weights)
    if actual != card.sha256:
        raise ModelMismatchError(f"{card.weights}: expected sha256 {card.sha256} (card), got {actual}")
    if card.produce is not None and (actual := sha256_of(card.produce.weights)) != card.produce.sha256:
        raise ModelMismatchError(
            f"{card.produce.weights}: expected sha256 {card.produce.sha256} (card), got {actual}"
        )
    return card


def sha256_of(path: Path) -> str:
    """Hex digest of a file. Raises ModelMismatchError when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as exc:
        raise ModelMismatchError(f"{path}: expected the weights, got {exc.strerror}") from exc


def _same_keys(path: Path, where: str, raw: dict[str, Any], wanted: set[str]) -> None:
    unknown, missing = set(raw) - wanted, wanted - set(raw)
    if unknown or missing:
        raise ModelCardError(
            f"{path}: {where}: unknown keys {sorted(unknown)}, missing keys {sorted(missing)}"
        )


def _build(folder: Path, raw: dict[str, Any]) -> ModelCard:
    source = raw["input"]
    if source["colour_order"] != "RGB":
        raise ValueError(f"input.colour_order: expected 'RGB', got {source['colour_order']!r}")
    if set(raw["outputs"]) != set(OUTPUTS):
        raise ValueError(f"outputs: expected {sorted(OUTPUTS)}, got {sorted(raw['outputs'])}")
    if raw["crop_classes"] != ["none", "apple", "melon", "other_object"]:
        raise ValueError(
            f"crop_classes: expected none, apple, melon, other_object, got {raw['crop_classes']}"
        )
    multiple = int(source["multiple"])
    for key in ("find_side_px", "fruit_side_px"):
        if source[key] <= 0 or source[key] % multiple:
            raise ValueError(f"input.{key}: expected a positive multiple of {multiple}, got {source[key]}")
    mean, std = _triple("mean", source["mean"]), _triple("std", source["std"])
    if min(std) <= 0:
        raise ValueError(f"input.std: expected positive numbers, got {std}")
    surface_classes = tuple(SurfaceClass(value) for value in raw["surface_classes"])
    if surface_classes[:4] != tuple(SurfaceClass)[:4] or len(set(surface_classes)) != len(surface_classes):
        raise ValueError("surface_classes: expected 0, 1, 2, 3 first and no class twice")
    return ModelCard(
        folder=folder,
        name=str(raw["name"]),
        version=str(raw["version"]),
        weights=folder / str(raw["weights"]),
        sha256=str(raw["sha256"]),
        input=InputSpec(
            name=str(source["name"]),
            mean=mean,
            std=std,
            multiple=multiple,
            find_side_px=int(source["find_side_px"]),
            fruit_side_px=int(source["fruit_side_px"]),
        ),
        strides={name: int(stride) for name, stride in raw["outputs"].items()},
        surface_classes=surface_classes,
        crop_classes=tuple(raw["crop_classes"]),
        trained_on=tuple(raw["trained_on"]),
        produce=_produce(folder, raw.get("produce")),
        trust=read_trust(raw["trust"]) if "trust" in raw else None,
        made_of=_made_of(raw.get("made_of")),
        quick=_companion(folder, raw.get("quick")),
        close=_companion(folder, raw.get("close")),
    )


def _produce(folder: Path, raw: dict[str, str] | None) -> ProduceSpec | None:
    if raw is None:
        return None
    return ProduceSpec(weights=folder / str(raw["weights"]), sha256=str(raw["sha256"]))


def _companion(folder: Path, raw: dict[str, str] | None) -> CompanionSpec | None:
    return (
        None if raw is None else CompanionSpec(folder=folder / str(raw["folder"]), sha256=str(raw["sha256"]))
    )


def _made_of(raw: dict[str, str] | None) -> MadeOf | None:
    return None if raw is None else MadeOf(model_id=str(raw["model_id"]), how=str(raw["how"]))


def _triple(name: str, values: list[float]) -> tuple[float, float, float]:
    if len(values) != 3:
        raise ValueError(f"input.{name}: expected three numbers, got {values}")
    return float(values[0]), float(values[1]), float(values[2])
