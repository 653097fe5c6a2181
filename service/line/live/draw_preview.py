"""The picture of a fruit as a person wants to see it: the view that shows most, marked, cut out, small. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from grader.errors import CalibrationError, InvalidImageError
from grader.image_io import decode_image, encode_jpeg
from grader.overlay import draw_overlay
from grader.pipeline import GradedFrame, largest_fruit
from grader.types import UNGRADED, Box, FruitRecord, UInt8Array
from service.errors import PreviewError
from service.grading_port import FruitGrader
from service.line.line_grader import ViewWork

SIDE_PX = 480
"""Longest side of the picture: a card on a screen of two metres' distance."""
MARGIN = 0.12
"""Of the longer side of the fruit's box, kept around it."""
QUALITY = 82
WHOLE_QUALITY = 90


def draw_preview(works: Sequence[ViewWork], grade_class: str | None, grader: FruitGrader) -> bytes:
    """A JPEG of the view that shows most defects (by share of skin), outlined in the colour of the class.

    The views are looked at again, one by one, so that outlines and defects are those of the picture itself. Where no
    view shows a fruit, the first view as it is.

    Args:
        works: views of one fruit, at least one. grade_class: the line's decision, None: there was none.

    Raises:
        PreviewError: no view can be read.
    """
    best: tuple[float, GradedFrame] | None = None
    plain: UInt8Array | None = None
    problem = ""
    for work in works:
        try:
            frame = decode_image(work.data, work.name)
            plain = frame.rgb if plain is None else plain
            graded = grader.grade_frame(frame, work.options)
        except (InvalidImageError, CalibrationError) as error:
            problem = str(error)
            continue
        if not graded.records:
            continue
        record = graded.records[largest_fruit(graded)]
        shown = sum(defect.area_fraction for defect in record.measurement.defects)
        if best is None or shown > best[0]:
            best = (shown, graded)
    if best is not None:
        graded = best[1]
        record = _with_class(graded.records[largest_fruit(graded)], grade_class or UNGRADED)
        drawn = draw_overlay(graded.frame, [record], graded.views, labels=False)
        return _small(_cut_out(drawn, record.measurement.box_xyxy_px))
    if plain is None:
        raise PreviewError(f"no view of this fruit can be read: {problem}")
    return _small(plain)


def mark_view(work: ViewWork, grade_class: str | None, grader: FruitGrader) -> bytes:
    """A JPEG of one view in its own size, with outlines of the fruit and its defects.

    Raises:
        PreviewError: it cannot be read.
    """
    try:
        graded = grader.grade_frame(decode_image(work.data, work.name), work.options)
    except (InvalidImageError, CalibrationError) as error:
        raise PreviewError(f"this view cannot be read: {error}") from error
    rgb = graded.frame.rgb
    if graded.records:
        record = _with_class(graded.records[largest_fruit(graded)], grade_class or UNGRADED)
        rgb = draw_overlay(graded.frame, [record], graded.views, labels=False)
    return encode_jpeg(np.ascontiguousarray(rgb), quality=WHOLE_QUALITY)


def _with_class(record: FruitRecord, grade_class: str) -> FruitRecord:
    return replace(record, grade=replace(record.grade, grade_class=grade_class))


def _cut_out(rgb: UInt8Array, box: Box) -> UInt8Array:
    """The fruit and some ground around it."""
    x0, y0, x1, y1 = box
    margin = round(MARGIN * max(x1 - x0, y1 - y0))
    return rgb[max(0, y0 - margin) : y1 + margin, max(0, x0 - margin) : x1 + margin]


def _small(rgb: UInt8Array) -> bytes:
    height_px, width_px = rgb.shape[:2]
    scale = SIDE_PX / max(height_px, width_px)
    if scale < 1:
        size_wh = (max(1, round(width_px * scale)), max(1, round(height_px * scale)))
        rgb = cv2.resize(rgb, size_wh, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return encode_jpeg(np.ascontiguousarray(rgb), quality=QUALITY)
