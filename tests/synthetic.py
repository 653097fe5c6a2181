"""Paint fruit of exactly known size, colour, defects and landmarks: spheroids hit by camera rays, no renderer.

World: x right, y down, z away from the camera, in mm. A fruit is a spheroid (or a general ellipsoid) with its
stem-calyx line along `axis_xyz`. Everything on its skin is a cap: all points whose direction *in fruit coordinates
scaled to the unit sphere* lies within an angle of a given direction. On a sphere of radius r a cap of half angle a has
the exact area 2 pi r^2 (1 - cos a) and the exact great-circle length 2 a r.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, radians

import numpy as np
from numpy.typing import NDArray

from grader.types import Crop, DefectKind, FruitView, SurfaceClass

Vector = tuple[float, float, float]
Float = NDArray[np.float64]

GROUND_RGB = (176, 186, 84)
BLUSH_RGB = (150, 30, 38)
LIGHT_RED_RGB = (205, 128, 92)
DEFECT_RGB = (96, 62, 38)
STEM_RGB = (70, 56, 36)
BELT_RGB = (38, 40, 44)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A round piece of skin: `towards_xyz` from the centre of the fruit, half angle in degrees."""

    towards_xyz: Vector
    half_angle_deg: float
    surface: SurfaceClass = SurfaceClass.SOUND_SKIN
    rgb: tuple[int, int, int] = BLUSH_RGB
    confidence: float = 0.95

    def area_mm2(self, radius_mm: float) -> float:
        """Exact area on a sphere."""
        return 2 * pi * radius_mm**2 * (1 - cos(radians(self.half_angle_deg)))


def defect_cap(kind: DefectKind, towards_xyz: Vector, half_angle_deg: float, confidence: float = 0.95) -> Cap:
    """A defect of one kind."""
    return Cap(
        towards_xyz=towards_xyz,
        half_angle_deg=half_angle_deg,
        surface=kind.surface_class,
        rgb=DEFECT_RGB,
        confidence=confidence,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """A stalk seen from the side: a straight bar from `from_xy_mm` to `to_xy_mm` (picture plane), in front of all."""

    from_xy_mm: tuple[float, float]
    to_xy_mm: tuple[float, float]
    width_mm: float = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """Straight-down camera. `height_mm` None: orthographic, `mm_per_px` everywhere; else perspective and `mm_per_px`
    holds on the belt plane, at the distance `height_mm`."""

    mm_per_px: float = 0.35
    height_mm: float | None = None


def unit(vector: Vector) -> Float:
    """The vector with length 1."""
    array = np.asarray(vector, dtype=np.float64)
    return array / np.linalg.norm(array)


def _frame_of_fruit(axis_xyz: Vector) -> Float:
    """Rows: two directions at right angles to the axis, and the axis."""
    w = unit(axis_xyz)
    helper = np.array([1.0, 0.0, 0.0]) if abs(w[0]) < 0.9 else np.array([0.0, 1.0, 0.0])
    u = np.cross(w, helper)
    u /= np.linalg.norm(u)
    return np.stack([u, np.cross(w, u), w])


def paint_fruit(
    *,
    diameter_mm: float = 75.0,
    length_mm: float | None = None,
    second_diameter_mm: float | None = None,
    axis_xyz: Vector = (0.0, 0.0, -1.0),
    camera: Camera = Camera(),
    centre_mm: tuple[float, float] = (0.0, 0.0),
    frame_hw: tuple[int, int] = (600, 800),
    caps: tuple[Cap, ...] = (),
    stem: Stem | None = None,
    crop: Crop = Crop.APPLE,
    net_cover: float = 0.0,
    ground_rgb: tuple[int, int, int] = GROUND_RGB,
    shading: float = 0.25,
    noise: float = 0.0,
    mask_step_px: int = 1,
    margin_px: int = 12,
    seed: int = 0,
) -> FruitView:
    """One fruit in the middle of the frame plus `centre_mm` (on the belt), as the finder would hand it on.

    diameter_mm x (second_diameter_mm or diameter_mm) x (length_mm or diameter_mm): full axes of the ellipsoid; the
    last lies along `axis_xyz`. mask_step_px > 1: mask and surface are as coarse as a network's (blocks of that size).
    shading: 0 flat light, 1 Lambert. noise: standard deviation of sensor noise in 8-bit levels.
    """
    scale = camera.mm_per_px
    radii = np.array([diameter_mm, second_diameter_mm or diameter_mm, length_mm or diameter_mm]) / 2
    body = _frame_of_fruit(axis_xyz) / radii[:, None]
    frame_h, frame_w = frame_hw
    principal = np.array([(frame_w - 1) / 2, (frame_h - 1) / 2])
    z_centre = 0.0 if camera.height_mm is None else camera.height_mm - float(radii.mean())
    magnify = 1.0 if camera.height_mm is None else camera.height_mm / z_centre
    middle = principal + np.array(centre_mm) / scale * magnify
    half = int(np.ceil(radii.max() / scale * magnify * 1.08)) + margin_px
    x0, y0 = np.maximum(np.floor(middle - half), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(middle + half).astype(int) + 1, [frame_w, frame_h])
    h, w = int(y1 - y0), int(x1 - x0)

    sub = 3
    offsets = (np.arange(sub) + 0.5) / sub - 0.5
    xs = (x0 + np.arange(w)[:, None] + offsets).reshape(-1) - principal[0]
    ys = (y0 + np.arange(h)[:, None] + offsets).reshape(-1) - principal[1]
    gx, gy = np.meshgrid(xs * scale, ys * scale)
    if camera.height_mm is None:
        origin = np.stack([gx - centre_mm[0], gy - centre_mm[1], np.zeros_like(gx)], -1)
        ray = np.broadcast_to(np.array([0.0, 0.0, 1.0]), origin.shape)
    else:
        ray = np.stack([gx, gy, np.full_like(gx, camera.height_mm)], -1)
        origin = np.broadcast_to(-np.array([centre_mm[0], centre_mm[1], z_centre]), ray.shape)
    o, d = origin @ body.T, ray @ body.T
    a, b, c = (d * d).sum(-1), (o * d).sum(-1), (o * o).sum(-1) - 1
    root = b * b - a * c
    hit = root >= 0
    t = (-b - np.sqrt(np.maximum(root, 0))) / a
    on_unit = o + t[..., None] * d
    normal = on_unit @ body
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-9)
    facing = np.clip(-(normal * ray).sum(-1) / np.linalg.norm(ray, axis=-1), 0, 1)

    colour = np.empty((*hit.shape, 3))
    colour[:] = ground_rgb
    classes = np.where(hit, SurfaceClass.SOUND_SKIN, SurfaceClass.BACKGROUND).astype(np.uint8)
    confidence = np.full(hit.shape, 0.98)
    for cap in caps:
        towards = body @ (unit(cap.towards_xyz))
        towards /= np.linalg.norm(towards)
        inside = hit & (on_unit @ towards >= cos(radians(cap.half_angle_deg)))
        colour[inside] = cap.rgb
        classes[inside] = cap.surface
        confidence[inside] = cap.confidence
    colour *= (1 - shading + shading * facing)[..., None]
    colour[~hit] = BELT_RGB
    if stem is not None:
        p = np.array(stem.from_xy_mm)
        along = np.array(stem.to_xy_mm) - p
        q = np.stack([gx - centre_mm[0], gy - centre_mm[1]], -1) - p
        place = np.clip((q @ along) / (along @ along), 0, 1)
        near = np.linalg.norm(q - place[..., None] * along, axis=-1) <= stem.width_mm / 2
        colour[near], classes[near], hit = STEM_RGB, SurfaceClass.STEM, hit | near

    blocks = (h, sub, w, sub)
    rgb = colour.reshape(*blocks, 3).mean((1, 3))
    if noise:
        rgb = rgb + np.random.default_rng(seed).normal(0, noise, rgb.shape)
    mask = hit.reshape(blocks).mean((1, 3)) >= 0.5
    centre = slice(sub // 2, None, sub)
    surface = np.where(mask, np.maximum(classes[centre, centre], SurfaceClass.SOUND_SKIN), 0).astype(np.uint8)
    sure = confidence[centre, centre].astype(np.float32)
    if mask_step_px > 1:
        rows = np.minimum(np.arange(h) // mask_step_px * mask_step_px + mask_step_px // 2, h - 1)
        cols = np.minimum(np.arange(w) // mask_step_px * mask_step_px + mask_step_px // 2, w - 1)
        mask, surface, sure = mask[rows][:, cols], surface[rows][:, cols], sure[rows][:, cols]
    return FruitView(
        frame_id="painted",
        fruit_index=0,
        crop=crop,
        crop_confidence=0.99,
        rgb=np.clip(np.rint(rgb), 0, 255).astype(np.uint8),
        mask=mask,
        surface=surface,
        confidence=sure,
        net_cover=np.full((h, w), net_cover, np.float32),
        box_xyxy_px=(int(x0), int(y0), int(x1), int(y1)),
        frame_hw=frame_hw,
        touches_edge=bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()),
        touches_fruit=False,
    )


def share_seen_in_cap(cap_towards_xyz: Vector, half_angle_deg: float, count: int = 400_000) -> float:
    """Exact share (to 1e-3) of the hemisphere facing an orthographic camera (z = -1) that a cap of a sphere covers."""
    i = np.arange(count) + 0.5
    nz = i / count
    angle = pi * (1 + 5**0.5) * i
    flat = np.sqrt(1 - nz * nz)
    points = np.stack([flat * np.cos(angle), flat * np.sin(angle), -nz], -1)
    return float((points @ unit(cap_towards_xyz) >= cos(radians(half_angle_deg))).mean())
