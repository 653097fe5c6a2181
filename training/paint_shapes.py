"""Turns the labels of an imported picture into the set of classes that each of its pixels may have (decision 0002).

Polygons and masks are believed, boxes and classes of whole pictures stay weak: a box called rot holds some rot, a
picture called rotten shows some. What a set never labels stays possible everywhere on the fruit; what it does label is
not where it is not labelled.
"""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import BoolArray, Box, Crop, UInt8Array
from training.box_files import clip_box
from training.box_labels import BOX_MARGIN
from training.class_names import Meaning, Role, merge
from training.fruit_shape import box_mask, box_of, hull_of
from training.label_canvas import (
    ANY_DEFECT,
    CROP_BIT,
    GROUND,
    NO_OBJECT,
    OTHER_OBJECT,
    UNKNOWN_FRUIT,
    BoxFact,
    LabelCanvas,
    WeakLabel,
)
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, Shape
from training.outline import Outline, outline_alone, outline_in_box
from training.plain_ground import find_ground
from training.set_meaning import ANY_FRUIT, LANDMARK_BIT, SKIN, SetMeaning, kind_bits

ONE_FRUIT_SOLIDITY = 0.9
"""A connected part of an index mask that fills less of its hull may be several fruit that touch."""
ON_FRUIT = (Role.FRUIT, Role.DEFECT, Role.STEM, Role.CALYX)


def paint_picture(picture: LabelledPicture, rgb: UInt8Array, said: SetMeaning) -> WeakLabel:
    """The label sets of one picture whose labels were checked. rgb: uint8 (H, W, 3), upright."""
    canvas = LabelCanvas((rgb.shape[0], rgb.shape[1]))
    whole = merge([said.meanings[name] for name in picture.classes])
    if picture.complete:
        _paint_exact(canvas, picture, said, whole)
    elif not picture.shapes and whole is not None:
        _paint_whole(canvas, rgb, said, whole)
    else:
        _paint_drawn(canvas, picture, rgb, said, whole)
    return canvas.finish()


def _paint_whole(canvas: LabelCanvas, rgb: UInt8Array, said: SetMeaning, whole: Meaning) -> None:
    """A picture of one thing that only has a class. Where its outline is not sure, what it cannot be is still known."""
    everywhere = np.ones(canvas.hw, np.bool_)
    if whole.role is Role.IGNORE:
        return
    if whole.role is Role.BACKGROUND:
        canvas.paint_ground(everywhere)
        return
    if whole.role is Role.OBJECT:
        canvas.paint(everywhere, GROUND, NO_OBJECT | OTHER_OBJECT, 0)
        return
    skin, crop = said.skin(whole), said.crop_bits(whole.crop)
    ground = find_ground(rgb)
    outline = outline_alone(rgb, ground)
    canvas.paint(everywhere, GROUND | skin, said.ground_crop | crop, UNKNOWN_FRUIT)
    if outline is None:
        return
    if ground is not None:
        canvas.paint(ground.mask, GROUND, said.ground_crop, 0)
    canvas.paint_outline(outline, skin, crop)
    box = box_of(outline.mask)
    assert box is not None, "a believed outline is not empty"
    _note(canvas, box, whole)


def _paint_drawn(
    canvas: LabelCanvas, picture: LabelledPicture, rgb: UInt8Array, said: SetMeaning, whole: Meaning | None
) -> None:
    by_role: dict[Role, list[Shape]] = {role: [] for role in Role}
    for shape in picture.shapes:
        by_role[said.meanings[shape.name].role].append(shape)
    everywhere = np.ones(canvas.hw, np.bool_)
    named = [said.meanings[shape.name].crop for shape in by_role[Role.FRUIT]] or [None]
    crop = 0
    for one in named:
        crop |= said.crop_bits(one or (whole.crop if whole else None))
    if said.labels_fruit:
        canvas.paint(everywhere, GROUND, said.ground_crop, 0)
    else:
        canvas.paint(everywhere, GROUND | said.skin(whole), said.ground_crop | crop, UNKNOWN_FRUIT)
    for shape in by_role[Role.OBJECT]:
        nothing = NO_OBJECT if isinstance(shape, BoxShape) else 0
        canvas.paint(mask_of(shape, canvas.hw), GROUND, OTHER_OBJECT | nothing, 0)
    _paint_fruit(canvas, by_role[Role.FRUIT], rgb, said, whole)
    for shape in by_role[Role.DEFECT]:
        _paint_defect(canvas, shape, said, crop)
    for role, bit in LANDMARK_BIT.items():
        for shape in by_role[role]:
            _paint_landmark(canvas, shape, bit, crop)
    for shape in by_role[Role.BACKGROUND]:
        if not isinstance(shape, BoxShape):
            canvas.paint(mask_of(shape, canvas.hw), GROUND, said.ground_crop, 0)
    for shape in by_role[Role.IGNORE]:
        canvas.paint(mask_of(shape, canvas.hw), 0, 0, UNKNOWN_FRUIT)


def _paint_fruit(
    canvas: LabelCanvas, fruit: list[Shape], rgb: UInt8Array, said: SetMeaning, whole: Meaning | None
) -> None:
    boxes = [box for shape in fruit if (box := _box(shape, canvas.hw)) is not None]
    boxed = any(isinstance(shape, BoxShape) for shape in fruit)
    ground = find_ground(rgb) if boxed else None
    for box in boxes:
        canvas.paint(box_mask(box, canvas.hw, BOX_MARGIN), 0, 0, UNKNOWN_FRUIT)
    for shape in fruit:
        meaning = _with_class(said.meanings[shape.name], whole, alone=len(fruit) == 1)
        skin, crop = said.skin(meaning), said.crop_bits(meaning.crop)
        if isinstance(shape, BoxShape):
            around = _box(shape, canvas.hw)
            if around is None:  # too small to be seen at this size
                continue
            box = around
            others = [other for other in boxes if other != box]
            outline = outline_in_box(rgb, box, others, ground)
            if outline is not None:
                _ground_around(canvas, box, others, outline, said)
                canvas.paint_outline(outline, skin, crop)
            elif (
                crop == CROP_BIT[Crop.APPLE]
            ):  # leaves hang over melons: the middle of a box is no sure fruit
                hidden = ground.mask if ground is not None else np.zeros(canvas.hw, np.bool_)
                canvas.paint_guess(box, hidden, skin, crop)
        else:
            mask = mask_of(shape, canvas.hw)
            found = box_of(mask)
            if found is None:
                continue
            box = found
            canvas.paint_outline(Outline(mask=mask, doubtful=np.zeros_like(mask)), skin, crop)
        _note(canvas, box, meaning)


def _ground_around(
    canvas: LabelCanvas, box: Box, others: list[Box], outline: Outline, said: SetMeaning
) -> None:
    """The corners of a fruit's box are ground, where nothing else may be."""
    zone = box_mask(box, canvas.hw, BOX_MARGIN) & ~outline.mask & (canvas.surface == 0)
    for other in others:
        zone &= ~box_mask(other, canvas.hw, BOX_MARGIN)
    canvas.paint(zone, GROUND, said.ground_crop, 0)


def _with_class(meaning: Meaning, whole: Meaning | None, *, alone: bool) -> Meaning:
    """A fruit together with the class of its picture, which speaks of every crop and of the only fruit."""
    if whole is None or whole.role not in ON_FRUIT:
        return meaning
    said = bool(meaning.kinds) or meaning.sound
    speaks = not said and (alone or whole.sound)
    return Meaning(
        role=Role.FRUIT,
        crop=meaning.crop or whole.crop,
        kinds=whole.kinds if speaks else meaning.kinds,
        sound=whole.sound if speaks else meaning.sound,
    )


def _note(canvas: LabelCanvas, box: Box, meaning: Meaning) -> None:
    if meaning.sound:
        canvas.facts.append(BoxFact(box_xyxy=box, kinds=ANY_DEFECT, fact="no_defect"))
    elif meaning.kinds:
        canvas.facts.append(BoxFact(box_xyxy=box, kinds=kind_bits(meaning.kinds), fact="has_defect"))


def _paint_defect(canvas: LabelCanvas, shape: Shape, said: SetMeaning, crop: int) -> None:
    """A drawn defect lies on fruit. Where the set says that no fruit is, one of the two labels is wrong: unknown."""
    mask, kinds = mask_of(shape, canvas.hw), kind_bits(said.meanings[shape.name].kinds)
    if isinstance(shape, BoxShape):
        canvas.surface[mask & ((canvas.surface & ANY_FRUIT) > 0)] |= kinds
        box = box_of(mask)
        if box is not None:
            canvas.facts.append(BoxFact(box_xyxy=box, kinds=kinds, fact="has_defect"))
        return
    off_fruit = mask & (canvas.instance == 0)
    open_crop = mask & (canvas.crop == 0) if said.labels_fruit else mask
    canvas.crop[open_crop] = crop
    canvas.paint_defect(mask, kinds)
    canvas.paint(off_fruit, 0, 0, UNKNOWN_FRUIT)


def _paint_landmark(canvas: LabelCanvas, shape: Shape, bit: int, crop: int) -> None:
    """A stem may stand out of the fruit: there it may be ground too."""
    mask = mask_of(shape, canvas.hw)
    if isinstance(shape, BoxShape):
        canvas.surface[mask & ((canvas.surface & SKIN) > 0)] |= bit
        return
    outside = mask & ((canvas.surface & GROUND) > 0)
    canvas.surface[mask] = bit
    canvas.surface[outside] |= GROUND
    canvas.crop[outside] |= crop
    canvas.instance[outside] = UNKNOWN_FRUIT


def _paint_exact(
    canvas: LabelCanvas, picture: LabelledPicture, said: SetMeaning, whole: Meaning | None
) -> None:
    """An index mask: each pixel has the one class that its value says."""
    fruit = np.zeros(canvas.hw, np.bool_)
    crops = np.zeros(canvas.hw, np.uint8)
    for shape in picture.shapes:
        mask, meaning = mask_of(shape, canvas.hw), said.meanings[shape.name]
        match meaning.role:
            case Role.BACKGROUND:
                canvas.paint(mask, GROUND, said.ground_crop, 0)
            case Role.OBJECT:
                canvas.paint(mask, GROUND, OTHER_OBJECT, 0)
            case Role.FRUIT:
                canvas.surface[mask] = said.skin(meaning)
                crops[mask] = CROP_BIT[meaning.crop] if meaning.crop else 0
            case Role.DEFECT:
                canvas.surface[mask] = kind_bits(meaning.kinds)
            case Role.STEM | Role.CALYX:
                canvas.surface[mask] = LANDMARK_BIT[meaning.role]
        if meaning.role in ON_FRUIT:
            fruit |= mask
    count, parts = cv2.connectedComponents(fruit.astype(np.uint8))
    for number in range(1, count):
        part = np.asarray(parts == number)
        stated = {int(bits) for bits in np.unique(crops[part]) if bits}
        canvas.crop[part] = (
            stated.pop() if len(stated) == 1 else said.crop_bits(whole.crop if whole else None)
        )
        canvas.fruit += 1
        one = part.sum() >= ONE_FRUIT_SOLIDITY * hull_of(part).sum()
        canvas.trusted += int(one)
        canvas.instance[part] = number if one and number < UNKNOWN_FRUIT else UNKNOWN_FRUIT


def _box(shape: Shape, hw: tuple[int, int]) -> Box | None:
    return clip_box(shape.corners_xyxy_px, hw) if isinstance(shape, BoxShape) else None


def mask_of(shape: Shape, hw: tuple[int, int]) -> BoolArray:
    """bool (H, W), the pixels of a shape. A polygon's pixels are those whose middle it holds, and its edge."""
    if isinstance(shape, MaskShape):
        return shape.runs.to_mask()
    if isinstance(shape, BoxShape):
        box = _box(shape, hw)
        return np.zeros(hw, np.bool_) if box is None else box_mask(box, hw)
    mask = np.zeros(hw, np.uint8)
    for ring in shape.rings_xy_px:
        points = np.round((np.array(ring) - 0.5) * 16).astype(np.int32)
        part = np.zeros(hw, np.uint8)
        cv2.fillPoly(part, [points], 1, shift=4)
        mask |= part
    return np.asarray(mask, np.bool_)
