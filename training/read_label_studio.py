"""Label Studio JSON (the full export): rectangles, polygons, brush masks, choices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.json_file import numbers, read_json, table, tables, text
from training.labelled_picture import (
    BoxShape,
    LabelledPicture,
    LabelledSet,
    MaskShape,
    SetError,
    Shape,
    outline_or_box,
)
from training.mask_runs import runs_of_brush
from training.set_pictures import SetPictures

SHAPES = ("rectanglelabels", "polygonlabels", "brushlabels")
SILENT = ("rectangle", "polygon", "brush", "textarea", "rating", "number", "relation", "hypertextlabels")
"""Results without a class: drawn before it was chosen, or remarks."""


def read_label_studio(path: Path, pictures: SetPictures) -> LabelledSet:
    """Every task with a finished annotation; of several the last that was not cancelled counts.

    Raises SetError when the file as a whole cannot be read.
    """
    found: list[LabelledPicture] = []
    problems: list[str] = []
    waiting = 0
    for number, task in enumerate(tables(read_json(path), str(path)), start=1):
        where = f"{path.name}: task {task.get('id', number)}"
        try:
            done = [
                annotation
                for annotation in tables(task.get("annotations", []), f"{where}: annotations")
                if not annotation.get("was_cancelled")
            ]
            if not done:
                waiting += 1
                continue
            stated = _picture(table(task.get("data"), f"{where}: data"), where)
            picture, wrong = pictures.find(stated)
            if picture is None:
                raise SetError(f"{where}: {wrong}")
            found.append(_labelled(picture, pictures.name_of(picture), done[-1], where, problems))
        except SetError as error:
            problems.append(str(error))
    return LabelledSet(
        pictures=tuple(found),
        problems=tuple(problems),
        warnings=(f"{waiting} tasks without a finished annotation are left out",) if waiting else (),
    )


def _picture(data: dict[str, Any], where: str) -> str:
    """The address of the picture: under `image`, or under the only key there is."""
    value = data.get("image", next(iter(data.values())) if len(data) == 1 else None)
    return text(value, f"{where}: data.image")


def _labelled(
    path: Path, name: str, annotation: dict[str, Any], where: str, problems: list[str]
) -> LabelledPicture:
    shapes: list[Shape] = []
    classes: list[str] = []
    sizes: set[tuple[int, int]] = set()
    for result in tables(annotation.get("result", []), f"{where}: result"):
        at = f"{where}, result {result.get('id')}"
        kind = result.get("type")
        try:
            value = table(result.get("value", {}), f"{at}: value")
            if kind == "choices":
                classes += _names(value, "choices", at)
            elif kind in SHAPES:
                hw = _hw(result, at)
                sizes.add(hw)
                shapes += _shapes(kind, value, hw, at)
            elif kind not in SILENT:
                raise SetError(f"{at}: expected {', '.join(SHAPES)} or choices, got {kind!r}")
        except SetError as error:
            problems.append(str(error))
    if len(sizes) > 1:
        problems.append(f"{where}: expected one size of the picture, got {sorted(sizes)}")
    return LabelledPicture(
        path=path,
        name=name,
        where=where,
        hw=next(iter(sizes), None),
        shapes=tuple(shapes),
        classes=tuple(classes),
    )


def _names(value: dict[str, Any], key: str, where: str) -> list[str]:
    names = value.get(key)
    if not isinstance(names, list) or not names:
        raise SetError(f"{where}: expected names in {key}, got {names!r}")
    return [text(name, f"{where}: {key}") for name in names]


def _hw(result: dict[str, Any], where: str) -> tuple[int, int]:
    """Size of the picture as it was labelled. Turned in the tool, the shapes would lie elsewhere."""
    if result.get("image_rotation", 0) != 0:
        raise SetError(
            f"{where}: expected a picture that is not turned, got {result['image_rotation']} degrees"
        )
    stated = [result.get("original_height"), result.get("original_width")]
    height, width = numbers(stated, f"{where}: original_height and original_width")
    return (int(height), int(width))


def _shapes(kind: str, value: dict[str, Any], hw: tuple[int, int], where: str) -> Iterator[Shape]:
    """One shape for each name: a thing with two names is two labels."""
    for name in _names(value, kind, where):
        if kind == "brushlabels":
            data = numbers(value.get("rle"), f"{where}: rle")
            try:
                runs = runs_of_brush([int(byte) for byte in data], hw)
            except ValueError as error:
                raise SetError(f"{where}: {error}") from error
            yield MaskShape(name=name, where=where, runs=runs)
        elif kind == "polygonlabels":
            points = [
                numbers(point, f"{where}: points", 2)
                for point in _list(value.get("points"), f"{where}: points")
            ]
            ring = tuple((x / 100 * hw[1], y / 100 * hw[0]) for x, y in points)
            yield outline_or_box(name, where, (ring,))
        else:
            stated = [value.get(key) for key in ("x", "y", "width", "height")]
            x, y, width, height = numbers(stated, f"{where}: x, y, width, height")
            (turn,) = numbers([value.get("rotation", 0)], f"{where}: rotation")
            corners = box_around_turned(
                (x / 100 * hw[1], y / 100 * hw[0]), (width / 100 * hw[1], height / 100 * hw[0]), turn
            )
            yield BoxShape(name=name, where=where, corners_xyxy_px=corners)


def box_around_turned(
    corner_xy: tuple[float, float], size_wh: tuple[float, float], degrees: float
) -> tuple[float, float, float, float]:
    """The upright box around a box that was turned clockwise about its upper left corner."""
    turn = math.radians(degrees)
    cos, sin = math.cos(turn), math.sin(turn)
    edges = ((0.0, 0.0), (size_wh[0], 0.0), (0.0, size_wh[1]), size_wh)
    xs = [corner_xy[0] + x * cos - y * sin for x, y in edges]
    ys = [corner_xy[1] + x * sin + y * cos for x, y in edges]
    return (min(xs), min(ys), max(xs), max(ys))


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list) or len(value) < 3:
        raise SetError(f"{where}: expected three or more points, got {value!r}")
    return value
