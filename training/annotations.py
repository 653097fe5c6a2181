"""Reads what came with a photograph: its boxes, its mask, what a reader noted about shop pictures of melons."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from grader.errors import InvalidImageError
from grader.image_io import read_image
from grader.types import BoolArray, Box, UInt8Array
from training.box_files import LabelledBox, clip_box, read_voc_boxes, read_yolo_boxes
from training.manifest import ManifestError, Photograph

# The classes of YOLO files by number, for the set that has no classes.txt (its SOURCE.json names them).
RIPENESS_NAMES = ("unripe", "ripe")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blemish:
    """box_xyxy_px: rough, +-10 px. is_defect: False for a natural mark such as a ground spot."""

    box_xyxy_px: Box
    is_defect: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """single_fruit: the picture shows one fruit. cut_fruit: it also shows cut pieces. blemishes: rough boxes."""

    single_fruit: bool
    cut_fruit: bool
    blemishes: tuple[Blemish, ...]


def read_boxes(photo: Photograph, hw: tuple[int, int]) -> tuple[LabelledBox, ...]:
    """The boxes of a photograph of size hw = (height, width).

    Raises:
        ManifestError: the file cannot be read as its kind.
    """
    path = _label_file(photo)
    if photo.label_kind == "voc_boxes":
        return read_voc_boxes(path, hw)
    if photo.label_kind == "yolo_boxes_ripeness":
        return read_yolo_boxes(path, RIPENESS_NAMES, hw)
    classes = path.parent.parent / "classes.txt"
    if not classes.is_file():
        raise ManifestError(f"{path}: expected the names of its classes in {classes}, found none")
    return read_yolo_boxes(path, tuple(classes.read_text(encoding="utf-8").split()), hw)


def read_mask(photo: Photograph, hw: tuple[int, int]) -> UInt8Array:
    """The index or binary mask of a photograph, uint8 (H, W), scaled to hw without new values.

    Raises:
        ManifestError: the file is no picture.
    """
    path = _label_file(photo)
    try:
        mask = read_image(path).rgb[:, :, 0]
    except InvalidImageError as error:
        raise ManifestError(f"{path}: expected a mask picture, cannot decode it") from error
    return np.asarray(cv2.resize(mask, (hw[1], hw[0]), interpolation=cv2.INTER_NEAREST), np.uint8)


def read_rot(photo: Photograph, hw: tuple[int, int]) -> BoolArray:
    """Where a mask says that the fruit is rotten, bool (H, W): 2 in a mask of fruit and defect, else what is bright.

    Raises ManifestError as `read_mask`.
    """
    mask = read_mask(photo, hw)
    return mask == 2 if photo.label_kind == "fruit_and_defect_mask" else mask > 127


def read_review(photo: Photograph, hw: tuple[int, int]) -> Review:
    """What was noted about a shop picture in review_scene.csv and review_visible_defects.csv of its set.

    Sets without these files, and pictures that are not in them, give a review without single fruit and blemishes.
    """
    folder = photo.path.parents[2]
    image = photo.path.relative_to(folder).as_posix()
    scene = next((row for row in _rows(folder / "review_scene.csv") if row["image"] == image), None)
    blemishes: list[Blemish] = []
    for row in _rows(folder / "review_visible_defects.csv"):
        if row["image"] == image:
            box = clip_box((float(row["x0"]), float(row["y0"]), float(row["x1"]), float(row["y1"])), hw)
            if box is not None:
                blemishes.append(Blemish(box_xyxy_px=box, is_defect=not row["what"].endswith("NOT_a_defect")))
    return Review(
        single_fruit=scene is not None and scene["scene"].startswith("single"),
        cut_fruit=scene is not None and scene["shows_cut_watermelon_pieces"] == "1",
        blemishes=tuple(blemishes),
    )


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _label_file(photo: Photograph) -> Path:
    if photo.label_file is None:
        raise ManifestError(
            f"{photo.path}: expected a label file for {photo.label_kind}, the list names none"
        )
    return photo.label_file
