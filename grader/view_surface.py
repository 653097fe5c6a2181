"""What one view lays on the surface of a turning fruit: made once a view, small, and the same at any size in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from math import pi

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.colour import classify_skin, is_readable, to_lab
from grader.defects import MAX_AREA_WEIGHT, defect_values, join_fragments, skin_mm_per_px
from grader.outline import RAY_COUNT
from grader.scale import BeltScale, Scale
from grader.sphere_view import disc_grid
from grader.surface import SkinMap
from grader.types import FIRST_DEFECT_VALUE, BoolArray, FloatArray, FruitView, SurfaceClass, UInt8Array

DISC_SIZE = 48
"""Cells across the disc of a fruit on which its pattern and its colours are kept: 2.4 degrees each in its middle."""
CHANNELS = 4
INSIDE_OUTLINE = 0.98
"""An outline is drawn by the shoulders and lobes of a fruit; the skin between them lies this share of it out.
With it the steps of 40 simulated apples come out neither too long nor too short (docs/decisions/0028)."""
NO_MARK = 127
FINE_RADIUS_PX = 30.0
"""A fruit of this radius in working pixels shows as many as are needed for each cell of the surface: from twice that on
blocks of pixels are one spot. Our choice."""


class SkinColour(IntEnum):
    """What a place of the skin counts as among the shares of colour."""

    UNKNOWN = 0
    GROUND = 1
    LIGHT_RED = 2
    BLUSH = 3
    BLEMISHED = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spots:
    """The blemished skin of one view, a row each.

    value: uint8 (N,), `SurfaceClass`. piece: int32 (N,), which blemish of this view it belongs to (`join_fragments`).
    disc_xy: float32 (N, 2), place on the disc. share: float32 (N,), 0-1 of the whole surface of the fruit. confidence:
    float32 (N,), 0-1. box_xyxy_px: int32 (N, 4), half-open, in the frame.
    """

    value: UInt8Array
    piece: NDArray[np.int32]
    disc_xy: FloatArray
    share: FloatArray
    confidence: FloatArray
    box_xyxy_px: NDArray[np.int32]

    def __post_init__(self) -> None:
        rows = len(self.value)
        for name, wide in (
            ("piece", ()),
            ("disc_xy", (2,)),
            ("share", ()),
            ("confidence", ()),
            ("box_xyxy_px", (4,)),
        ):
            if getattr(self, name).shape != (rows, *wide):
                raise ValueError(f"{name}: expected shape {(rows, *wide)}, got {getattr(self, name).shape}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewSurface:
    """What one view gives to the surface of all. Its disc: the picture with the outline drawn to the unit circle.

    outline: float64 (2, 2), S of the ellipse x^T S^-1 x = 1 nearest to the outline, in heights of the frame squared.
    pattern: uint8 (DISC_SIZE, DISC_SIZE, CHANNELS): R, G, B and what the network marks (`NO_MARK` sound skin, 254
    blemishes, 0 stem and calyx), over the square around the disc.
    colour: uint8 (DISC_SIZE, DISC_SIZE), `SkinColour` values.
    half_mm2: skin of the half that is seen, None without a scale.
    weight: say of the view beside that of one with the weight 1, above 0: less for a network that sees less.

    Raises:
        ValueError: a wrong shape or type, or a weight that is not above 0.
    """

    outline: NDArray[np.float64]
    pattern: UInt8Array
    colour: UInt8Array
    spots: Spots
    half_mm2: float | None
    weight: float = 1.0

    def __post_init__(self) -> None:
        disc = (DISC_SIZE, DISC_SIZE)
        for name, shape, dtype in (
            ("outline", (2, 2), np.float64),
            ("pattern", (*disc, CHANNELS), np.uint8),
            ("colour", disc, np.uint8),
        ):
            array = getattr(self, name)
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(
                    f"{name}: expected {np.dtype(dtype)} {shape}, got {array.dtype} {array.shape}"
                )
        if not 0 < self.weight < float("inf"):
            raise ValueError(f"weight: expected above 0, got {self.weight}")


_NO_SPOTS = Spots(
    value=np.zeros(0, np.uint8),
    piece=np.zeros(0, np.int32),
    disc_xy=np.zeros((0, 2), np.float32),
    share=np.zeros(0, np.float32),
    confidence=np.zeros(0, np.float32),
    box_xyxy_px=np.zeros((0, 4), np.int32),
)


def view_surface(
    view: FruitView,
    skin: SkinMap,
    scale: Scale | BeltScale | None,
    colour_matrix: NDArray[np.float64] | None = None,
    *,
    weight: float = 1.0,
) -> ViewSurface:
    """The part of one view in the surface of all. skin: `map_skin(view)`; colour_matrix: as for `measure_colour`.

    Raises:
        ValueError: the matrix is not (3, 3), or a weight that is not above 0.
    """
    places = _disc_places(skin)
    marks = cv2.LUT(skin.surface, _mark_levels())
    cell_px = (
        max(1, int(2 * skin.radius / DISC_SIZE)) | 1
    )  # odd: an even blur moves the picture by half a pixel
    stacked = cv2.blur(cv2.merge([*cv2.split(skin.rgb), marks]), (cell_px, cell_px))
    pattern = np.asarray(
        cv2.remap(stacked, places[..., 0], places[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE),
        np.uint8,
    )
    half_mm2 = None
    if scale is not None:
        half_px2 = float(skin.area_px2.sum(dtype=np.float64))
        half_mm2 = half_px2 * skin_mm_per_px(view, scale, skin) ** 2
    return ViewSurface(
        outline=_outline_matrix(skin) / view.frame_hw[0] ** 2,
        pattern=pattern,
        colour=_colours(skin, pattern, places, colour_matrix),
        spots=_spots(view, skin),
        half_mm2=half_mm2,
        weight=weight,
    )


@lru_cache(maxsize=1)
def _grid_reach() -> tuple[NDArray[np.intp], FloatArray]:
    """The ray of the outline behind each cell of the disc, and its place with what lies outside drawn to the rim."""
    grid = disc_grid(DISC_SIZE)
    length = np.sqrt(np.square(grid).sum(axis=-1, keepdims=True))
    return _rays(grid), grid / np.maximum(length, np.float32(1))


def _rays(flat: FloatArray) -> NDArray[np.intp]:
    """Index of the outline's ray in the direction of (x, y); (..., 2) -> (...)."""
    ray = np.rint(np.arctan2(flat[..., 1], flat[..., 0]) * (RAY_COUNT / (2 * pi)))
    return np.asarray(ray, np.intp) % RAY_COUNT


def _disc_places(skin: SkinMap) -> FloatArray:
    """Working pixels (x, y) of the cells of the disc, float32 (DISC_SIZE, DISC_SIZE, 2)."""
    rays, reach = _grid_reach()
    radius = (INSIDE_OUTLINE * skin.outline_px).astype(np.float32).take(rays)
    return np.asarray(np.asarray(skin.centre_xy, np.float32) + reach * radius[..., None], np.float32)


def _colours(
    skin: SkinMap, pattern: UInt8Array, places: FloatArray, colour_matrix: NDArray[np.float64] | None
) -> UInt8Array:
    """`SkinColour` of every cell of the disc, as `measure_colour` counts in one view."""
    height, width = skin.surface.shape
    nearest = np.rint(places).astype(np.intp)
    column, row = np.clip(nearest[..., 0], 0, width - 1), np.clip(nearest[..., 1], 0, height - 1)
    value = skin.surface[row, column]
    rgb = pattern[..., :3].reshape(-1, 3)
    lab = to_lab(rgb, colour_matrix)
    blush, light_red = classify_skin(lab)
    sound = (value.reshape(-1) == SurfaceClass.SOUND_SKIN) & is_readable(rgb, lab)
    colours = sound * np.where(blush, 3, np.where(light_red, 2, 1)).astype(np.uint8)
    colours[value.reshape(-1) >= FIRST_DEFECT_VALUE] = SkinColour.BLEMISHED
    return np.asarray(colours.reshape(value.shape), np.uint8)


def _spots(view: FruitView, skin: SkinMap) -> Spots:
    """The blemished pixels; blocks of them of one kind are one spot where a cell of the surface has many pixels."""
    if int(skin.surface.max()) < FIRST_DEFECT_VALUE:
        return _NO_SPOTS
    whole = defect_values(skin.surface)
    left, top, width, height = cv2.boundingRect(whole)
    here = (slice(top, top + height), slice(left, left + width))
    values, confidences = whole[here], skin.confidence[here]
    step, block = skin.step_px, max(1, int(skin.radius / FINE_RADIUS_PX))
    areas = np.minimum(skin.area_px2[here], np.float32(MAX_AREA_WEIGHT * step**2))
    blocks = _even_blocks(values, block)
    single = values > 0
    single[: blocks.shape[0] * block, : blocks.shape[1] * block] &= ~blocks.repeat(block, 0).repeat(block, 1)
    parts = []
    for size, (rows, columns) in ((1, np.nonzero(single)), (block, np.nonzero(blocks))):
        rows, columns = rows * size, columns * size
        inside = [(row, column) for row in range(size) for column in range(size)]
        parts.append(
            (
                rows,
                columns,
                np.full(len(rows), size),
                np.sum([areas[rows + y, columns + x] for y, x in inside], axis=0),
                np.mean([confidences[rows + y, columns + x] for y, x in inside], axis=0),
            )
        )
    rows, columns, sizes, area, confidence = (np.concatenate(part) for part in zip(*parts, strict=True))
    xy = np.column_stack([columns + left, rows + top])
    off = (xy + (sizes[:, None] - 1) / 2).astype(np.float32) - np.asarray(skin.centre_xy, np.float32)
    reach = (INSIDE_OUTLINE * skin.outline_px).astype(np.float32).take(_rays(off))
    disc = off / np.maximum(np.maximum(reach, np.sqrt(np.square(off).sum(axis=1))), 1e-6)[:, None]
    corner = xy * step + view.box_xyxy_px[:2]
    far = np.minimum(corner + step * sizes[:, None], view.box_xyxy_px[2:])
    return Spots(
        value=values[rows, columns],
        piece=_pieces(whole, skin.radius)[here][rows, columns],
        disc_xy=disc.astype(np.float32),
        share=np.asarray(area / (2 * float(skin.area_px2.sum(dtype=np.float64))), np.float32),
        confidence=np.asarray(confidence, np.float32),
        box_xyxy_px=np.hstack([corner, far]).astype(np.int32),
    )


def _even_blocks(values: UInt8Array, size: int) -> BoolArray:
    """Which blocks of size x size pixels show one kind of blemish throughout, bool (h // size, w // size)."""
    height, width = values.shape[0] // size, values.shape[1] // size
    if size == 1:
        return np.zeros((height, width), np.bool_)
    corner, *others = (
        values[y : height * size : size, x : width * size : size] for y in range(size) for x in range(size)
    )
    same = corner > 0
    for other in others:
        same &= other == corner
    return same


def _pieces(values: UInt8Array, radius_px: float) -> NDArray[np.int32]:
    """int32 (h, w): which blemish of the view a marked pixel belongs to, over all kinds."""
    pieces = np.zeros(values.shape, np.int32)
    many = 0
    for kind in np.flatnonzero(np.bincount(values.ravel()))[1:]:
        of_kind = values == kind
        count, labels = join_fragments(of_kind, radius_px)
        pieces[of_kind] = labels[of_kind] + many
        many += count
    return pieces


@lru_cache(maxsize=1)
def _outline_rows() -> NDArray[np.float64]:
    """(RAY_COUNT, 3): x^2, y^2 and 2 x y of the rays."""
    angle = np.arange(RAY_COUNT) * (2 * np.pi / RAY_COUNT)
    x, y = np.cos(angle), np.sin(angle)
    return np.column_stack([x * x, y * y, 2 * x * y])


def _outline_matrix(skin: SkinMap) -> NDArray[np.float64]:
    """S of the ellipse nearest to an outline, px^2 of the frame: 1 / r(angle)^2 = u^T S^-1 u by least squares."""
    squared = np.square(skin.outline_px / skin.radius)
    rows = _outline_rows() * squared[:, None]
    xx, yy, xy = np.linalg.solve(rows.T @ rows, rows.sum(axis=0))
    return np.asarray(np.linalg.inv(np.array([[xx, xy], [xy, yy]])) * (skin.radius * skin.step_px) ** 2)


@lru_cache(maxsize=1)
def _mark_levels() -> UInt8Array:
    """`NO_MARK` for sound skin, twice that for defects, 0 for stem and calyx; uint8 (256,) by `SurfaceClass` value."""
    levels = np.full(256, 2 * NO_MARK, np.uint8)
    levels[[SurfaceClass.BACKGROUND, SurfaceClass.SOUND_SKIN]] = NO_MARK
    levels[[SurfaceClass.STEM, SurfaceClass.CALYX]] = 0
    return levels
