"""Solids and ground onto the canvas: what each pixel sees first."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import Crop
from training.simulator.camera import Camera, box_around, rays
from training.simulator.canvas import Canvas, put
from training.simulator.fruit import Fruit, paint_fruit
from training.simulator.ground import paint_ground
from training.simulator.noise import Floats, look_up, smoothstep
from training.simulator.objects import (
    BODY_KINDS,
    DISH,
    FLAT_KINDS,
    ObjectLook,
    make_object,
    paint_flat,
    paint_object,
)
from training.simulator.parts import draw_fruit_parts, draw_rod, draw_tomato_star
from training.simulator.shade import Ball
from training.simulator.shape import Body, body_points, intersect, on_surface, to_map
from training.simulator.skin import blend, length_of, points_of
from training.simulator.spec import ObjectSpec, SceneSpec

CROP_VALUE = {Crop.APPLE: 1, Crop.MELON: 2}
OTHER_OBJECT = 3


def mean_radius(body: Body) -> float:
    return float(np.median(np.linalg.norm(body_points(body)[::4, ::4], axis=-1)))


def _visible_part(
    canvas: Canvas, camera: Camera, body: Body, rotation: Floats, centre: Floats
) -> tuple[NDArray[np.intp], Floats, Floats, int, bool]:
    """Pixels where a body is nearest: index, depth, points in its frame; pixels of the whole outline; cut?"""
    x0, y0, x1, y1 = box_around(camera, centre, body.reach_mm)
    none = np.zeros(0, np.intp)
    if x0 >= x1 or y0 >= y1:
        return none, np.zeros(0, np.float32), np.zeros((0, 3), np.float32), 0, False
    directions = rays(camera, (x0, y0, x1, y1)).reshape(-1, 3) @ rotation
    t, points = intersect(body, (camera.origin_mm - centre) @ rotation, directions)
    grid = t.reshape(y1 - y0, x1 - x0)
    hit = np.isfinite(grid) & (grid > 1.0)
    height, width = canvas.depth_mm.shape
    cut = bool(
        (y0 == 0 and hit[0].any())
        or (x0 == 0 and hit[:, 0].any())
        or (y1 == height and hit[-1].any())
        or (x1 == width and hit[:, -1].any())
    )
    rows, columns = np.nonzero(hit & (np.where(hit, grid, np.inf) < canvas.depth_mm[y0:y1, x0:x1]))
    flat = rows * (x1 - x0) + columns
    return (rows + y0) * width + columns + x0, t[flat], points[flat], int(hit.sum()), cut


def draw_fruit(
    canvas: Canvas, camera: Camera, fruit: Fruit, rotation: Floats, centre: Floats, number: int
) -> tuple[int, bool]:
    at, depth, points, count, cut = _visible_part(canvas, camera, fruit.body, rotation, centre)
    crop = CROP_VALUE[fruit.spec.crop]
    if at.size:
        column, row, _ = to_map(fruit.body, points)
        facts = look_up(fruit.body.skin, column, row)
        normal = facts[:, :3] @ rotation.T
        normal /= np.maximum(length_of(normal), 1e-6)[:, None]
        put(
            canvas,
            at,
            depth=depth,
            place=points @ rotation.T + centre,
            normal=normal,
            skin=paint_fruit(fruit, points_of(fruit.body, points)),
            owner=number * 8,
            instance=number,
            crop=crop,
            openness=facts[:, 3],
            softness=0.35 if fruit.spec.crop is Crop.APPLE else 0.15,
        )
    draw_fruit_parts(canvas, camera, fruit, rotation, centre, number, crop)
    return count, cut


def draw_object(canvas: Canvas, camera: Camera, spec: ObjectSpec, number: int, balls: list[Ball]) -> None:
    if spec.kind in (*FLAT_KINDS, DISH):
        _draw_flat(canvas, camera, spec, number)
        return
    if spec.kind not in BODY_KINDS:
        draw_rod(canvas, camera, spec, number)
        return
    body, look = make_object(spec)
    turn = np.random.default_rng((spec.seed, 44)).normal(size=(3, 3))
    rotation = np.linalg.qr(turn)[0].astype(np.float32)
    rotation *= np.sign(np.linalg.det(rotation))
    rest = -float((body_points(body).reshape(-1, 3) @ rotation[2]).min())
    centre = np.array([*spec.centre_mm, rest], np.float32)
    _draw_round(canvas, camera, body, look, rotation, centre, number)
    if spec.kind == "tomato":
        top = on_surface(body, np.array([[0.0, 0.0, 1.0]], np.float32))[0]
        draw_tomato_star(canvas, camera, top, rotation, centre, spec.seed, number)
    balls.append((centre, mean_radius(body), number))


def _draw_round(
    canvas: Canvas,
    camera: Camera,
    body: Body,
    look: ObjectLook,
    rotation: Floats,
    centre: Floats,
    number: int,
) -> None:
    at, depth, points, _, _ = _visible_part(canvas, camera, body, rotation, centre)
    if not at.size:
        return
    column, row, _ = to_map(body, points)
    facts = look_up(body.skin, column, row)
    put(
        canvas,
        at,
        depth=depth,
        place=points @ rotation.T + centre,
        normal=facts[:, :3] @ rotation.T,
        skin=paint_object(look, points_of(body, points)),
        owner=number * 8,
        instance=number,
        crop=OTHER_OBJECT,
        openness=facts[:, 3],
        softness=0.25,
    )


def _plane(camera: Camera, canvas: Canvas, height_mm: float) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Pixels whose ray meets the level plane first: index, depth, places. Rays above the horizon meet it far away."""
    height, width = canvas.depth_mm.shape
    direction = rays(camera, (0, 0, width, height))
    fall = np.minimum(direction[..., 2], -0.02)
    t = np.minimum((np.float32(height_mm) - camera.origin_mm[2]) / fall, 12000.0)
    at = np.flatnonzero(t < canvas.depth_mm)
    depth = t.reshape(-1)[at]
    return at, depth, camera.origin_mm + direction.reshape(-1, 3)[at] * depth[:, None]


def _draw_flat(canvas: Canvas, camera: Camera, spec: ObjectSpec, number: int) -> None:
    at, depth, place = _plane(camera, canvas, 1.0 + 0.05 * (number % 7))
    turn = np.radians(spec.turn_deg)
    x, y = place[:, 0] - spec.centre_mm[0], place[:, 1] - spec.centre_mm[1]
    near = np.flatnonzero(np.hypot(x, y) < 140 * spec.size)
    x, y = x[near], y[near]
    a, b = (
        x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn)),
        y * np.float32(np.cos(turn)) - x * np.float32(np.sin(turn)),
    )
    skin, inside = paint_flat(spec, a, b)
    keep = np.flatnonzero(inside > 0)
    if not keep.size:
        return
    for name in ("albedo", "surface", "gloss", "blur", "height_mm", "net", "red"):
        setattr(skin, name, getattr(skin, name)[keep])
    chosen = near[keep]
    put(
        canvas,
        at[chosen],
        depth=depth[chosen],
        place=place[chosen],
        normal=np.broadcast_to(np.array([0, 0, 1], np.float32), (chosen.size, 3)),
        skin=skin,
        owner=number * 8,
        instance=number,
        crop=OTHER_OBJECT,
    )


def draw_ground(
    canvas: Canvas, camera: Camera, scene: SceneSpec, centres: Floats, background: NDArray[np.uint8] | None
) -> NDArray[np.bool_] | None:
    """Fill what is left with the ground, or with the caller's picture; returns where that picture was pasted."""
    at, depth, place = _plane(camera, canvas, 0.0)
    skin = paint_ground(scene.ground, place[:, 0], place[:, 1], centres)
    far = smoothstep(900.0, 2600.0, np.hypot(place[:, 0], place[:, 1]))
    skin.albedo = blend(skin.albedo, np.array(scene.ground.colour, np.float32), far)
    skin.height_mm *= 1 - far
    pasted = None
    if background is not None:
        skin.albedo = _fit(background, canvas.depth_mm.shape).reshape(-1, 3)[at].astype(np.float32) / 255
    if background is not None or scene.ground.kind == "white":
        skin.height_mm[:] = 0
        skin.gloss[:] = 0
        pasted = np.zeros(canvas.depth_mm.shape, np.bool_)
        pasted.reshape(-1)[at] = True
    put(
        canvas,
        at,
        depth=depth,
        place=place,
        normal=np.broadcast_to(np.array([0, 0, 1], np.float32), place.shape),
        skin=skin,
        owner=1,
        instance=0,
        crop=0,
    )
    return pasted


def _fit(picture: NDArray[np.uint8], size_hw: tuple[int, ...]) -> NDArray[np.uint8]:
    """Scale and cut the caller's picture so that it fills the inner picture."""
    scale = max(size_hw[0] / picture.shape[0], size_hw[1] / picture.shape[1]) * 1.001
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    wide = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how)
    top, left = (wide.shape[0] - size_hw[0]) // 2, (wide.shape[1] - size_hw[1]) // 2
    return np.ascontiguousarray(wide[top : top + size_hw[0], left : left + size_hw[1]], np.uint8)
