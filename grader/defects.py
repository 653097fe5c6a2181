"""Defects of one view: one entry per blemish, with its true area and length on the curved skin."""

from __future__ import annotations

from math import acos, pi

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.landmarks import cavity_area
from grader.scale import BeltScale, Scale, outline_mm_per_px
from grader.surface import SkinMap, map_skin
from grader.types import FIRST_DEFECT_VALUE, Defect, DefectKind, FruitView, SurfaceClass, UInt8Array

MERGE_GAP_DIAMETERS = 0.02
"""Fragments of one kind nearer than this share of the diameter (1.5 mm on a 75 mm apple) are one defect."""
MIN_AREA_MM2 = 2.0
MIN_AREA_FRACTION = 0.0003
"""A speck below the first (with a scale) or below this share of the skin seen (without one; 2 mm2 on a 70 mm apple) is
dropped, unless the network is `SURE_CONFIDENCE` of it. Our choice."""
SURE_CONFIDENCE = 0.80
MIN_CONFIDENCE = 0.30
MIN_PIXELS = 4
"""Dropped always: below this mean confidence, or fewer working pixels."""
ELONGATED_RATIO = 3.0
"""Length over width from which a defect is judged by its length (EU 2023/2429 II.C has one limit for each form; the
ratio is our choice). Width is that of the ellipse of the same area: 4 area / (pi length)."""
MAX_AREA_WEIGHT = 3.9
"""A pixel on the rim counts at most as one tilted by 75 degrees: a one-pixel error of the mask there is no defect."""

KIND_OF_VALUE = {int(kind.surface_class): kind for kind in DefectKind}


def find_defects(
    view: FruitView, scale: Scale | BeltScale | None, skin: SkinMap | None = None
) -> tuple[Defect, ...]:
    """All defects of a view, largest first.

    Fragments of one kind with a small gap are joined; which kind touching pixels are is settled in the view
    (`defect_kinds`). Russet in the stem cavity or calyx basin is none. area_mm2 and length_mm are None without a scale.

    Args:
        skin: `map_skin(view)` where it is there already.

    Raises:
        ValueError: the mask is empty.
    """
    skin = skin or map_skin(view)
    blemished = (skin.surface >= FIRST_DEFECT_VALUE).view(np.uint8)
    if not blemished.any():
        return ()
    kinds = defect_values(skin.surface)
    seen_px2 = float(skin.area_px2.sum(dtype=np.float64))
    mm_per_px = None if scale is None else skin_mm_per_px(view, scale, skin)
    found = [
        defect
        for value in np.unique(kinds[kinds > 0])
        for defect in _defects_of_kind(
            view, skin, kinds == value, KIND_OF_VALUE[int(value)], seen_px2, mm_per_px
        )
    ]
    return tuple(sorted(found, key=lambda d: (-d.area_fraction, d.kind, d.box_xyxy_px)))


def defect_values(surface: UInt8Array) -> UInt8Array:
    """uint8 (h, w): the values of a map of `SurfaceClass` where it shows a defect, 0 elsewhere and on cavity russet."""
    kinds = np.where(surface >= FIRST_DEFECT_VALUE, surface, np.uint8(0))
    kinds[(kinds == SurfaceClass.RUSSET) & cavity_area(surface)] = 0
    return np.asarray(kinds, np.uint8)


def skin_mm_per_px(view: FruitView, scale: Scale | BeltScale, skin: SkinMap) -> float:
    """mm per pixel of the frame in the plane of the fruit's outline."""
    centre = (
        view.box_xyxy_px[0] + skin.centre_xy[0] * skin.step_px + skin.step_px // 2,
        view.box_xyxy_px[1] + skin.centre_xy[1] * skin.step_px + skin.step_px // 2,
    )
    return outline_mm_per_px(scale, centre, 2 * skin.radius * skin.step_px)


def _defects_of_kind(
    view: FruitView,
    skin: SkinMap,
    of_kind: NDArray[np.bool_],
    kind: DefectKind,
    seen_px2: float,
    mm_per_px: float | None,
) -> list[Defect]:
    count, labels = join_fragments(of_kind, skin.radius)
    rows, cols = np.nonzero(of_kind)
    label = labels[rows, cols]
    pixels = np.bincount(label, minlength=count)
    weight = np.minimum(skin.area_px2[rows, cols], np.float32(MAX_AREA_WEIGHT * skin.step_px**2)).astype(
        np.float64
    )
    areas = np.bincount(label, weight, minlength=count)
    trust = np.bincount(label, skin.confidence[rows, cols].astype(np.float64), minlength=count) / np.maximum(
        pixels, 1
    )
    found = []
    for index in np.flatnonzero(pixels >= MIN_PIXELS):
        fraction = float(areas[index]) / seen_px2
        area_mm2 = None if mm_per_px is None else float(areas[index]) * mm_per_px**2
        confidence = min(1.0, float(trust[index]))
        speck = fraction < MIN_AREA_FRACTION if area_mm2 is None else area_mm2 < MIN_AREA_MM2
        if confidence < MIN_CONFIDENCE or (speck and confidence < SURE_CONFIDENCE):
            continue
        mine = label == index
        x, y = cols[mine], rows[mine]
        length_px = _length_on_sphere(x, y, skin)
        box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
        found.append(
            Defect(
                kind=kind,
                area_mm2=area_mm2,
                area_fraction=min(1.0, fraction),
                length_mm=None if mm_per_px is None else length_px * mm_per_px,
                length_diameters=length_px / (2 * skin.radius * skin.step_px),
                elongated=pi * length_px**2 / (4 * float(areas[index])) > ELONGATED_RATIO,
                confidence=confidence,
                box_xyxy_px=skin.to_frame_box(view, box),
            )
        )
    return found


def join_fragments(of_kind: NDArray[np.bool_], radius_px: float) -> tuple[int, NDArray[np.int32]]:
    """How many labels there are with 0, and int32 (h, w): from 1 on over each blemish and a little around it, else 0.

    of_kind: bool (h, w), pixels of one kind. radius_px: of the fruit. A gap up to `MERGE_GAP_DIAMETERS` joins.
    """
    gap = max(1, round(MERGE_GAP_DIAMETERS * radius_px))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * gap + 1,) * 2)
    count, labels = cv2.connectedComponents(cv2.dilate(of_kind.view(np.uint8), disc), connectivity=8)
    return count, np.asarray(labels, np.int32)


def _length_on_sphere(x: NDArray[np.int64], y: NDArray[np.int64], skin: SkinMap) -> float:
    """Longest great-circle distance between two points of a defect, px of the frame.

    Points are lifted to the sphere of the fruit's mean radius; only the corners of the defect's convex hull can be far
    apart. Half a pixel is added: the farthest pixel centres of a round spot lie that much closer than its edges.
    """
    points = np.stack([x, y], axis=-1).astype(np.int32)
    hull = cv2.convexHull(points).reshape(-1, 2)
    relative = np.minimum(skin.relative[hull[:, 1], hull[:, 0]].astype(np.float64), 0.995)
    flat = hull - np.asarray(skin.centre_xy)
    distance = np.maximum(np.linalg.norm(flat, axis=1), 1e-9)
    sphere = np.column_stack([flat * (relative / distance)[:, None], np.sqrt(1 - relative**2)])
    farthest = acos(max(-1.0, min(1.0, float((sphere @ sphere.T).min()))))
    return (farthest * skin.radius + 0.5) * skin.step_px
