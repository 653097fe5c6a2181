"""The inner picture before light: for every pixel what is there, where, which way it faces, what it is painted with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.simulator.noise import Floats
from training.simulator.skin import Skin

Box = tuple[int, int, int, int]


@dataclass(slots=True, kw_only=True, eq=False)
class Canvas:
    """Arrays of (H, W) or (H, W, 3); filled by solids nearest first or last, in any order.

    depth_mm: along the optical axis, inf where nothing is. place_mm, normal: world. owner: 0 nothing, 1.. one number per
    painted solid (parts of one fruit have their own). openness, softness: 0-1 share of sky seen, light through the skin.
    """

    depth_mm: Floats
    place_mm: Floats
    normal: Floats
    albedo: Floats
    gloss: Floats
    blur: Floats
    height_mm: Floats
    openness: Floats
    softness: Floats
    net: Floats
    owner: NDArray[np.int32]
    surface: NDArray[np.uint8]
    instance: NDArray[np.uint8]
    crop: NDArray[np.uint8]


def blank_canvas(size_hw: tuple[int, int]) -> Canvas:
    """Nothing anywhere."""
    plain = {name: np.zeros(size_hw, np.float32) for name in ("gloss", "blur", "height_mm", "softness", "net")}
    return Canvas(
        depth_mm=np.full(size_hw, np.inf, np.float32), openness=np.ones(size_hw, np.float32),
        place_mm=np.zeros((*size_hw, 3), np.float32), normal=np.zeros((*size_hw, 3), np.float32),
        albedo=np.zeros((*size_hw, 3), np.float32), owner=np.zeros(size_hw, np.int32),
        surface=np.zeros(size_hw, np.uint8), instance=np.zeros(size_hw, np.uint8), crop=np.zeros(size_hw, np.uint8), **plain,
    )


def put(
    canvas: Canvas, rows: NDArray[np.intp], columns: NDArray[np.intp], *, depth: Floats, place: Floats, normal: Floats,
    skin: Skin, owner: int, instance: int, crop: int, openness: Floats | float = 1.0, softness: float = 0.0,
) -> None:
    """Write pixels of one solid that the caller found to be nearest."""
    at = (rows, columns)
    canvas.depth_mm[at] = depth
    canvas.place_mm[at] = place
    canvas.normal[at] = normal
    canvas.albedo[at] = skin.albedo
    canvas.gloss[at] = skin.gloss
    canvas.blur[at] = skin.blur
    canvas.height_mm[at] = skin.height_mm
    canvas.net[at] = skin.net
    canvas.surface[at] = skin.surface
    canvas.openness[at] = openness
    canvas.softness[at] = softness
    canvas.owner[at] = owner
    canvas.instance[at] = instance
    canvas.crop[at] = crop


def roughen(canvas: Canvas) -> None:
    """Turn normals by the slope of the fine relief, within each solid (bump mapping without a parametrisation,
    M. S. Mikkelsen, Journal of Graphics Tools 15 (2010))."""
    same_x = canvas.owner[:, 1:] == canvas.owner[:, :-1]
    same_y = canvas.owner[1:] == canvas.owner[:-1]
    dh_x = np.zeros_like(canvas.height_mm)
    dh_y = np.zeros_like(canvas.height_mm)
    dh_x[:, 1:] = np.where(same_x, np.diff(canvas.height_mm, axis=1), 0)
    dh_y[1:] = np.where(same_y, np.diff(canvas.height_mm, axis=0), 0)
    rows, columns = np.nonzero((np.abs(dh_x) + np.abs(dh_y) > 1e-5) & (canvas.owner > 0))
    if not rows.size:
        return
    up, left = np.maximum(rows - 1, 0), np.maximum(columns - 1, 0)
    normal = canvas.normal[rows, columns]
    step_x = canvas.place_mm[rows, columns] - canvas.place_mm[rows, left]
    step_y = canvas.place_mm[rows, columns] - canvas.place_mm[up, columns]
    across_1, across_2 = np.cross(step_y, normal), np.cross(normal, step_x)
    size = (step_x * across_1).sum(1)
    dx, dy = dh_x[rows, columns], dh_y[rows, columns]
    slope = np.sign(size)[:, None] * (dx[:, None] * across_1 + dy[:, None] * across_2)
    turned = np.maximum(np.abs(size), 1e-6)[:, None] * normal - slope
    turned /= np.maximum(np.linalg.norm(turned, axis=1, keepdims=True), 1e-9)
    sane = np.abs(dx) + np.abs(dy) < 6.0
    canvas.normal[rows[sane], columns[sane]] = turned[sane]
