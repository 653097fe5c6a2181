"""Small pictures for people: a fruit cut out, with what is true and what was called painted in the same colours."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from grader.overlay_words import DEFECT_COLOURS, Rgb
from grader.types import BoolArray, Box, DefectKind, SurfaceClass, UInt8Array
from training.worst_cases import Shown

SIDE_PX = 360
"""Long side of every picture."""
MARGIN = 0.08
"""Surroundings shown on each side, as a share of the long side of the fruit."""
OPACITY = 0.3
OUTLINE_COLOUR: Rgb = (255, 255, 255)
SOUND_COLOUR: Rgb = (0, 178, 125)
ROTTEN_COLOUR: Rgb = (255, 0, 168)

RING_COLOUR: Rgb = (255, 214, 0)
RING_AIR_PX = 7

ColouredBox = tuple[Box, Rgb]
Ring = tuple[int, int, int]


def mask_pictures(
    rgb: UInt8Array, truth: UInt8Array | None, called: UInt8Array, pointed_at: BoolArray | None = None
) -> Shown:
    """The fruit with the masks of truth and answer.

    rgb: uint8 (H, W, 3). truth, called: uint8 (H, W), values of `SurfaceClass`; truth None: it has no place.
    pointed_at: bool (H, W), what the case is about, gets a ring in all pictures; None: the whole fruit.
    """
    marked = called > 0 if truth is None else (called > 0) | (truth > 0)
    part = _around(marked)
    picture = _sized(rgb[part], cv2.INTER_AREA)
    ring = (
        None if pointed_at is None else _ring_around(pointed_at[part], picture.shape[1] / rgb[part].shape[1])
    )
    return Shown(
        picture=_ringed(picture, ring),
        truth=None
        if truth is None
        else _ringed(_painted(picture, _sized(truth[part], cv2.INTER_NEAREST)), ring),
        called=_ringed(_painted(picture, _sized(called[part], cv2.INTER_NEAREST)), ring),
    )


def box_pictures(rgb: UInt8Array, truth: Sequence[ColouredBox], called: Sequence[ColouredBox]) -> Shown:
    """The whole picture, uint8 (H, W, 3), with the boxes of truth and answer; boxes are half-open, in its pixels."""
    picture = _sized(rgb, cv2.INTER_AREA)
    scale = picture.shape[1] / rgb.shape[1]
    return Shown(picture=picture, truth=_boxed(picture, truth, scale), called=_boxed(picture, called, scale))


def light_pictures(before: UInt8Array, after: UInt8Array, called: tuple[UInt8Array, UInt8Array]) -> Shown:
    """One fruit before and after a change of the light: the new picture, what was called before, what after.

    before, after: uint8 (H, W, 3). called: the index masks of both, uint8 (H, W).
    """
    part = _around((called[0] > 0) | (called[1] > 0))
    old, new = (_sized(rgb[part], cv2.INTER_AREA) for rgb in (before, after))
    masks = [_sized(mask[part], cv2.INTER_NEAREST) for mask in called]
    return Shown(picture=new, truth=_painted(old, masks[0]), called=_painted(new, masks[1]))


def _around(marked: BoolArray) -> tuple[slice, slice]:
    """What is marked with a margin; everything where nothing is marked."""
    rows, cols = np.flatnonzero(marked.any(axis=1)), np.flatnonzero(marked.any(axis=0))
    if rows.size == 0:
        return slice(0, marked.shape[0]), slice(0, marked.shape[1])
    margin = round(MARGIN * max(rows[-1] - rows[0], cols[-1] - cols[0])) + 2
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + 1 + margin),
        slice(max(int(cols[0]) - margin, 0), int(cols[-1]) + 1 + margin),
    )


def _sized(image: UInt8Array, shrinking: int) -> UInt8Array:
    """Long side `SIDE_PX`. shrinking: how to go down; up it is cubic, or nearest for masks."""
    height, width = image.shape[:2]
    scale = SIDE_PX / max(height, width)
    growing = shrinking if shrinking == cv2.INTER_NEAREST else cv2.INTER_CUBIC
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(np.ascontiguousarray(image), size, interpolation=shrinking if scale < 1 else growing)
    return np.asarray(resized, np.uint8)


def _painted(picture: UInt8Array, index: UInt8Array) -> UInt8Array:
    """Defects tinted in the colours of `overlay_words.py`; stem, calyx and the fruit outlined in white."""
    canvas = picture.copy()
    for kind in DefectKind:
        where = index == kind.surface_class
        if where.any():
            tint = np.array(DEFECT_COLOURS[kind], np.float32) * OPACITY
            canvas[where] = np.round(canvas[where] * (1 - OPACITY) + tint).astype(np.uint8)
            _outline(canvas, where, DEFECT_COLOURS[kind], 1)
    for place in (SurfaceClass.STEM, SurfaceClass.CALYX):
        _outline(canvas, index == place, OUTLINE_COLOUR, 1)
    if (index == SurfaceClass.SOUND_SKIN).any():
        _outline(canvas, index > 0, OUTLINE_COLOUR, 2)
    return canvas


def _outline(canvas: UInt8Array, where: BoolArray, colour: Rgb, line_px: int) -> None:
    contours, _ = cv2.findContours(where.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(canvas, contours, -1, colour, line_px, cv2.LINE_AA)


def _ring_around(where: BoolArray, scale: float) -> Ring | None:
    """Middle and radius, in px of the picture shown, of a ring that leaves some air around a place."""
    rows, cols = np.nonzero(where)
    if rows.size == 0:
        return None
    middle = (cols.min() + cols.max() + 1) / 2, (rows.min() + rows.max() + 1) / 2
    reach = float(np.hypot(np.ptp(cols) + 1, np.ptp(rows) + 1)) / 2
    return round(middle[0] * scale), round(middle[1] * scale), round(reach * scale) + RING_AIR_PX


def _ringed(picture: UInt8Array, ring: Ring | None) -> UInt8Array:
    if ring is None:
        return picture
    canvas = picture.copy()
    cv2.circle(canvas, ring[:2], ring[2], (20, 22, 24), 5, cv2.LINE_AA)
    cv2.circle(canvas, ring[:2], ring[2], RING_COLOUR, 2, cv2.LINE_AA)
    return canvas


def _boxed(picture: UInt8Array, boxes: Sequence[ColouredBox], scale: float) -> UInt8Array:
    canvas = picture.copy()
    for box, colour in boxes:
        x0, y0, x1, y1 = (round(value * scale) for value in box)
        cv2.rectangle(canvas, (x0, y0), (x1 - 1, y1 - 1), colour, 2, cv2.LINE_AA)
    return canvas
