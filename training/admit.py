"""`python -m training admit`: somebody's own segmentation network, made to answer as ours do.

A TOML file says what its channels mean. Around its graph go a few ONNX operators that make of its probabilities the
four outputs of a model card; from there on it is a model like any other: it is loaded, compared, and promoted through
the same gate. Nothing of the network itself is changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, compose, helper, numpy_helper, version_converter

from grader.errors import GraderError
from grader.model_card import ModelCard
from grader.onnx_model import OnnxModel
from grader.toml_file import TomlTable, read_toml
from grader.types import SurfaceClass
from training.card_file import write_card
from training.network import CROP_CLASSES, OUTPUT_NAMES, STRIDE
from training.onnx_file import OPSET
from training.weak_labels import SURFACE_CLASSES

PREFIX = "foreign/"
FRUIT = {"apple": 1, "melon": 2}
OTHER_OBJECT = "other_object"
CLASS_NAMES = (
    *(value.name.lower() for value in SURFACE_CLASSES if value != SurfaceClass.SOUND_SKIN),
    *FRUIT,
    OTHER_OBJECT,
)
"""What a channel may be: background, sound skin of an apple or melon by the name of the fruit, stem, calyx, a kind of
defect, another object."""
INSIDE_WINDOW = 15
"""Side of the window, in cells of a quarter of the resolution, whose share of fruit stands for the depth inside it:
half at a straight rim, all in the middle of a fruit as large as 60 px."""


class AdmitError(GraderError):
    """A foreign network, or what is said of it, that cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """What is said of a foreign network.

    classes: name of each channel of its output, of `CLASS_NAMES`. crop: apple or melon, the fruit that its stem, calyx
    and defects are on. activation: softmax, or none when it says probabilities. colour_order: RGB or BGR. mean, std:
    of values scaled to 0-1, in that order. find_side, fruit_side: px, as on the card. licence: as its makers state it.
    """

    name: str
    version: str
    licence: str
    classes: tuple[str, ...]
    crop: str = "apple"
    activation: str = "softmax"
    colour_order: str = "RGB"
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    find_side: int = 256
    fruit_side: int = 256


def read_foreign(path: Path) -> Foreign:
    """Read the TOML file. Raises AdmitError that names every fault with its line."""
    table = read_toml(path)
    usual = Foreign(name="", version="", licence="", classes=())
    foreign = Foreign(
        name=table.text("name"),
        version=table.text("version"),
        licence=table.text("licence"),
        classes=_classes(table),
        crop=table.text("crop", one_of=("apple", "melon"), default=usual.crop),
        activation=table.text("activation", one_of=("softmax", "none"), default=usual.activation),
        colour_order=table.text("colour_order", one_of=("RGB", "BGR"), default=usual.colour_order),
        mean=_triple(table, "mean", usual.mean, 0.0),
        std=_triple(table, "std", usual.std, 0.001),
        find_side=_side(table, "find_side", usual.find_side),
        fruit_side=_side(table, "fruit_side", usual.fruit_side),
    )
    table.finish()
    if table.problems:
        raise AdmitError("\n".join(table.problems))
    return foreign


def admit(network: Path, foreign: Foreign, out: Path) -> ModelCard:
    """Write model.onnx and card.json to `out` and load them once.

    Raises AdmitError for a file that is no ONNX network of one picture in and one map of `classes` out, of any size;
    ModelError when what was made cannot be loaded.
    """
    model = _opened(network)
    _check(network, model, foreign)
    whole = _wrapped(model, foreign)
    out.mkdir(parents=True, exist_ok=True)
    weights = out / "model.onnx"
    onnx.save(whole, weights)
    card = {
        "schema": "model-card/1",
        "name": foreign.name,
        "version": foreign.version,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "weights": weights.name,
        "sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "input": {
            "name": "image",
            "colour_order": "RGB",
            "mean": list(_as_rgb(foreign, foreign.mean)),
            "std": list(_as_rgb(foreign, foreign.std)),
            "multiple": STRIDE,
            "find_side_px": foreign.find_side,
            "fruit_side_px": foreign.fruit_side,
        },
        "outputs": {"surface": 2, "crop": 4, "inside": 4, "net": 2},
        "surface_classes": [int(value) for value in SURFACE_CLASSES],
        "crop_classes": list(CROP_CLASSES),
        "trained_on": [{"name": f"foreign network {network.name}", "licence": foreign.licence}],
    }
    write_card(out / "card.json", card)
    return OnnxModel.load(out).card


def _opened(network: Path) -> ModelProto:
    try:
        model = onnx.load(network)
        onnx.checker.check_model(model)
        return version_converter.convert_version(model, OPSET) if _opset(model) < OPSET else model
    except (DecodeError, onnx.checker.ValidationError, RuntimeError, ValueError) as exc:
        raise AdmitError(f"{network}: expected an ONNX network, got {exc}") from exc


def _opset(model: ModelProto) -> int:
    return max((entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")), default=0)


def _check(network: Path, model: ModelProto, foreign: Foreign) -> None:
    weights = {initializer.name for initializer in model.graph.initializer}
    inputs = [value for value in model.graph.input if value.name not in weights]
    if len(inputs) != 1 or len(model.graph.output) != 1:
        raise AdmitError(
            f"{network}: expected one input and one output, got {[value.name for value in inputs]} and "
            f"{[value.name for value in model.graph.output]}"
        )
    tensor = inputs[0].type.tensor_type
    sizes = [dim.dim_value for dim in tensor.shape.dim]
    if tensor.elem_type != TensorProto.FLOAT or len(sizes) != 4 or sizes[1] != 3:
        raise AdmitError(
            f"{network}: expected the input float32 (N, 3, H, W), got type {tensor.elem_type}, {sizes}"
        )
    if any(sizes[axis] for axis in (0, 2, 3)):
        raise AdmitError(
            f"{network}: expected any number of pictures of any size, got the fixed input {sizes}: "
            "export it with dynamic axes 0, 2 and 3"
        )
    said = [dim.dim_value for dim in model.graph.output[0].type.tensor_type.shape.dim]
    if len(said) != 4 or said[1] not in (0, len(foreign.classes)):
        raise AdmitError(
            f"{network}: expected an output of {len(foreign.classes)} channels (classes), got the shape {said}"
        )


def _wrapped(model: ModelProto, foreign: Foreign) -> ModelProto:
    """The foreign graph between the operators that lead to it and from it."""
    inner = compose.add_prefix(model, PREFIX)
    graph = inner.graph
    weights = {initializer.name for initializer in graph.initializer}
    entry = next(value.name for value in graph.input if value.name not in weights)
    exit_name = graph.output[0].name
    surface, crop = class_matrices(foreign)
    constants: dict[str, NDArray[np.generic]] = {
        "bgr": np.array([2, 1, 0], np.int64),
        "surface_of_class": surface[:, :, None, None],
        "crop_of_class": crop[:, :, None, None],
        "hw": np.array([2, 3], np.int64),
        "nc": np.array([0, 1], np.int64),
        "two": np.array([2, 2], np.int64),
        "half": np.float32(0.5),
        "double": np.float32(2.0),
        "zero": np.float32(0.0),
        "one": np.float32(1.0),
        "first": np.array([0], np.int64),
        "fruit_from": np.array([1], np.int64),
        "fruit_to": np.array([3], np.int64),
        "channel": np.array([1], np.int64),
    }
    swap = foreign.colour_order == "BGR"
    before = (
        [_node("Gather", ("image", "bgr"), entry, axis=1)] if swap else [_node("Identity", ("image",), entry)]
    )
    probable = "Softmax" if foreign.activation == "softmax" else "Identity"
    settings = {"axis": 1} if foreign.activation == "softmax" else {}
    pad = INSIDE_WINDOW // 2
    after = [
        _node(probable, (exit_name,), "probable", **settings),
        _node("Shape", ("image",), "image_shape"),
        _node("Gather", ("image_shape", "hw"), "image_hw", axis=0),
        _node("Div", ("image_hw", "two"), "half_hw"),
        _node("Shape", ("probable",), "probable_shape"),
        _node("Gather", ("probable_shape", "nc"), "probable_nc", axis=0),
        _node("Concat", ("probable_nc", "half_hw"), "half_shape", axis=0),
        _node("Resize", ("probable", "", "", "half_shape"), "classes", mode="linear"),
        _node("Conv", ("classes", "surface_of_class"), "surface"),
        _node("Conv", ("classes", "crop_of_class"), "crop_2"),
        _node("AveragePool", ("crop_2",), "crop", kernel_shape=[2, 2], strides=[2, 2]),
        _node("Slice", ("crop", "fruit_from", "fruit_to", "channel"), "each_fruit"),
        _node("ReduceSum", ("each_fruit", "channel"), "fruit", keepdims=1),
        _node(
            "AveragePool",
            ("fruit",),
            "around",
            kernel_shape=[INSIDE_WINDOW] * 2,
            pads=[pad] * 4,
            count_include_pad=1,
        ),
        _node("Sub", ("around", "half"), "over_half"),
        _node("Mul", ("over_half", "double"), "depth"),
        _node("Clip", ("depth", "zero", "one"), "sure_depth"),
        _node("Mul", ("sure_depth", "fruit"), "inside"),
        _node("Gather", ("surface", "first"), "one_class", axis=1),
        _node("Mul", ("one_class", "zero"), "net"),
    ]
    outer = helper.make_graph(
        [*before, *graph.node, *after],
        "admitted",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, "h", "w"])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", count, f"{name}_h", f"{name}_w"])
            for name, count in zip(OUTPUT_NAMES, (len(surface), len(crop), 1, 1), strict=True)
        ],
        [*graph.initializer, *(numpy_helper.from_array(value, name) for name, value in constants.items())],
    )
    whole = helper.make_model(outer, opset_imports=list(inner.opset_import), functions=list(inner.functions))
    whole.ir_version = inner.ir_version
    onnx.checker.check_model(whole)
    return whole


def class_matrices(foreign: Foreign) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Which of our channels each of theirs is: float32 (17, K) for `surface`, (4, K) for `crop`, 0 or 1."""
    surface = np.zeros((len(SURFACE_CLASSES), len(foreign.classes)), np.float32)
    crop = np.zeros((len(CROP_CLASSES), len(foreign.classes)), np.float32)
    for channel, name in enumerate(foreign.classes):
        if name in ("background", OTHER_OBJECT):
            surface[0, channel] = 1
            crop[CROP_CLASSES.index(OTHER_OBJECT) if name == OTHER_OBJECT else 0, channel] = 1
            continue
        value = SurfaceClass.SOUND_SKIN if name in FRUIT else SurfaceClass[name.upper()]
        surface[SURFACE_CLASSES.index(value), channel] = 1
        crop[FRUIT[name if name in FRUIT else foreign.crop], channel] = 1
    return surface, crop


def _node(operator: str, inputs: tuple[str, ...], output: str, **settings: object) -> NodeProto:
    return helper.make_node(operator, list(inputs), [output], name=f"to_card/{output}", **settings)


def _as_rgb(foreign: Foreign, values: tuple[float, float, float]) -> tuple[float, ...]:
    return values if foreign.colour_order == "RGB" else values[::-1]


def _classes(table: TomlTable) -> tuple[str, ...]:
    names = table.raw("classes")
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        table.problem(f"classes: expected the name of each channel, got {names!r}", "classes")
        return ()
    unknown = sorted(set(names) - set(CLASS_NAMES))
    if unknown:
        table.problem(
            f"classes: expected some of {', '.join(CLASS_NAMES)}, got {', '.join(unknown)}", "classes"
        )
    if "background" not in names or not set(names) & set(FRUIT):
        table.problem("classes: expected background, and apple or melon (sound skin), among them", "classes")
    return tuple(names)


def _side(table: TomlTable, key: str, usual: int) -> int:
    value = table.number(key, low=STRIDE, high=4096, default=usual)
    if value % STRIDE:
        table.problem(f"{key}: expected a multiple of {STRIDE}, got {value:g}", key)
    return int(value)


def _triple(
    table: TomlTable, key: str, usual: tuple[float, float, float], least: float
) -> tuple[float, float, float]:
    values = table.raw(key)
    if values is None:
        return usual
    numbers = isinstance(values, list) and all(isinstance(value, int | float) for value in values)
    if not numbers or len(values) != 3 or not all(least <= value <= 1 for value in values):
        table.problem(f"{key}: expected three numbers {least:g}-1, got {values!r}", key)
        return usual
    return float(values[0]), float(values[1]), float(values[2])
