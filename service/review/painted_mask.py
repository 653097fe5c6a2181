"""The index mask of a view, corrected by the marks that a person drew on it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from grader.types import DefectKind, SurfaceClass, UInt8Array


def paint_marks(mask: UInt8Array, marks: Sequence[Mapping[str, Any]]) -> UInt8Array:
    """A copy of `mask` (uint8 (H, W), `SurfaceClass` values) with the marks painted on, in their order.

    marks: as they are stored (`MarkIn`); points in pixels of the view. What lies beside the fruit stays ground.
    """
    painted = mask.copy()
    for mark in marks:
        where = np.zeros(mask.shape, np.uint8)
        points = np.round(np.array(mark["points"], np.float64)).astype(np.int32).reshape(-1, 1, 2)
        if mark["shape"] == "polygon":
            cv2.fillPoly(where, [points], 1)
        else:
            width_px = max(1, round(mark["width_px"]))
            cv2.polylines(where, [points], False, 1, width_px)
            for x, y in points.reshape(-1, 2)[[0, -1]]:  # a tap is a dot
                cv2.circle(where, (int(x), int(y)), width_px // 2, 1, -1)
        kind = SurfaceClass.SOUND_SKIN if mark["erase"] else DefectKind(mark["kind"]).surface_class
        painted[(where > 0) & (mask > 0)] = kind
    return painted
