"""A labelled picture at a smaller size: what is painted ends at 384 px, and outlines are looked for at 240."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from grader.types import UInt8Array
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, Shape
from training.mask_runs import runs_of

PAINT_SIDE_PX = 1024
"""Long side at which labels are painted. A picture of 12 megapixels takes ten times as long at its own size."""


def shrink_labels(picture: LabelledPicture, rgb: UInt8Array) -> tuple[LabelledPicture, UInt8Array]:
    """Picture, uint8 (H, W, 3), and labels at PAINT_SIDE_PX; as they are where they are not larger."""
    scale = PAINT_SIDE_PX / max(rgb.shape[:2])
    if scale >= 1:
        return picture, rgb
    hw = (max(1, round(rgb.shape[0] * scale)), max(1, round(rgb.shape[1] * scale)))
    factor_xy = (hw[1] / rgb.shape[1], hw[0] / rgb.shape[0])
    small = cv2.resize(rgb, hw[::-1], interpolation=cv2.INTER_AREA)
    shapes = tuple(_shrink(shape, factor_xy, hw) for shape in picture.shapes)
    return replace(picture, hw=None, shapes=shapes), np.asarray(small, np.uint8)


def _shrink(shape: Shape, factor_xy: tuple[float, float], hw: tuple[int, int]) -> Shape:
    x, y = factor_xy
    if isinstance(shape, BoxShape):
        x0, y0, x1, y1 = shape.corners_xyxy_px
        return replace(shape, corners_xyxy_px=(x0 * x, y0 * y, x1 * x, y1 * y))
    if isinstance(shape, MaskShape):
        mask = shape.runs.to_mask().astype(np.uint8)
        small = cv2.resize(mask, hw[::-1], interpolation=cv2.INTER_NEAREST)
        return replace(shape, runs=runs_of(np.asarray(small, np.bool_)))
    rings = tuple(tuple((px * x, py * y) for px, py in ring) for ring in shape.rings_xy_px)
    return replace(shape, rings_xy_px=rings)
