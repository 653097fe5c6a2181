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

    depth_mm: along the optical axis, inf where nothing is. place_mm, normal: world. owner: 0 nothing, 1.. one
    number per
    painted solid (parts of one fruit have their own). openness, softness: 0-1 share of sky seen, light through
    the skin.
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
    plain = {
        name: np.zeros(size_hw, np.float32) for name in ("gloss", "blur", "height_mm", "softness", "net")
    }
    return Canvas(
        depth_mm=np.full(size_hw, np.inf, np.float32),
        openness=np.ones(size_hw, np.float32),
        place_mm=np.zeros((*size_hw, 3), np.float32),
        normal=np.zeros((*size_hw, 3), np.float32),
        albedo=np.zeros((*size_hw, 3), np.float32),
        owner=np.zeros(size_hw, np.int32),
        surface=np.zeros(size_hw, np.uint8),
        instance=np.zeros(size_hw, np.uint8),
        crop=np.zeros(size_hw, np.uint8),
        **plain,
    )


def put(
    canvas: Canvas,
    at: NDArray[np.intp],
    *,
    depth: Floats,
    place: Floats,
    normal: Floats,
    skin: Skin,
    owner: int,
    instance: int,
    crop: int,
    openness: Floats | float = 1.0,
    softness: float = 0.0,
) -> None:
    """Write pixels of one solid that the caller found to be nearest. at: (N,) index row * width + column."""
    canvas.place_mm.reshape(-1, 3)[at] = place
    canvas.normal.reshape(-1, 3)[at] = normal
    canvas.albedo.reshape(-1, 3)[at] = skin.albedo
    for target, values in (
        (canvas.depth_mm, depth),
        (canvas.gloss, skin.gloss),
        (canvas.blur, skin.blur),
        (canvas.height_mm, skin.height_mm),
        (canvas.net, skin.net),
        (canvas.openness, openness),
        (canvas.softness, softness),
    ):
        target.reshape(-1)[at] = values
    canvas.surface.reshape(-1)[at] = skin.surface
    canvas.owner.reshape(-1)[at] = owner
    canvas.instance.reshape(-1)[at] = instance
    canvas.crop.reshape(-1)[at] = crop


def roughen(canvas: Canvas, least_mm: float) -> None:
    """Turn normals by the slope of the fine relief, within each solid where it steps by at least `least_mm`
    between neighbours
    (bump mapping without a parametrisation,
    M. S. Mikkelsen, Journal of Graphics Tools 15 (2010))."""
    width = canvas.height_mm.shape[1]
    same_x = canvas.owner[:, 1:] == canvas.owner[:, :-1]
    same_y = canvas.owner[1:] == canvas.owner[:-1]
    dh_x = np.zeros_like(canvas.height_mm)
    dh_y = np.zeros_like(canvas.height_mm)
    dh_x[:, 1:] = np.where(same_x, np.diff(canvas.height_mm, axis=1), 0)
    dh_y[1:] = np.where(same_y, np.diff(canvas.height_mm, axis=0), 0)
    at = np.flatnonzero((np.abs(dh_x) + np.abs(dh_y) > least_mm) & (canvas.owner > 0))
    if not at.size:
        return
    places, normals = canvas.place_mm.reshape(-1, 3), canvas.normal.reshape(-1, 3)
    up, left = np.maximum(at - width, 0), np.maximum(at - 1, 0)
    here, normal = places[at], normals[at]
    step_x, step_y = here - places[left], here - places[up]
    across_1, across_2 = _cross(step_y, normal), _cross(normal, step_x)
    size = np.einsum("ij,ij->i", step_x, across_1)
    dx, dy = dh_x.reshape(-1)[at], dh_y.reshape(-1)[at]
    slope = (np.sign(size) * dx)[:, None] * across_1 + (np.sign(size) * dy)[:, None] * across_2
    turned = np.maximum(np.abs(size), 1e-6)[:, None] * normal - slope
    turned /= np.maximum(np.sqrt(np.einsum("ij,ij->i", turned, turned)), 1e-9)[:, None]
    sane = np.abs(dx) + np.abs(dy) < 6.0
    normals[at[sane]] = turned[sane]
    canvas.normal[0], canvas.normal[:, 0] = (
        canvas.normal[1],
        canvas.normal[:, 1],
    )  # no neighbour to compare with


def _cross(a: Floats, b: Floats) -> Floats:
    return np.stack(
        [
            a[:, 1] * b[:, 2] - a[:, 2] * b[:, 1],
            a[:, 2] * b[:, 0] - a[:, 0] * b[:, 2],
            a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0],
        ],
        1,
    )
