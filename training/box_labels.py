"""Label sets of photographs whose fruit have boxes."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import BoolArray, Box, Crop, FloatArray, SurfaceClass, UInt8Array
from training.annotations import read_boxes
from training.box_files import LabelledBox
from training.fruit_shape import box_mask, inscribed_ellipse
from training.label_canvas import (
    ANY_DEFECT,
    CROP_BIT,
    GROUND,
    NO_OBJECT,
    OTHER_OBJECT,
    SOUND,
    SURE_ELLIPSE_SCALE,
    UNKNOWN_FRUIT,
    BoxFact,
    Fact,
    LabelCanvas,
    surface_bits,
)
from training.manifest import ManifestError, Photograph
from training.outline import Outline, outline_in_box
from training.plain_ground import Ground, find_ground, to_lab

# Set and picture size of table scenes in which every fruit has a box, so that what is outside all boxes is ground. The
# web photographs of the same set leave fruit out.
ALL_FRUIT_BOXED = ("freshness3_voc_zijian", (480, 640))
OTHER_PRODUCE = ("_orange", "_banana")
# Where fruit may lack a box, only what is duller than this (chroma, CIELAB) is called ground.
DULL_CHROMA = 28.0
# A chroma (cells of 8 x 8 in a*, b*) is common on fruit when more than this share of its pixels has it.
COMMON_SHARE = 0.004
# Median b* (CIELAB) of an orange is above this, of a red or cream apple below.
ORANGE_YELLOWNESS = 45.0
# Strip around a box in which nothing is called ground, as a share of its side: boxes are drawn by hand.
BOX_MARGIN = 0.04


def paint_boxes(canvas: LabelCanvas, photo: Photograph, rgb: UInt8Array) -> None:
    boxes = read_boxes(photo, canvas.hw)
    ground = find_ground(rgb)
    produce = [box for box in boxes if not box.name.endswith(OTHER_PRODUCE)]
    outlines = [
        outline_in_box(
            rgb, box.box_xyxy_px, [other.box_xyxy_px for other in boxes if other is not box], ground
        )
        for box in produce
    ]
    lab = to_lab(rgb)
    empty = _empty(photo, rgb, ground, produce, outlines)
    canvas.paint_ground(empty)
    for box in boxes:
        canvas.paint(box_mask(box.box_xyxy_px, canvas.hw, BOX_MARGIN), 0, 0, UNKNOWN_FRUIT)
    for box in boxes:
        if box not in produce:
            _paint_other_produce(canvas, box, lab)
    for box in produce:
        canvas.paint(box_mask(box.box_xyxy_px, canvas.hw, BOX_MARGIN), 0, 0, UNKNOWN_FRUIT)
    for box, outline in zip(produce, outlines, strict=True):
        surface, fact = _set_of_box(photo, box.name)
        if outline is not None:
            zone = (
                box_mask(box.box_xyxy_px, canvas.hw, BOX_MARGIN) & ~outline.mask & (canvas.crop == 0) & empty
            )
            for other in boxes:
                if other is not box:
                    zone &= ~box_mask(other.box_xyxy_px, canvas.hw, BOX_MARGIN)
            canvas.paint_ground(zone)
            canvas.paint_outline(outline, surface, CROP_BIT[photo.crop])
        elif photo.crop is Crop.APPLE:
            hidden = ground.mask if ground is not None else np.zeros(canvas.hw, np.bool_)
            for other in boxes:
                if other not in produce:
                    hidden |= box_mask(other.box_xyxy_px, canvas.hw, 0)
            canvas.paint_guess(box.box_xyxy_px, hidden, surface, CROP_BIT[photo.crop])
        else:
            continue  # leaves hang over melons on the vine: the middle of a box is no sure fruit
        canvas.surface[_leafy(lab, box.box_xyxy_px, canvas.hw) & (canvas.instance == canvas.fruit)] = 0
        if fact is not None:
            canvas.facts.append(BoxFact(box_xyxy=box.box_xyxy_px, kinds=fact[1], fact=fact[0]))


def _paint_other_produce(canvas: LabelCanvas, box: LabelledBox, lab: FloatArray) -> None:
    """An orange or banana is ground to the grader. A box called orange that is not orange holds something else."""
    middle = inscribed_ellipse(box.box_xyxy_px, canvas.hw, SURE_ELLIPSE_SCALE)
    orange = box.name.endswith("_orange")
    if orange and float(np.median(lab[middle, 2])) < ORANGE_YELLOWNESS:
        return
    canvas.paint(box_mask(box.box_xyxy_px, canvas.hw, 0), GROUND, NO_OBJECT | OTHER_OBJECT, 0)
    if orange:
        canvas.paint(middle, GROUND, OTHER_OBJECT, 0)


def _leafy(lab: FloatArray, box: Box, hw: tuple[int, int]) -> BoolArray:
    """Pixels that may be a leaf over the fruit in a box: green, and darker or much greener than the fruit's middle."""
    middle = np.median(lab[inscribed_ellipse(box, hw, 0.7)], axis=0)
    green = lab[..., 1] < -8
    leafy = green & ((lab[..., 0] < middle[0] - 12) | (middle[1] > 8))
    return np.asarray(
        cv2.morphologyEx(leafy.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), np.bool_
    )


def _set_of_box(photo: Photograph, name: str) -> tuple[int, tuple[Fact, int] | None]:
    """What the pixels of a boxed fruit of this class may be, and what is known of the box."""
    match name:
        case "normal_apple" if photo.label_kind == "voc_boxes":  # there: between fresh and rotten
            rot = surface_bits(SurfaceClass.ROT)
            return SOUND | ANY_DEFECT & ~rot, ("no_defect", rot)
        case "fresh" | "fresh_apple" | "normal_apple":
            return SOUND, ("no_defect", ANY_DEFECT)
        case "unripe" | "ripe":
            return SOUND, None
        case "not_fresh" | "rotten_apple":
            return SOUND | ANY_DEFECT, ("has_defect", ANY_DEFECT)
        case _:
            raise ManifestError(f"{photo.label_file}: unknown class {name!r} of a box")


def _empty(
    photo: Photograph,
    rgb: UInt8Array,
    ground: Ground | None,
    boxes: list[LabelledBox],
    outlines: list[Outline | None],
) -> BoolArray:
    """Where there is surely no fruit besides the boxed ones: plain ground, or colours that are not the fruit's."""
    if (photo.dataset, rgb.shape[:2]) == ALL_FRUIT_BOXED:
        return np.ones(rgb.shape[:2], np.bool_)
    if ground is not None:
        return ground.mask
    fruit = np.zeros(rgb.shape[:2], np.bool_)
    for box, outline in zip(boxes, outlines, strict=True):
        middle = inscribed_ellipse(box.box_xyxy_px, (rgb.shape[0], rgb.shape[1]), SURE_ELLIPSE_SCALE)
        fruit |= middle if outline is None else outline.mask
    lab = to_lab(rgb)
    side = max(3, round(0.02 * max(fruit.shape)))
    vivid = np.hypot(lab[..., 1], lab[..., 2]) > DULL_CHROMA
    vivid = np.asarray(cv2.dilate(vivid.astype(np.uint8), np.ones((side, side), np.uint8)), np.bool_)
    return ~_resembles(lab, fruit) & ~vivid


def _resembles(lab: FloatArray, fruit: BoolArray) -> BoolArray:
    """Pixels whose chroma is common on the fruit: perhaps another fruit that has no box."""
    chroma = np.clip(((lab[..., 1:] + 128) / 8).astype(np.int64), 0, 31)
    codes = chroma[..., 0] * 32 + chroma[..., 1]
    counts = np.bincount(codes[fruit], minlength=1024).reshape(32, 32).astype(np.float32)
    common = np.asarray(cv2.GaussianBlur(counts, (0, 0), 0.8), np.float32) / max(float(fruit.sum()), 1.0)
    like = (common.reshape(-1)[codes] > COMMON_SHARE).astype(np.uint8)
    side = max(3, round(0.02 * max(lab.shape[:2])))
    opened = cv2.morphologyEx(like, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.dilate(opened, np.ones((side, side), np.uint8)), np.bool_)
