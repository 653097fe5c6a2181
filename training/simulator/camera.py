"""The pinhole camera: rays, projection, and the scale in the plane of a fruit's outline."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from training.simulator.noise import Floats
from training.simulator.spec import CameraSpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Camera:
    """origin_mm: (3,) in the world. turn: (3, 3), rows = right, down, forward in the world. cx, cy: centre, px."""

    origin_mm: Floats
    turn: Floats
    focal_px: float
    cx: float
    cy: float
    size_hw: tuple[int, int]


def make_camera(spec: CameraSpec, size_hw: tuple[int, int], scale: float = 1.0) -> Camera:
    """A camera for a picture of `size_hw` times `scale` (inner pixels)."""
    up, side = np.radians(spec.elevation_deg), np.radians(spec.azimuth_deg)
    back = np.array([np.cos(up) * np.cos(side), np.cos(up) * np.sin(side), np.sin(up)])
    forward = -back
    right = np.array([-np.sin(side), np.cos(side), 0.0])
    down = np.cross(forward, right)
    roll = np.radians(spec.roll_deg)
    rolled_right = right * np.cos(roll) + down * np.sin(roll)
    rolled_down = np.cross(forward, rolled_right)
    height, width = round(size_hw[0] * scale), round(size_hw[1] * scale)
    return Camera(
        origin_mm=(np.array(spec.look_at_mm) + back * spec.distance_mm).astype(np.float32),
        turn=np.stack([rolled_right, rolled_down, forward]).astype(np.float32),
        focal_px=spec.focal_px * scale,
        cx=(width - 1) / 2,
        cy=(height - 1) / 2,
        size_hw=(height, width),
    )


def rays(camera: Camera, box: tuple[int, int, int, int]) -> Floats:
    """World directions of the pixels of a box, length such that one step is 1 mm of depth: (h, w, 3)."""
    x0, y0, x1, y1 = box
    x = (np.arange(x0, x1, dtype=np.float32) - np.float32(camera.cx)) / np.float32(camera.focal_px)
    y = (np.arange(y0, y1, dtype=np.float32) - np.float32(camera.cy)) / np.float32(camera.focal_px)
    right, down, forward = camera.turn
    return np.asarray(x[None, :, None] * right + y[:, None, None] * down + forward, np.float32)


def ray_at(camera: Camera, column: NDArray[np.intp], row: NDArray[np.intp]) -> Floats:
    """World directions of single pixels, as in `rays`: (N, 3)."""
    x = (column.astype(np.float32) - np.float32(camera.cx)) / np.float32(camera.focal_px)
    y = (row.astype(np.float32) - np.float32(camera.cy)) / np.float32(camera.focal_px)
    right, down, forward = camera.turn
    return np.asarray(x[:, None] * right + y[:, None] * down + forward, np.float32)


def project(camera: Camera, world_mm: Floats) -> tuple[Floats, Floats, Floats]:
    """Pixel x, y and depth of world points (N, 3)."""
    seen = (world_mm - camera.origin_mm) @ camera.turn.T
    depth = np.maximum(seen[:, 2], 1e-3)
    return (
        seen[:, 0] / depth * np.float32(camera.focal_px) + np.float32(camera.cx),
        seen[:, 1] / depth * np.float32(camera.focal_px) + np.float32(camera.cy),
        seen[:, 2],
    )


def box_around(
    camera: Camera, centre_mm: Floats, radius_mm: float, margin_px: int = 2
) -> tuple[int, int, int, int]:
    """Half-open pixel box of a ball, cut to the picture; may be empty (x0 >= x1 or y0 >= y1)."""
    x, y, depth = (float(v[0]) for v in project(camera, centre_mm[None].astype(np.float32)))
    if depth <= radius_mm:
        return (0, 0, camera.size_hw[1], camera.size_hw[0]) if depth > 0 else (0, 0, 0, 0)
    reach = camera.focal_px * radius_mm / (depth - radius_mm) + margin_px
    return (
        max(0, int(x - reach)),
        max(0, int(y - reach)),
        min(camera.size_hw[1], int(x + reach) + 2),
        min(camera.size_hw[0], int(y + reach) + 2),
    )


def outline_scale(distance_mm: float, radius_mm: float, focal_px: float) -> float:
    """mm per pixel in the plane of the outline of a ball: its tangent circle lies at distance - radius**2 /
    distance."""
    return (distance_mm - radius_mm * radius_mm / distance_mm) / focal_px


def distance_for_scale(mm_per_px: float, radius_mm: float, focal_px: float) -> float:
    """Distance of a ball's centre at which its outline plane has the given scale (inverse of `outline_scale`)."""
    plane = mm_per_px * focal_px
    return (plane + sqrt(plane * plane + 4 * radius_mm * radius_mm)) / 2
