"""Plain geometry of fruit masks: does a mask look like a fruit, where is it, what is left when stems are taken off."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import BoolArray, Box

# What an apple or melon looks like, found on contact sheets. An upright ellipse fills pi/4 = 0.785 of its box.
MIN_BOX_FILL, MAX_BOX_FILL = 0.55, 0.98
MIN_SOLIDITY = 0.95
MIN_ELLIPSE_OVERLAP = 0.90
MIN_BOX_OVERLAP = 0.80
MAX_ASPECT = 1.8
MAX_FLAT_SIDE = 0.45
MIN_SIDE_PX = 20


def looks_like_fruit(mask: BoolArray, box: Box, *, min_overlap: float = MIN_ELLIPSE_OVERLAP) -> bool:
    """Solid, near an ellipse, and filling the box the way a fruit does. mask: bool (H, W).

    min_overlap: 0-1, least intersection over union with the ellipse fitted to the outline.
    """
    found = box_of(mask)
    if found is None or max(found[2] - found[0], found[3] - found[1]) < MIN_SIDE_PX:
        return False
    area = float(mask.sum())
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    contour = max(contours, key=len)
    ellipse = np.zeros(mask.shape, np.uint8)
    fitted = cv2.fitEllipse(contour)
    cv2.ellipse(ellipse, fitted, 1, -1)
    axes = sorted(fitted[1])
    filled = area / ((box[2] - box[0]) * (box[3] - box[1]))
    overlap = float((mask & (ellipse > 0)).sum() / (mask | (ellipse > 0)).sum())
    return (
        MIN_BOX_FILL <= filled <= MAX_BOX_FILL
        and area / float(hull_of(mask).sum()) >= MIN_SOLIDITY
        and axes[1] <= MAX_ASPECT * axes[0]
        and overlap >= min_overlap
        and box_overlap(found, box) >= MIN_BOX_OVERLAP
        and _longest_flat_side(mask, found) <= MAX_FLAT_SIDE
    )


def inscribed_ellipse(box: Box, hw: tuple[int, int], scale: float) -> BoolArray:
    """bool (H, W), the ellipse inside `box`, its axes times `scale`."""
    mask = np.zeros(hw, np.uint8)
    centre = ((box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2)
    axes = ((box[2] - box[0]) * scale, (box[3] - box[1]) * scale)
    cv2.ellipse(mask, (centre, axes, 0.0), 1, -1)
    return as_bool(mask)


def box_mask(box: Box, hw: tuple[int, int], margin_share: float = 0.0) -> BoolArray:
    """bool (H, W), the pixels of a box, grown on every side by a share of its width or height."""
    x, y = round(margin_share * (box[2] - box[0])), round(margin_share * (box[3] - box[1]))
    mask = np.zeros(hw, np.bool_)
    mask[max(box[1] - y, 0) : box[3] + y, max(box[0] - x, 0) : box[2] + x] = True
    return mask


def box_of(mask: BoolArray) -> Box | None:
    """Half-open box around a mask, None when it is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def box_overlap(a: Box, b: Box) -> float:
    """Intersection over union of two boxes, 0-1."""
    shared = shared_area(a, b)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def shared_area(a: Box, b: Box) -> int:
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def open_fruit(mask: BoolArray) -> BoolArray:
    """Takes stems and leaves off: opening with a disc of a fifth of the fruit's radius."""
    radius = max(1.0, 0.2 * float(np.sqrt(mask.sum() / np.pi)))
    return largest_part(open_mask(mask, radius))


def open_mask(mask: BoolArray, radius_px: float) -> BoolArray:
    """Opening with a disc, by distances (fast for large discs). What lies beyond the picture counts as fruit."""
    pad = round(radius_px) + 2
    padded = np.pad(mask, pad, mode="edge").astype(np.uint8)
    core = cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) > radius_px
    if not core.any():
        return np.zeros_like(mask)
    away = cv2.distanceTransform((~core).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray((away <= radius_px)[pad:-pad, pad:-pad] & mask)


def hull_of(mask: BoolArray) -> BoolArray:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = np.zeros(mask.shape, np.uint8)
    if contours:
        cv2.fillPoly(hull, [cv2.convexHull(np.concatenate(contours))], 1)
    return as_bool(hull)


def fill_holes(mask: BoolArray) -> BoolArray:
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = np.zeros(mask.shape, np.uint8)
    cv2.drawContours(filled, contours, -1, 1, -1)
    return as_bool(filled)


def largest_part(mask: BoolArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    if count == 1:
        return mask
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA])))


def as_bool(mask: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> BoolArray:
    return np.asarray(mask, np.bool_)


def _longest_flat_side(mask: BoolArray, found: Box) -> float:
    """Longest straight side of a mask as a share of its width or height: a sign that a box has cut it.

    Sides at the border of the picture do not count.
    """
    height, width = mask.shape
    x0, y0, x1, y1 = found
    across, down = x1 - x0, y1 - y0
    shares = [
        mask[y0].sum() / across if y0 > 1 else 0,
        mask[y1 - 1].sum() / across if y1 < height - 1 else 0,
        mask[:, x0].sum() / down if x0 > 1 else 0,
        mask[:, x1 - 1].sum() / down if x1 < width - 1 else 0,
    ]
    return float(max(shares))
