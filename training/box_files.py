"""Reads box annotations: YOLO text files and Pascal VOC files, as boxes in pixels of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import defusedxml
from defusedxml import ElementTree

from grader.types import Box
from training.manifest import ManifestError

LEAST_SIDE_PX = 4
"""A box of fewer pixels in one direction is a slip of the hand; training would not see it either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """box_xyxy_px: half-open, inside the picture. name: the class as the data set calls it."""

    box_xyxy_px: Box
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YoloLine:
    """One label of a YOLO file. points_xy: fractions 0-1 of width and height; two are the corners of a box, three and
    more a polygon."""

    number: int
    name: str
    points_xy: tuple[tuple[float, float], ...]


def read_yolo_lines(path: Path, names: tuple[str, ...]) -> tuple[tuple[YoloLine, ...], tuple[str, ...]]:
    """Lines `class centre_x centre_y width height` (fractions 0-1), or `class x y x y ...` for a polygon.

    Returns the labels, and a message with file and line for every line that is none.
    """
    lines: list[YoloLine] = []
    problems: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            index, *values = (float(word) for word in line.split())
            if index < 0 or not index.is_integer() or not all(map(isfinite, values)):
                raise ValueError(line)
            name = names[int(index)]
        except (ValueError, IndexError):
            problems.append(f"{path}:{number}: expected a class below {len(names)} and numbers, {line!r}")
            continue
        if len(values) == 4:
            x, y, width, height = values
            points = ((x - width / 2, y - height / 2), (x + width / 2, y + height / 2))
        elif len(values) >= 6 and len(values) % 2 == 0:
            points = tuple(zip(values[::2], values[1::2], strict=True))
        else:
            problems.append(f"{path}:{number}: expected 4 numbers or a polygon, got {len(values)} numbers")
            continue
        lines.append(YoloLine(number=number, name=name, points_xy=points))
    return tuple(lines), tuple(problems)


def read_yolo_boxes(path: Path, names: tuple[str, ...], hw: tuple[int, int]) -> tuple[LabelledBox, ...]:
    """Boxes, and the boxes around polygons, of a YOLO file (`read_yolo_lines`).

    Raises:
        ManifestError: a line with other numbers, or a class beyond `names`.
    """
    lines, problems = read_yolo_lines(path, names)
    if problems:
        raise ManifestError(problems[0])
    boxes: list[LabelledBox] = []
    for line in lines:
        xs, ys = zip(*line.points_xy, strict=True)
        box = clip_box((min(xs) * hw[1], min(ys) * hw[0], max(xs) * hw[1], max(ys) * hw[0]), hw)
        if box is not None:
            boxes.append(LabelledBox(box_xyxy_px=box, name=line.name))
    return tuple(boxes)


def read_voc_boxes(path: Path, hw: tuple[int, int]) -> tuple[LabelledBox, ...]:
    """Boxes of a Pascal VOC file; its coordinates are pixels of the size that it states (of `hw` if it states 0).

    Raises:
        ManifestError: the file is no such XML.
    """
    try:
        root = ElementTree.parse(path).getroot()
        width = float(root.findtext("size/width") or 0) or hw[1]
        height = float(root.findtext("size/height") or 0) or hw[0]
        boxes: list[LabelledBox] = []
        for item in root.iter("object"):
            x0, y0, x1, y1 = (
                float(item.findtext(f"bndbox/{key}") or "") for key in ("xmin", "ymin", "xmax", "ymax")
            )
            scale_x, scale_y = hw[1] / width, hw[0] / height
            box = clip_box((x0 * scale_x, y0 * scale_y, x1 * scale_x, y1 * scale_y), hw)
            if box is not None:
                boxes.append(LabelledBox(box_xyxy_px=box, name=item.findtext("name") or ""))
    except (ElementTree.ParseError, defusedxml.DefusedXmlException, ValueError) as error:
        raise ManifestError(f"{path}: expected a Pascal VOC file, got {error!r}") from error
    return tuple(boxes)


def clip_box(corners_xyxy: tuple[float, float, float, float], hw: tuple[int, int]) -> Box | None:
    """Rounds corners to pixels inside a picture of `hw`; None when less than LEAST_SIDE_PX are left in one."""
    x0, x1 = (min(max(round(value), 0), hw[1]) for value in corners_xyxy[::2])
    y0, y1 = (min(max(round(value), 0), hw[0]) for value in corners_xyxy[1::2])
    return (x0, y0, x1, y1) if min(x1 - x0, y1 - y0) >= LEAST_SIDE_PX else None
