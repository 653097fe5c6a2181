"""Reads box annotations: YOLO text files and Pascal VOC files, as boxes in pixels of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from grader.types import Box
from training.manifest import ManifestError


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledBox:
    """box_xyxy_px: half-open, inside the picture. name: the class as the data set calls it."""

    box_xyxy_px: Box
    name: str


def read_yolo_boxes(path: Path, names: tuple[str, ...], hw: tuple[int, int]) -> tuple[LabelledBox, ...]:
    """Lines `class centre_x centre_y width height` (fractions 0-1), or `class x y x y ...` for a polygon.

    Raises:
        ManifestError: a line with other numbers, or a class beyond `names`.
    """
    boxes: list[LabelledBox] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            index, *values = (float(word) for word in line.split())
            name = names[int(index)]
        except (ValueError, IndexError) as error:
            raise ManifestError(
                f"{path}:{number}: expected a class below {len(names)} and numbers, {line!r}"
            ) from error
        if len(values) == 4:
            x, y, width, height = values
            corners = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        elif len(values) >= 6 and len(values) % 2 == 0:
            corners = (min(values[::2]), min(values[1::2]), max(values[::2]), max(values[1::2]))
        else:
            raise ManifestError(
                f"{path}:{number}: expected 4 numbers or a polygon, got {len(values)} numbers"
            )
        box = clip_box((corners[0] * hw[1], corners[1] * hw[0], corners[2] * hw[1], corners[3] * hw[0]), hw)
        if box is not None:
            boxes.append(LabelledBox(box_xyxy_px=box, name=name))
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
    except (ElementTree.ParseError, ValueError) as error:
        raise ManifestError(f"{path}: expected a Pascal VOC file, got {error!r}") from error
    return tuple(boxes)


def clip_box(corners_xyxy: tuple[float, float, float, float], hw: tuple[int, int]) -> Box | None:
    """Rounds corners to pixels inside a picture of `hw`; None when less than 4 pixels are left in a direction."""
    x0, x1 = (min(max(round(value), 0), hw[1]) for value in corners_xyxy[::2])
    y0, y1 = (min(max(round(value), 0), hw[0]) for value in corners_xyxy[1::2])
    return (x0, y0, x1, y1) if x1 - x0 >= 4 and y1 - y0 >= 4 else None
