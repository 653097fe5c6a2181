"""Turns what is known of a photograph into the set of classes that each of its pixels may have.

The known is weak: a box, a class of the whole picture, a mask of one defect. Where nothing is sure the set is empty and
the pixel takes no part in training: a wrong label is worse than none. `python -m training.weak_cache` writes the
sets of a whole split.
"""

from __future__ import annotations

import numpy as np

from grader.types import BoolArray, SurfaceClass, UInt8Array
from training.annotations import read_mask
from training.box_labels import paint_boxes
from training.fruit_shape import box_of
from training.label_canvas import (
    ANY_DEFECT,
    APPLE,
    CROP_BIT,
    GROUND,
    SOUND,
    SURFACE_CLASSES,
    BoxFact,
    LabelCanvas,
    WeakLabel,
    surface_bits,
)
from training.manifest import Photograph
from training.outline import Outline, outline_alone, outline_cut_out
from training.plain_ground import find_ground
from training.shop_labels import paint_shop

__all__ = ["SURFACE_CLASSES", "BoxFact", "WeakLabel", "label_photograph"]

ROT_KINDS = surface_bits(SurfaceClass.ROT, SurfaceClass.BRUISE, SurfaceClass.OTHER)
SCAB_KINDS = surface_bits(SurfaceClass.SCAB, SurfaceClass.SPOTS, SurfaceClass.OTHER)
BLOTCH_KINDS = SCAB_KINDS | surface_bits(SurfaceClass.SOOTY, SurfaceClass.SCAR, SurfaceClass.RUSSET)
# Defects that a picture of `disease_web_kaggle_st4nsb` may show, by its class.
KINDS_OF_IMAGE_CLASS = {"rot": ROT_KINDS, "scab": SCAB_KINDS, "blotch": BLOTCH_KINDS, "normal": 0}


def shows_scab(photo: Photograph) -> bool:
    """Whether its data set says that it shows scab: by the class of the picture, or by the name of its file."""
    return photo.label == "scab" or photo.path.stem.startswith("SCAB")


def label_photograph(photo: Photograph, rgb: UInt8Array) -> WeakLabel:
    """The label sets of one photograph.

    rgb: uint8 (H, W, 3), the picture of `photo` at its own size. Kinds of label that say nothing of pixels (size,
    weight) give empty sets.

    Raises:
        ManifestError: the label's file cannot be read.
    """
    canvas = LabelCanvas((rgb.shape[0], rgb.shape[1]))
    match photo.label_kind:
        case "fruit_and_defect_mask":
            _paint_fruit_and_defect_mask(canvas, photo)
        case "defect_mask":
            _paint_defect_mask(canvas, photo, rgb)
        case "yolo_boxes" | "voc_boxes" | "yolo_boxes_ripeness":
            paint_boxes(canvas, photo, rgb)
        case "image_class":
            _paint_alone(canvas, rgb, SOUND | KINDS_OF_IMAGE_CLASS[photo.label], photo)
        case "turntable_condition":
            _paint_alone(canvas, rgb, _turntable_set(photo.label), photo)
        case "cultivar_sound" | "multi_view":
            _paint_alone(canvas, rgb, SOUND, photo)
        case "variety":
            paint_shop(canvas, photo, rgb)
    return canvas.finish()


def _paint_fruit_and_defect_mask(canvas: LabelCanvas, photo: Photograph) -> None:
    mask = read_mask(photo, canvas.hw)
    fruit = mask > 0
    canvas.paint_ground(~fruit)
    canvas.paint_outline(Outline(mask=fruit, doubtful=np.zeros_like(fruit)), SOUND, APPLE)
    canvas.paint_defect(mask == 2, surface_bits(SurfaceClass.ROT))


def _paint_defect_mask(canvas: LabelCanvas, photo: Photograph, rgb: UInt8Array) -> None:
    defect = read_mask(photo, canvas.hw) > 127
    kinds = SCAB_KINDS if shows_scab(photo) else ROT_KINDS
    _paint_alone(canvas, rgb, SOUND, photo, defect)
    if not canvas.trusted:
        canvas.surface[canvas.surface == 0] = GROUND | SOUND
    canvas.paint_defect(defect, kinds)
    canvas.crop[defect] = APPLE


def _holds(outline: Outline, defect: BoolArray) -> bool:
    """The defect lies in the outline, and the outline is not that of the defect itself."""
    inside = float((outline.mask & defect).sum())
    return bool(0.9 * defect.sum() <= inside <= 0.85 * outline.mask.sum())


def _paint_alone(
    canvas: LabelCanvas, rgb: UInt8Array, surface: int, photo: Photograph, defect: BoolArray | None = None
) -> None:
    """A picture of one fruit without a box. defect: drawn by hand, so it has to lie inside the fruit's outline."""
    ground = find_ground(rgb)
    if photo.label_kind == "turntable_condition" and ground is not None:
        outline = outline_cut_out(ground)
    else:
        outline = outline_alone(rgb, ground)
    if outline is None or (defect is not None and not _holds(outline, defect)):
        return
    if ground is not None:
        canvas.paint_ground(ground.mask)
    canvas.paint_outline(outline, surface, CROP_BIT[photo.crop])
    box = box_of(outline.mask)
    assert box is not None, "a believed outline is not empty"
    if surface == SOUND and photo.label_kind != "defect_mask":
        canvas.facts.append(BoxFact(box_xyxy=box, kinds=ANY_DEFECT, fact="no_defect"))
    elif photo.label_kind == "image_class":
        canvas.facts.append(BoxFact(box_xyxy=box, kinds=surface & ANY_DEFECT, fact="has_defect"))


def _turntable_set(label: str) -> int:
    """What the pixels of a turntable apple may be: `condition;axis=..;frame=..;remark`."""
    condition, remark = label.split(";")[0], label.split(";")[-1]
    kinds = {
        "sound": 0,
        "russet": surface_bits(SurfaceClass.RUSSET, SurfaceClass.OTHER),
        "scab_spots": SCAB_KINDS | BLOTCH_KINDS,
    }.get(condition, ANY_DEFECT)
    if condition == "sound" and remark.split(" ")[0] in ("few", "stem-bowl"):
        kinds = surface_bits(SurfaceClass.SPOTS, SurfaceClass.CRACK, SurfaceClass.OTHER)
    return SOUND | kinds
