"""Stem cavity and calyx basin: natural places of a fruit that must not be called defects."""

from __future__ import annotations

import cv2
import numpy as np

from grader.types import BoolArray, FruitView, Landmark, LandmarkKind, SurfaceClass, UInt8Array

MIN_LANDMARK_FRACTION = 0.0008
"""Smallest part of the fruit's picture that is believed to be a stem cavity or calyx basin. Our choice."""
CAVITY_GROWTH = 0.12
"""Cavity russet reaches a little over the edge of the hollow: its hull is widened by this share of its own extent."""

LANDMARK_OF_CLASS = {
    SurfaceClass.STEM: LandmarkKind.STEM_CAVITY,
    SurfaceClass.CALYX: LandmarkKind.CALYX_BASIN,
}


def find_landmarks(view: FruitView) -> tuple[Landmark, ...]:
    """The stem cavity and the calyx basin of a view, at most one each, stem first.

    A fruit has one of each: the largest part of that class, with every part of a tenth of its size or more (a stalk
    splits its cavity), is the landmark; its confidence is the mean of its pixels. Less than `MIN_LANDMARK_FRACTION`
    of the fruit is noise.
    """
    least = MIN_LANDMARK_FRACTION * float(np.count_nonzero(view.mask))
    x0, y0 = view.box_xyxy_px[:2]
    found = []
    for surface_class, kind in LANDMARK_OF_CLASS.items():
        part = landmark_mask(view.surface, surface_class)
        pixels = cv2.countNonZero(part)
        if pixels == 0 or pixels < least:
            continue
        x, y, w, h = cv2.boundingRect(part)
        inside = (slice(y, y + h), slice(x, x + w))
        confidence = float(view.confidence[inside][part[inside] > 0].mean(dtype=np.float64))
        found.append(
            Landmark(
                kind=kind,
                box_xyxy_px=(x0 + x, y0 + y, x0 + x + w, y0 + y + h),
                confidence=min(1.0, confidence),
            )
        )
    return tuple(found)


def landmark_mask(surface: UInt8Array, surface_class: SurfaceClass) -> UInt8Array:
    """uint8 (h, w), 1 on the one stem cavity or calyx basin in a map of `SurfaceClass` values, else 0."""
    of_class: UInt8Array = (surface == surface_class).view(np.uint8)
    x, y, w, h = cv2.boundingRect(of_class)
    if w == 0:
        return of_class
    inside = of_class[y : y + h, x : x + w]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(inside, connectivity=8)
    if count > 2:
        areas = stats[:, cv2.CC_STAT_AREA].copy()
        areas[0] = 0
        inside[:] = ((areas * 10 >= areas.max()) & (areas > 0))[labels]
    return of_class


def cavity_area(surface: UInt8Array) -> BoolArray:
    """bool (h, w): inside the stem cavity or calyx basin or just around it, where russet is part of the cavity.

    The convex hull of each landmark, widened by `CAVITY_GROWTH`. Russet in the cavity is no defect in any class
    of the EU standard (2023/2429, II.C) and is ignored by 7 CFR 51.316.
    """
    area = np.zeros(surface.shape, np.uint8)
    for surface_class in LANDMARK_OF_CLASS:
        part = landmark_mask(surface, surface_class)
        if not part.any():
            continue
        hull = cv2.convexHull(cv2.findNonZero(part).reshape(-1, 2)).reshape(-1, 2).astype(np.float64)
        middle = hull.mean(axis=0)
        wide = np.rint(middle + (hull - middle) * (1 + CAVITY_GROWTH)).astype(np.int32)
        cv2.fillConvexPoly(area, wide, 1)
    return area.view(np.bool_)
