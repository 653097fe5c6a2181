"""COCO JSON: boxes, polygons and run-length masks of things."""

from __future__ import annotations

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
from training.mask_runs import runs_of_coco
from training.set_pictures import SetPictures

CROWD = "ignore"
"""What a region of things that were not told apart (`iscrowd`) is called here."""


def read_coco(path: Path, pictures: SetPictures) -> LabelledSet:
    """Everything in a COCO file. An image without annotations shows nothing of the set's classes.

    Raises SetError when the file as a whole cannot be read; faults of single labels are `problems`.
    """
    content = table(read_json(path), str(path))
    names = {
        _id(item, f"{path}: categories"): text(item.get("name"), f"{path}: category {item.get('id')}")
        for item in tables(content.get("categories", []), f"{path}: categories")
    }
    images = tables(content.get("images"), f"{path}: images")
    known = {_id(image, f"{path}: images") for image in images}
    problems: list[str] = []
    shapes: dict[object, list[Shape]] = {}
    for item in tables(content.get("annotations", []), f"{path}: annotations"):
        where = f"{path.name}: annotation {item.get('id')}"
        try:
            if _id(item, where, "image_id") not in known:
                raise SetError(f"{where}: expected the id of an image, got {item.get('image_id')!r}")
            if _id(item, where, "category_id") not in names:
                raise SetError(f"{where}: expected the id of a category, got {item.get('category_id')!r}")
            name = CROWD if item.get("iscrowd") == 1 else names[item["category_id"]]
            shapes.setdefault(item["image_id"], []).append(_shape(item, name, where))
        except SetError as error:
            problems.append(str(error))
    found: list[LabelledPicture] = []
    for image in images:
        where = f"{path.name}: image {image.get('id')}"
        try:
            picture, wrong = pictures.find(text(image.get("file_name"), f"{where}: file_name"))
            if picture is None:
                raise SetError(f"{where}: {wrong}")
            found.append(
                LabelledPicture(
                    path=picture,
                    name=pictures.name_of(picture),
                    where=where,
                    hw=_hw(image, where),
                    shapes=tuple(shapes.get(image.get("id"), ())),
                )
            )
        except SetError as error:
            problems.append(str(error))
    return LabelledSet(pictures=tuple(found), names=tuple(names.values()), problems=tuple(problems))


def _id(item: dict[str, Any], where: str, key: str = "id") -> int | str:
    value = item.get(key)
    if not isinstance(value, int | str):
        raise SetError(f"{where}: expected a number as {key}, got {value!r}")
    return value


def _hw(image: dict[str, Any], where: str) -> tuple[int, int] | None:
    if image.get("height") is None and image.get("width") is None:
        return None
    height, width = numbers([image.get("height"), image.get("width")], f"{where}: height and width")
    return (int(height), int(width))


def _shape(item: dict[str, Any], name: str, where: str) -> Shape:
    drawn = item.get("segmentation")
    if isinstance(drawn, dict):
        size = numbers(drawn.get("size"), f"{where}: size", 2)
        counts = drawn.get("counts")
        if not isinstance(counts, str):
            counts = [int(count) for count in numbers(counts, f"{where}: counts")]
        try:
            runs = runs_of_coco(counts, (int(size[0]), int(size[1])))
        except ValueError as error:
            raise SetError(f"{where}: {error}") from error
        return MaskShape(name=name, where=where, runs=runs)
    if drawn:
        rings = []
        for part in drawn if isinstance(drawn, list) else [drawn]:
            values = numbers(part, f"{where}: segmentation")
            if len(values) < 6 or len(values) % 2:
                raise SetError(
                    f"{where}: expected three or more points (x, y) in a polygon, got {len(values)} numbers"
                )
            rings.append(tuple(zip(values[::2], values[1::2], strict=True)))
        return outline_or_box(name, where, tuple(rings))
    x, y, width, height = numbers(item.get("bbox"), f"{where}: bbox", 4)
    return BoxShape(name=name, where=where, corners_xyxy_px=(x, y, x + width, y + height))
