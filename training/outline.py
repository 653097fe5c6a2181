"""Finds the outline of fruit in a photograph whose boxes, or nothing, are known; says None where it is not sure.

Two ways: a picture on a plain ground is split by its distance to the colour of the ground; any other one by GrabCut
(Rother et al. 2004, cv2.grabCut) started from the ellipse inside a box. An outline is believed only if it looks
like a fruit: solid, near an ellipse, filling its box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from grader.types import BoolArray, Box, UInt8Array
from training.fruit_shape import (
    box_mask,
    box_of,
    box_overlap,
    fill_holes,
    hull_of,
    inscribed_ellipse,
    largest_part,
    looks_like_fruit,
    open_fruit,
    shared_area,
)
from training.plain_ground import OBJECT_DISTANCE, Ground, objects_on_ground

# GrabCut takes most of the time; its outline moves by less than the strip left open when made on larger pictures.
GRABCUT_SIDE_PX = 240
GRABCUT_ROUNDS = 3
# On a plain ground a leaf at the fruit gives solidity 0.97-0.985 and overlap 0.905-0.915, lopsided fruit alone 0.995
# and 0.90 (measured on 22 pictures).
GROUND_SOLIDITY, GROUND_ELLIPSE_OVERLAP = 0.988, 0.885
# Without a box nothing says where the fruit is, so it has to look more like one.
ALONE_OVERLAP = 0.92
# Share of a fruit that is still an object when OBJECT_DISTANCE is this much larger: else its ground is too like it.
STABLE_FACTOR, STABLE_SHARE = 1.6, 0.93
# On a plain ground the outline does not need the box; it only says which object is meant.
MIN_LOOSE_BOX_OVERLAP = 0.60
# Depth of the strip left out along an outline found without box and ground, as a share of its width.
INNER_SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """One believed fruit.

    mask: bool (H, W), the body of the fruit. doubtful: bool (H, W), what may be fruit, stem, leaf or shadow.
    exact: the border of the mask is that of the fruit; else the mask is the inner part of a fruit.
    """

    mask: BoolArray
    doubtful: BoolArray
    exact: bool = True


def outline_alone(rgb: UInt8Array, ground: Ground | None) -> Outline | None:
    """The one fruit of a picture without boxes; None where there is none, several, or no sure outline."""
    height, width = rgb.shape[:2]
    if ground is not None:
        objects = objects_on_ground(ground)
        large = [mask for mask in objects if mask.sum() > 0.15 * objects[0].sum()]
        return _outline_on_ground(large[0], ground) if len(large) == 1 else None
    box = (round(0.1 * width), round(0.1 * height), round(0.9 * width), round(0.9 * height))
    found = _grabcut(rgb, box, (), None, tight=False)
    body = open_fruit(found)
    around = box_of(body)
    if around is None or not 0.08 < body.mean() < 0.85:
        return None
    at_border = around[0] <= 1 or around[1] <= 1 or around[2] >= width - 1 or around[3] >= height - 1
    if at_border or not looks_like_fruit(body, around, min_overlap=ALONE_OVERLAP):
        return None
    # Leaves and twigs join such outlines: only the inner part is believed.
    depth = INNER_SHARE * (around[2] - around[0])
    inner = cv2.distanceTransform(body.astype(np.uint8), cv2.DIST_L2, 5) > depth
    outer = cv2.distanceTransform((~found).astype(np.uint8), cv2.DIST_L2, 5) < depth
    return Outline(mask=inner, doubtful=outer & ~inner, exact=False)


def outline_cut_out(ground: Ground) -> Outline | None:
    """The fruit of a picture whose ground was replaced by white: what is not white is fruit, stem or holder."""
    objects = objects_on_ground(ground)
    if not objects:
        return None
    body = open_fruit(objects[0])
    return Outline(mask=body, doubtful=objects[0] & ~body) if body.any() else None


def outline_in_box(rgb: UInt8Array, box: Box, others: Sequence[Box], ground: Ground | None) -> Outline | None:
    """The fruit that fills `box`; others: boxes of its neighbours."""
    if ground is not None and not any(shared_area(box, other) for other in others):
        for candidate in objects_on_ground(ground):
            around = box_of(open_fruit(candidate))
            if around is not None and box_overlap(around, box) > MIN_LOOSE_BOX_OVERLAP:
                outline = _outline_on_ground(candidate, ground)
                if outline is not None:
                    return outline
    found = _grabcut(rgb, box, others, ground, tight=True)
    body = open_fruit(found)
    doubtful = found & ~body
    if ground is not None:
        if (body & ground.shadow).sum() > 0.04 * body.sum():
            return None
        doubtful |= ground.shadow & box_mask(box, body.shape) & ~body
    return Outline(mask=body, doubtful=doubtful) if looks_like_fruit(body, box) else None


def _outline_on_ground(candidate: BoolArray, ground: Ground) -> Outline | None:
    """Takes stem, leaf and shadow off an object; what is taken off is doubtful."""
    coloured = open_fruit(candidate & ~ground.shadow)
    if coloured.sum() < 0.7 * candidate.sum():
        return None
    # Grey rot at the rim looks like shadow too: what lies within the hull of the coloured part is fruit.
    body = open_fruit(candidate & hull_of(coloured))
    around = box_of(body)
    if around is None or body.sum() < 0.7 * candidate.sum():
        return None
    clear = fill_holes(body & (ground.distance > STABLE_FACTOR * OBJECT_DISTANCE))
    if clear.sum() < STABLE_SHARE * body.sum():
        return None
    solid = body.sum() >= GROUND_SOLIDITY * hull_of(body).sum()
    least = GROUND_ELLIPSE_OVERLAP if solid else ALONE_OVERLAP
    return (
        Outline(mask=body, doubtful=candidate & ~body)
        if looks_like_fruit(body, around, min_overlap=least)
        else None
    )


def _grabcut(
    rgb: UInt8Array, box: Box, others: Sequence[Box], ground: Ground | None, *, tight: bool
) -> BoolArray:
    """tight: nothing outside the box is fruit; else the box is a guess and only the picture's edge is ground."""
    height, width = rgb.shape[:2]
    # Work on the surroundings of the box only: the ground near the fruit is what it must be told from.
    pad_x, pad_y = round(0.3 * (box[2] - box[0])), round(0.3 * (box[3] - box[1]))
    left, top = max(box[0] - pad_x, 0), max(box[1] - pad_y, 0)
    right, bottom = min(box[2] + pad_x, width), min(box[3] + pad_y, height)
    scale = min(1.0, GRABCUT_SIDE_PX / max(right - left, bottom - top))
    window = rgb[top:bottom, left:right]
    size = (max(8, round((right - left) * scale)), max(8, round((bottom - top) * scale)))
    small = cv2.resize(window, size, interpolation=cv2.INTER_AREA)
    hw = (size[1], size[0])

    def shrink(other: Box) -> Box:
        x0, y0, x1, y1 = ((v - o) * scale for v, o in zip(other, (left, top, left, top), strict=True))
        return (round(x0), round(y0), round(x1), round(y1))

    inner = shrink(box)
    seed = np.full(hw, cv2.GC_PR_BGD, np.uint8)
    seed[inscribed_ellipse(inner, hw, 0.95)] = cv2.GC_PR_FGD
    if ground is not None:
        near = cv2.resize(ground.distance[top:bottom, left:right], size, interpolation=cv2.INTER_AREA)
        seed[near < 0.35 * OBJECT_DISTANCE] = cv2.GC_PR_BGD
        dark = cv2.resize(ground.shadow[top:bottom, left:right].astype(np.uint8), size)
        seed[dark > 0] = cv2.GC_PR_BGD
    for other in others:
        seed[inscribed_ellipse(shrink(other), hw, 0.7)] = cv2.GC_BGD
    seed[inscribed_ellipse(inner, hw, 0.6 if tight else 0.35)] = cv2.GC_FGD
    if tight:
        margin = max(1, round(0.02 * max(inner[2] - inner[0], inner[3] - inner[1])))
        outside = np.ones(hw, np.bool_)
        outside[
            max(inner[1] - margin, 0) : inner[3] + margin, max(inner[0] - margin, 0) : inner[2] + margin
        ] = False
        seed[outside] = cv2.GC_BGD
    else:
        edge = max(1, round(0.02 * max(hw)))
        seed[:edge] = seed[-edge:] = seed[:, :edge] = seed[:, -edge:] = cv2.GC_BGD
    if not ((seed == cv2.GC_BGD).any() and (seed == cv2.GC_FGD).any()):
        return np.zeros((height, width), np.bool_)
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(
        cv2.cvtColor(small, cv2.COLOR_RGB2BGR),
        seed,
        (0, 0, 0, 0),
        background,
        foreground,
        GRABCUT_ROUNDS,
        cv2.GC_INIT_WITH_MASK,
    )
    found = ((seed == cv2.GC_FGD) | (seed == cv2.GC_PR_FGD)).astype(np.float32)
    whole = np.zeros((height, width), np.bool_)
    whole[top:bottom, left:right] = (
        cv2.resize(found, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR) > 0.5
    )
    return fill_holes(largest_part(whole))
