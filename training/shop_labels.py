"""Label sets of shop photographs: sound produce of one kind, in crates or in a hand, without boxes."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import Crop, UInt8Array
from training.annotations import read_review
from training.fruit_shape import box_mask
from training.label_canvas import (
    ANY_DEFECT,
    CROP_BIT,
    GROUND,
    NO_OBJECT,
    OTHER_OBJECT,
    SOUND,
    UNKNOWN_FRUIT,
    BoxFact,
    LabelCanvas,
)
from training.manifest import Photograph
from training.outline import outline_alone
from training.plain_ground import find_ground, to_lab

# Shop pictures of the `train` part with one apple in a hand (seen).
SINGLE_APPLE = frozenset(
    f"{variety}_{number:03}"
    for variety, numbers in {
        "Golden-Delicious": (1, 20, 23, 25, 29, 31, 37),
        "Granny-Smith": (15, 17, 21, 24, 33, 40, 50, 59),
        "Pink-Lady": (1, 16, 34, 43, 44, 48, 59),
        "Red-Delicious": (1, 34),
        "Royal-Gala": (5, 7, 23, 25, 26, 55),
    }.items()
    for number in numbers
)
# In the middle of a shop picture, what is as vivid as this (chroma, CIELAB) is the fruit: crates, hands and the gaps
# between fruit are duller. Netted and dark green melons are not vivid.
VIVID_CHROMA = 45.0
VIVID_MIDDLE = 0.7
DULL_KINDS = frozenset({"Cantaloupe", "Watermelon"})


def paint_shop(canvas: LabelCanvas, photo: Photograph, rgb: UInt8Array) -> None:
    """Shop pictures: sound produce of one kind, in crates or in a hand."""
    crop = CROP_BIT[photo.crop]
    part = photo.path.parts[-3]
    review = read_review(photo, canvas.hw)
    if review.cut_fruit or (part == "iconic" and photo.crop is Crop.MELON):  # these are cut, too
        return
    alone = review.single_fruit or part == "iconic" or (part == "train" and photo.path.stem in SINGLE_APPLE)
    ground = find_ground(rgb) if alone else None
    outline = outline_alone(rgb, ground) if alone else None
    if outline is not None:
        if ground is not None:
            canvas.paint_ground(ground.mask)
        canvas.paint_outline(outline, SOUND, crop)
    unknown = canvas.surface == 0
    canvas.paint(unknown, GROUND | SOUND, NO_OBJECT | OTHER_OBJECT | crop, UNKNOWN_FRUIT)
    if outline is None and photo.label not in DULL_KINDS and not review.single_fruit:
        vivid = (
            np.hypot(
                *np.moveaxis(to_lab(np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.5), np.uint8))[..., 1:], 2, 0)
            )
            > VIVID_CHROMA
        )
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
        vivid = np.asarray(cv2.erode(vivid.astype(np.uint8), disc), np.bool_)
        height, width = canvas.hw
        x, y = round((1 - VIVID_MIDDLE) / 2 * width), round((1 - VIVID_MIDDLE) / 2 * height)
        middle = box_mask((x, y, width - x, height - y), canvas.hw, 0)
        canvas.paint(vivid & middle, SOUND, crop, UNKNOWN_FRUIT)
    for blemish in review.blemishes:
        if blemish.is_defect:
            canvas.surface[box_mask(blemish.box_xyxy_px, canvas.hw, 0.15)] = 0
            canvas.facts.append(BoxFact(box_xyxy=blemish.box_xyxy_px, kinds=ANY_DEFECT, fact="has_defect"))
