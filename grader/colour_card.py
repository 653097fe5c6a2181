"""The classic chart of 24 patches (6 x 4): its published colours, finding it, reading its patches."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.colour_difference import Float64Array, linear_srgb_of_lab_d50
from grader.errors import CalibrationError
from grader.types import UInt8Array

COLUMNS, ROWS = 6, 4
WHITE_PATCH = 18

# CIELAB, D50, row by row from "dark skin" to "black", as published for both editions of the chart.
EDITIONS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "before_2014": (
        (37.986, 13.555, 14.059), (65.711, 18.130, 17.810), (49.927, -4.880, -21.925),
        (43.139, -13.095, 21.905), (55.112, 8.844, -25.399), (70.719, -33.397, -0.199),
        (62.661, 36.067, 57.096), (40.020, 10.410, -45.964), (51.124, 48.239, 16.248),
        (30.325, 22.976, -21.587), (72.532, -23.709, 57.255), (71.941, 19.363, 67.857),
        (28.778, 14.179, -50.297), (55.261, -38.342, 31.370), (42.101, 53.378, 28.190),
        (81.733, 4.039, 79.819), (51.935, 49.986, -14.574), (51.038, -28.631, -28.638),
        (96.539, -0.425, 1.186), (81.257, -0.638, -0.335), (66.766, -0.734, -0.504),
        (50.867, -0.153, -0.270), (35.656, -0.421, -1.231), (20.461, -0.079, -0.973),
    ),
    "after_2014": (
        (37.54, 14.37, 14.92), (64.66, 19.27, 17.50), (49.32, -3.82, -22.54),
        (43.46, -12.74, 22.72), (54.94, 9.61, -24.79), (70.48, -32.26, -0.37),
        (62.73, 35.83, 56.50), (39.43, 10.75, -45.17), (50.57, 48.64, 16.67),
        (30.10, 22.54, -20.87), (71.77, -24.13, 58.19), (71.51, 18.24, 67.37),
        (28.37, 15.42, -49.80), (54.38, -39.72, 32.27), (42.43, 51.05, 28.62),
        (81.80, 2.67, 80.41), (50.63, 51.28, -14.12), (49.57, -29.71, -28.32),
        (95.19, -1.03, 2.93), (81.29, -0.57, 0.44), (66.89, -0.75, -0.06),
        (50.76, -0.13, 0.14), (35.63, -0.46, -0.48), (20.64, 0.07, -0.46),
    ),
}  # fmt: skip

SEARCH_SIDE_PX = 1000
MIN_FOUND_PATCHES = 10  # of 24; the dark ones are often missed on a dark card
SAMPLES_ACROSS_PATCH = 15
SAMPLED_SHARE = 0.4  # of the distance between patches, around the centre: clear of the frame between them

Corners = NDArray[np.float64]


def reference_linear_srgb(edition: str) -> Float64Array:
    """Colours of the chart, float64 (24, 3) linear sRGB under D65; cyan lies a little outside 0-1."""
    return linear_srgb_of_lab_d50(np.array(EDITIONS[edition]))


def corner_hypotheses(corners_xy_px: Corners) -> Iterator[Corners]:
    """Places the four patch centres (dark skin, bluish green, black, white) may have, each float64 (4, 2).

    People give the corners of the field of patches or the centres of the corner patches, starting anywhere:
    all are tried.
    """
    centre = corners_xy_px.mean(axis=0)
    around = corners_xy_px[np.argsort(np.arctan2(*(corners_xy_px - centre).T[::-1]))]  # clockwise as seen
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    for start, from_field in product(range(4), (False, True)):
        turned = np.roll(around, -start, axis=0)
        if from_field:
            inset = np.array([0.5 / COLUMNS, 0.5 / ROWS], np.float32)
            to_picture = cv2.getPerspectiveTransform(unit, turned.astype(np.float32))
            inner = (unit * (1 - 2 * inset) + inset)[None]
            turned = cv2.perspectiveTransform(inner, to_picture)[0].astype(np.float64)
        yield turned


def read_patches(rgb: UInt8Array, centres_xy_px: Corners) -> tuple[Float64Array, Float64Array] | None:
    """Colours of the 24 patches.

    Args:
        rgb: uint8 (H, W, 3). centres_xy_px: (4, 2), centres of dark skin, bluish green, black, white.

    Returns:
        Median codes float64 (24, 3), and unevenness float64 (24,): spread (10-90 %) within a patch in codes.
        None when a patch lies outside the picture.
    """
    corners = np.array([[0, 0], [COLUMNS - 1, 0], [COLUMNS - 1, ROWS - 1], [0, ROWS - 1]], np.float32)
    to_picture = cv2.getPerspectiveTransform(corners, centres_xy_px.astype(np.float32))
    offset = (np.arange(SAMPLES_ACROSS_PATCH) / (SAMPLES_ACROSS_PATCH - 1) - 0.5) * SAMPLED_SHARE
    inside = np.stack(np.meshgrid(offset, offset), axis=-1).reshape(1, -1, 2)
    grid = np.stack(np.meshgrid(np.arange(COLUMNS), np.arange(ROWS)), axis=-1).reshape(-1, 1, 2)
    points = cv2.perspectiveTransform((grid + inside).reshape(1, -1, 2).astype(np.float32), to_picture)[0]
    x, y = np.round(points).astype(int).T
    if x.min() < 0 or y.min() < 0 or x.max() >= rgb.shape[1] or y.max() >= rgb.shape[0]:
        return None
    codes = rgb[y, x].reshape(COLUMNS * ROWS, -1, 3).astype(np.float64)
    low, high = np.percentile(codes, [10, 90], axis=1)
    return np.median(codes, axis=1), (high - low).max(axis=1)


def find_card(rgb: UInt8Array) -> list[Corners]:
    """Places where the 24 patches may lie, each float64 (4, 2): centres of the patches in its corners.

    Squares of one size are looked for, put on a grid, and every 6 x 4 window over that grid is a candidate;
    the colours decide between them.

    Raises:
        CalibrationError: too few squares of one size in the picture.
    """
    shrink = max(1.0, max(rgb.shape[:2]) / SEARCH_SIDE_PX)
    small = cv2.resize(rgb, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
    centres, sides = _square_patches(small)  # type: ignore[arg-type]
    for side in np.unique(sides)[::-1]:
        alike = centres[np.abs(sides - side) < 0.2 * side]
        if len(alike) < MIN_FOUND_PATCHES:
            continue
        windows = _grid_windows(alike, float(side))
        if windows:
            return [window * shrink for window in windows]
    raise CalibrationError(
        f"colour card: expected 24 squares of one size, found {len(centres)} squares that form no card; "
        "light it evenly, or give its four corners"
    )


def _square_patches(rgb: UInt8Array) -> tuple[Float64Array, Float64Array]:
    """Centres (N, 2) and sides (N,) in px of everything square with one even colour."""
    found: list[tuple[float, float, float]] = []
    smooth = cv2.bilateralFilter(rgb, 5, 30, 5)
    least, most = (min(rgb.shape[:2]) / 60) ** 2, (min(rgb.shape[:2]) / 4) ** 2
    kernel = np.ones((3, 3), np.uint8)
    for channel, block in product(range(3), (21, 51, 101)):
        plane = smooth[:, :, channel]
        edges = cv2.Canny(plane, block, 3 * block // 2)
        masks = [255 - cv2.dilate(edges, kernel)]
        masks += [
            cv2.adaptiveThreshold(plane, 255, cv2.ADAPTIVE_THRESH_MEAN_C, kind, block, -2)
            for kind in (cv2.THRESH_BINARY, cv2.THRESH_BINARY_INV)
        ]
        for mask in masks:
            contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
            for contour in contours:
                area = cv2.contourArea(contour)
                if not least < area < most:
                    continue
                (x, y), (width, height), _ = cv2.minAreaRect(contour)
                if area > 0.8 * width * height and max(width, height) < 1.5 * min(width, height):
                    found.append((x, y, area**0.5))
    kept: list[tuple[float, float, float]] = []
    for x, y, side in sorted(found, key=lambda item: -item[2]):
        if all(np.hypot(x - other[0], y - other[1]) > 0.5 * side for other in kept):
            kept.append((x, y, side))
    array = np.array(kept, np.float64).reshape(-1, 3)
    return array[:, :2], array[:, 2]


def _grid_windows(centres: Float64Array, side: float) -> list[Corners]:
    """Every 6 x 4 (or 4 x 6) window that holds all grid places found, as corners (4, 2) in px."""
    places = _grid_places(centres, side)
    if len(places) < MIN_FOUND_PATCHES:
        return []
    at = np.array([place for place, _ in places], np.float32)
    seen = centres[[index for _, index in places]].astype(np.float32)
    to_picture, inliers = cv2.findHomography(at, seen, cv2.RANSAC, 0.25 * side)
    if to_picture is None or inliers.sum() < MIN_FOUND_PATCHES:
        return []
    at = at[inliers.ravel() > 0]
    (left, top), (right, bottom) = at.min(axis=0).astype(int), at.max(axis=0).astype(int)
    windows = []
    for columns, rows in ((COLUMNS, ROWS), (ROWS, COLUMNS)):
        for x, y in product(range(right - columns + 1, left + 1), range(bottom - rows + 1, top + 1)):
            corners = np.array(
                [[x, y], [x + columns - 1, y], [x + columns - 1, y + rows - 1], [x, y + rows - 1]], np.float32
            )
            windows.append(cv2.perspectiveTransform(corners[None], to_picture)[0].astype(np.float64))
    return windows


def _grid_places(centres: Float64Array, side: float) -> list[tuple[tuple[int, int], int]]:
    """Whole-number places of the patches on their grid, walked over neighbours: ((x, y), index)."""
    steps = (centres[None] - centres[:, None]).reshape(-1, 2)
    lengths = np.hypot(*steps.T)
    near = steps[(lengths > 0.9 * side) & (lengths < 1.6 * side)]
    if len(near) < 4:
        return []
    # Directions modulo 90 degrees: the mean of four times the angle (as for any four-fold pattern).
    angle = np.angle(np.exp(4j * np.arctan2(near[:, 1], near[:, 0])).mean()) / 4
    pitch = float(np.median(np.hypot(*near.T)))
    axes = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) * pitch
    start = int(np.argmin(np.hypot(*(centres - np.median(centres, axis=0)).T)))
    places: dict[tuple[int, int], int] = {(0, 0): start}
    waiting = [(0, 0)]
    while waiting:
        x, y = waiting.pop()
        here = centres[places[x, y]]
        for step in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            place = (x + step[0], y + step[1])
            away = np.hypot(*(centres - here - np.array(step) @ axes).T)
            nearest = int(np.argmin(away))
            if place not in places and nearest not in places.values() and away[nearest] < 0.3 * pitch:
                places[place] = nearest
                waiting.append(place)
    return list(places.items())
