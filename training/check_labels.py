"""What is wrong with the labels of a picture: sizes, boxes, polygons, masks. Decides only; nothing is mended."""

from __future__ import annotations

from itertools import chain

import shapely

from training.box_files import LEAST_SIDE_PX, clip_box
from training.labelled_picture import BoxShape, LabelledPicture, MaskShape, PolygonShape, Ring, Shape

OUTSIDE_PX, OUTSIDE_SHARE = 2.0, 0.005
"""Tools round: so far beyond the edge, in pixels or of the side, a label is cut at the edge and not wrong."""
CROSSED_SHARE = 0.01
"""Hand-drawn lines touch themselves. A polygon is crossed when its area with and without crossings differs by more
than this share: a figure of eight counts one of its halves as negative."""


def label_problems(picture: LabelledPicture, hw: tuple[int, int]) -> list[str]:
    """One line for each fault. hw: (height, width) of the upright picture in pixels."""
    if picture.hw is not None and picture.hw != hw:
        stated = f"{picture.hw[1]}x{picture.hw[0]}"
        return [f"{picture.where}: expected labels for {hw[1]}x{hw[0]} pixels, got labels for {stated}"]
    return [
        f"{shape.where} ({shape.name!r}): {problem}"
        for shape in picture.shapes
        if (problem := _shape_problem(shape, hw)) is not None
    ]


def _shape_problem(shape: Shape, hw: tuple[int, int]) -> str | None:
    match shape:
        case BoxShape(corners_xyxy_px=corners):
            return _corner_problem("box", corners, hw)
        case MaskShape(runs=runs):
            if runs.hw != hw:
                return f"expected a mask of {hw[1]}x{hw[0]} pixels, got {runs.hw[1]}x{runs.hw[0]}"
            return None if sum(runs.counts[1::2]) else "expected a mask with pixels, got an empty one"
        case PolygonShape(rings_xy_px=rings):
            xs, ys = zip(*chain.from_iterable(rings), strict=True)
            return _corner_problem("polygon", (min(xs), min(ys), max(xs), max(ys)), hw) or next(
                (problem for ring in rings if (problem := _ring_problem(ring)) is not None), None
            )


def _corner_problem(
    what: str, corners_xyxy: tuple[float, float, float, float], hw: tuple[int, int]
) -> str | None:
    x0, y0, x1, y1 = corners_xyxy
    shown = f"({x0:.1f}, {y0:.1f}, {x1:.1f}, {y1:.1f})"
    inside = clip_box(corners_xyxy, hw)
    if inside is None and x0 < hw[1] and y0 < hw[0] and x1 > 0 and y1 > 0:
        return f"expected a {what} of at least {LEAST_SIDE_PX} px in both directions, got {shown}"
    slack_x, slack_y = (max(OUTSIDE_PX, OUTSIDE_SHARE * side) for side in (hw[1], hw[0]))
    if x0 < -slack_x or y0 < -slack_y or x1 > hw[1] + slack_x or y1 > hw[0] + slack_y:
        return f"expected a {what} inside the picture of {hw[1]}x{hw[0]} px, got {shown}"
    return None


def _ring_problem(ring: Ring) -> str | None:
    polygon = shapely.Polygon(ring)
    if polygon.is_valid:
        return None
    whole = shapely.make_valid(polygon).area
    signed = (
        abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(ring, (*ring[1:], ring[0]), strict=True))) / 2
    )
    if whole <= 0:
        return "expected a polygon with an area, all its points are on one line"
    if abs(whole - signed) <= CROSSED_SHARE * whole:
        return None
    return f"expected a polygon that does not cross itself, got {shapely.is_valid_reason(polygon)}"
