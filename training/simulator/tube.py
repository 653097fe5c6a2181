"""Bent, tapering round rods: stems, sepals, fingers, bananas, twigs."""

from __future__ import annotations

import numpy as np

from training.simulator.camera import Camera, project, ray_at
from training.simulator.canvas import Canvas, put
from training.simulator.noise import Floats, fractal_tile, on_plane
from training.simulator.skin import blank_skin

BROWN = (0.075, 0.035, 0.012)
"""sRGB, 0-1, of the patches of an overripe banana."""


def bent(start: Floats, direction: Floats, bend: Floats, length_mm: float, count: int = 9) -> Floats:
    """Points (count, 3) of a line that leaves `start` along `direction` and bends toward `bend`."""
    s = np.linspace(0, 1, count)[:, None]
    return (start + length_mm * (s * direction + s * s * bend)).astype(np.float32)


def draw_tube(
    canvas: Canvas,
    camera: Camera,
    line_mm: Floats,
    radius_mm: Floats,
    *,
    colours: Floats,
    owner: int,
    instance: int,
    crop: int,
    surface: int,
    seed: int,
    gloss: float = 0.2,
    grain: float = 0.12,
    flat: float = 1.0,
    spots: float = 0.0,
) -> None:
    """Draw a rod along world points (n, 3) with radii (n,) and sRGB colours (n, 3).

    flat < 1 squeezes the shading of depth (leaves). spots: share of the skin, 0-1, that has turned brown in patches.
    Depth along a piece is interpolated; rods are thin, so the silhouette is that of the projected discs.
    """
    x, y, depth = project(camera, line_mm)
    if depth.min() <= 1.0:
        return
    r = radius_mm * camera.focal_px / depth
    height, width = canvas.depth_mm.shape
    x0, x1 = max(0, int((x - r).min()) - 1), min(width, int((x + r).max()) + 2)
    y0, y1 = max(0, int((y - r).min()) - 1), min(height, int((y + r).max()) + 2)
    if x0 >= x1 or y0 >= y1:
        return
    best, along, side_x, side_y = _nearest_disc(x, y, r, (x0, y0, x1, y1))
    nodes = np.arange(len(x))
    toward = np.sqrt(np.clip(1 - best * best, 0, 1)) * np.float32(flat)
    z = np.interp(along, nodes, depth) - toward * np.interp(along, nodes, radius_mm)
    rows, columns = np.nonzero((best < 1.0) & (z < canvas.depth_mm[y0:y1, x0:x1]))
    if not rows.size:
        return
    at = (rows, columns)
    normal = (
        side_x[at][:, None] * camera.turn[0]
        + side_y[at][:, None] * camera.turn[1]
        - np.maximum(toward[at], 0.05)[:, None] * camera.turn[2]
    )
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    skin = blank_skin(rows.size)
    where = along[at]
    tint = np.stack([np.interp(where, nodes, colours[:, c]) for c in range(3)], 1)
    u = where * np.float32(0.05) + np.float32(seed % 97) / 97
    v = side_x[at] * np.float32(0.03) + side_y[at] * np.float32(0.03) + np.float32(seed % 89) / 89
    noise = on_plane(fractal_tile(0.9, 4.0), u.astype(np.float32), v.astype(np.float32))
    skin.albedo = np.clip(tint * (1 + grain * noise)[:, None], 0.01, 0.98).astype(np.float32)
    if spots > 0:
        patches = on_plane(
            fractal_tile(1.3, 3.0),
            (u * np.float32(2.5)).astype(np.float32),
            (v * np.float32(7.5)).astype(np.float32),
        )
        level = np.float32(np.quantile(patches, 1 - spots))
        brown = np.clip((patches - level) * np.float32(6), 0, 1)[:, None]
        skin.albedo = (skin.albedo * (1 - brown) + np.asarray(BROWN, np.float32) * brown).astype(np.float32)
    skin.gloss[:] = gloss
    skin.surface[:] = surface
    distance = z[at].astype(np.float32)
    place = camera.origin_mm + ray_at(camera, columns + x0, rows + y0) * distance[:, None]
    put(
        canvas,
        (rows + y0) * width + columns + x0,
        depth=distance,
        place=place,
        normal=normal.astype(np.float32),
        skin=skin,
        owner=owner,
        instance=instance,
        crop=crop,
        openness=0.85,
    )


def _nearest_disc(
    x: Floats, y: Floats, r: Floats, box: tuple[int, int, int, int]
) -> tuple[Floats, Floats, Floats, Floats]:
    """For each pixel of a box: distance from the line in radii (1 = outside), place along it, sideways offset
    in radii."""
    x0, y0, x1, y1 = box
    shape = (y1 - y0, x1 - x0)
    best = np.ones(shape, np.float32)
    along, side_x, side_y = (
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
        np.zeros(shape, np.float32),
    )
    for i in range(len(x) - 1):
        left, right = (
            int(min(x[i] - r[i], x[i + 1] - r[i + 1])) - 1,
            int(max(x[i] + r[i], x[i + 1] + r[i + 1])) + 2,
        )
        top, low = (
            int(min(y[i] - r[i], y[i + 1] - r[i + 1])) - 1,
            int(max(y[i] + r[i], y[i + 1] + r[i + 1])) + 2,
        )
        left, right, top, low = max(left, x0), min(right, x1), max(top, y0), min(low, y1)
        if left >= right or top >= low:
            continue
        grid_x = np.arange(left, right, dtype=np.float32)[None, :]
        grid_y = np.arange(top, low, dtype=np.float32)[:, None]
        ax, ay = x[i + 1] - x[i], y[i + 1] - y[i]
        t = np.clip(((grid_x - x[i]) * ax + (grid_y - y[i]) * ay) / max(ax * ax + ay * ay, 1e-6), 0, 1)
        radius = np.maximum(r[i] + t * (r[i + 1] - r[i]), 0.45)
        dx, dy = (grid_x - (x[i] + t * ax)) / radius, (grid_y - (y[i] + t * ay)) / radius
        off = np.sqrt(dx * dx + dy * dy)
        part = (slice(top - y0, low - y0), slice(left - x0, right - x0))
        nearer = off < best[part]
        for target, values in ((best, off), (along, i + t), (side_x, dx), (side_y, dy)):
            target[part][nearer] = values[nearer]
    return best, along, side_x, side_y
