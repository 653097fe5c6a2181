"""A ball with dots that turns before a far camera: views of exactly known turn, painted without a renderer."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.scale import Scale
from grader.surface import map_skin
from grader.types import Crop, FruitView, SurfaceClass
from grader.view_surface import ViewSurface, view_surface

RADIUS_PX = 70
FAR = 1e3
"""Distance of the camera in radii: parallel lines of sight."""

Spot = tuple[tuple[float, float, float], float, SurfaceClass]
"""Direction on the ball in view 0 (x right, y down, z away), half angle in degrees, class."""


def turns(axis: tuple[float, float, float], step_deg: float, count: int) -> NDArray[np.float64]:
    """Rotations of `count` views by so many degrees a step, (count, 3, 3)."""
    unit = np.array(axis) / np.linalg.norm(axis)
    return np.stack([cv2.Rodrigues(unit * np.radians(step_deg * k))[0] for k in range(count)])


def dots(seed: int, count: int = 60) -> NDArray[np.float64]:
    """Random places on the ball, (count, 3)."""
    places = np.random.default_rng(seed).normal(size=(count, 3))
    return places / np.linalg.norm(places, axis=1, keepdims=True)


def ball_view(
    rotation: NDArray[np.float64],
    pattern: NDArray[np.float64] | None = None,
    spots: tuple[Spot, ...] = (),
    *,
    red_below: float | None = None,
    confidence: float = 0.9,
    frame_id: str = "ball",
) -> FruitView:
    """One view. pattern: dots of darker skin. spots: what the network marks (painted too). red_below: the skin whose y
    on the ball of view 0 is below this is red."""
    size = 2 * RADIUS_PX + 20
    x, y = np.meshgrid(*[(np.arange(size) - (size - 1) / 2) / RADIUS_PX] * 2)
    inside = np.hypot(x, y) <= 1
    towards = np.stack([x, y, -np.sqrt(np.maximum(1 - x * x - y * y, 0))], axis=-1) @ rotation
    rgb = np.where(inside[..., None], (150.0, 170.0, 60.0), (20.0, 40.0, 90.0))
    if pattern is not None:
        rgb[inside & ((towards @ pattern.T).max(axis=-1) > np.cos(np.radians(5)))] = (110, 100, 40)
    if red_below is not None:
        rgb[inside & (towards[..., 1] < red_below)] = (150, 30, 40)
    surface = np.where(inside, SurfaceClass.SOUND_SKIN, SurfaceClass.BACKGROUND).astype(np.uint8)
    for direction, half_deg, value in spots:
        unit = np.array(direction) / np.linalg.norm(direction)
        hit = inside & (towards @ unit > np.cos(np.radians(half_deg)))
        rgb[hit], surface[hit] = (80, 60, 30), value
    return FruitView(
        frame_id=frame_id,
        fruit_index=0,
        crop=Crop.APPLE,
        crop_confidence=1.0,
        rgb=rgb.astype(np.uint8),
        mask=inside,
        surface=surface,
        confidence=np.full((size, size), confidence, np.float32),
        net_cover=np.zeros((size, size), np.float32),
        box_xyxy_px=(0, 0, size, size),
        frame_hw=(size, size),
        touches_edge=False,
        touches_fruit=False,
    )


def surface_of(view: FruitView, scale: Scale | None = None, *, weight: float = 1.0) -> ViewSurface:
    """What a view lays on the surface of all."""
    return view_surface(view, map_skin(view), scale, weight=weight)


def shrunken(view: FruitView, by: int) -> FruitView:
    """The same view by a camera with `by` times fewer pixels a side."""
    height, width = (side // by for side in view.mask.shape)
    nearest = (slice(by // 2, height * by, by), slice(by // 2, width * by, by))
    return replace(
        view,
        rgb=cv2.resize(view.rgb, (width, height), interpolation=cv2.INTER_AREA),
        mask=view.mask[nearest].copy(),
        surface=view.surface[nearest].copy(),
        confidence=view.confidence[nearest].copy(),
        net_cover=view.net_cover[nearest].copy(),
        box_xyxy_px=(0, 0, width, height),
        frame_hw=(height, width),
    )
