"""From a scene request to a picture with its truth: draw solids on the canvas, light it, expose it, read the truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import Crop
from training.simulator.camera import Camera, box_around, make_camera, rays
from training.simulator.canvas import Canvas, blank_canvas, put, roughen
from training.simulator.fruit import Fruit, make_fruit, paint_fruit
from training.simulator.ground import paint_ground
from training.simulator.lens import expose, srgb_to_linear
from training.simulator.light import Light, ball_shadow, diffuse, make_light, reflect
from training.simulator.noise import Floats, look_up, smoothstep
from training.simulator.objects import (
    BODY_KINDS,
    FLAT_KINDS,
    ObjectLook,
    make_object,
    paint_flat,
    paint_object,
)
from training.simulator.parts import draw_fruit_parts, draw_rod, draw_tomato_star
from training.simulator.rendered import SIMULATOR_VERSION, Rendered
from training.simulator.shape import Body, body_points, intersect, on_surface, to_map
from training.simulator.skin import blend, length_of, points_of
from training.simulator.spec import ObjectSpec, PlacedFruit, SceneSpec
from training.simulator.truth import fruit_truth

CROP_VALUE = {Crop.APPLE: 1, Crop.MELON: 2}
OTHER_OBJECT = 3
Ball = tuple[Floats, float, int]


def render_spec(scene: SceneSpec, background: NDArray[np.uint8] | None = None) -> Rendered:
    """Render one picture exactly as asked.

    background: uint8 (h, w, 3) RGB, pasted behind the fruit instead of the ground, or None.

    Raises:
        ValueError: more than 255 fruit and objects, or a background of another type or shape.
    """
    if background is not None and (
        background.dtype != np.uint8 or background.ndim != 3 or background.shape[2] != 3
    ):
        raise ValueError(f"background must be uint8 (h, w, 3), got {background.dtype} {background.shape}")
    if len(scene.fruits) + len(scene.objects) > 255:
        raise ValueError(
            f"expected at most 255 fruit and objects, got {len(scene.fruits) + len(scene.objects)}"
        )
    made = {spec: make_fruit(spec) for spec in dict.fromkeys(placed.fruit for placed in scene.fruits)}
    return render_made(scene, [made[placed.fruit] for placed in scene.fruits], background)


def render_made(scene: SceneSpec, made: list[Fruit], background: NDArray[np.uint8] | None = None) -> Rendered:
    """As `render_spec`, with the fruit already made (the same fruit seen many times is made once)."""
    camera = make_camera(scene.camera, scene.size_hw, scene.supersample)
    canvas = blank_canvas(camera.size_hw)
    light = make_light(scene.light)
    poses = [_pose(placed, fruit) for placed, fruit in zip(scene.fruits, made, strict=True)]
    balls: list[Ball] = []
    whole_px: list[int] = []
    cut: list[bool] = []
    for number, (fruit, (rotation, centre)) in enumerate(zip(made, poses, strict=True), 1):
        count, at_edge = _draw_fruit(canvas, camera, fruit, rotation, centre, number)
        whole_px.append(count)
        cut.append(at_edge)
        balls.append((centre, _mean_radius(fruit.body), number))
    for number, spec in enumerate(scene.objects, len(made) + 1):
        _draw_object(canvas, camera, spec, number, balls)
    centres = np.array([c[:2] for _, c in poses], np.float32).reshape(-1, 2)
    pasted = _draw_ground(canvas, camera, scene, centres, background)
    roughen(canvas)
    linear = _shade(canvas, camera, light, balls, pasted, background is None)
    linear *= _exposure(linear, canvas, scene.lens.exposure)
    rng = np.random.default_rng((scene.seed, 51))
    truth: dict[str, object] = {
        "seed": scene.seed,
        "preset": scene.preset,
        "simulator_version": SIMULATOR_VERSION,
        "jpeg_quality": scene.lens.jpeg_quality,
        "camera": {
            "focal_px": scene.camera.focal_px,
            "cx": (scene.size_hw[1] - 1) / 2,
            "cy": (scene.size_hw[0] - 1) / 2,
            "distance_to_belt_mm": float(camera.origin_mm[2] / max(-float(camera.turn[2][2]), 1e-6)),
            "elevation_deg": scene.camera.elevation_deg,
        },
        "fruits": [
            fruit_truth(
                fruit, rotation, centre, camera, canvas, n, whole_px[n - 1], scene.supersample, cut[n - 1]
            )
            for n, (fruit, (rotation, centre)) in enumerate(zip(made, poses, strict=True), 1)
        ],
        "objects": [{"instance": n, "kind": o.kind} for n, o in enumerate(scene.objects, len(made) + 1)],
    }
    return Rendered(
        rgb=expose(linear, scene.lens, scene.size_hw, rng),
        surface=_labels(canvas.surface, scene.size_hw),
        instance=_labels(canvas.instance, scene.size_hw),
        crop=_labels(canvas.crop, scene.size_hw),
        net_cover=_net_cover(canvas, scene.size_hw),
        truth=truth,
    )


def _labels(inner: NDArray[np.uint8], size_hw: tuple[int, int]) -> NDArray[np.uint8]:
    height, width = inner.shape
    rows = ((np.arange(size_hw[0]) + 0.5) * height / size_hw[0]).astype(np.int64)
    columns = ((np.arange(size_hw[1]) + 0.5) * width / size_hw[1]).astype(np.int64)
    return np.ascontiguousarray(inner[rows[:, None], columns[None]])


def _net_cover(canvas: Canvas, size_hw: tuple[int, int]) -> Floats:
    if not canvas.net.any():
        return np.zeros(size_hw, np.float32)
    melon = (canvas.crop == CROP_VALUE[Crop.MELON]).astype(np.float32)
    spread = max(2.0, 0.02 * float(np.sqrt(melon.sum() / max(1, len(np.unique(canvas.instance)) - 1))))
    weight = cv2.GaussianBlur(melon, (0, 0), spread)
    cover = cv2.GaussianBlur(canvas.net * melon, (0, 0), spread) / np.maximum(weight, 1e-4) * melon
    small = cv2.resize(cover, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(
        np.clip(small, 0, 1) * (_labels(canvas.crop, size_hw) == CROP_VALUE[Crop.MELON]), np.float32
    )


def _mean_radius(body: Body) -> float:
    return float(np.median(np.linalg.norm(body_points(body)[::4, ::4], axis=-1)))


def _pose(placed: PlacedFruit, fruit: Fruit) -> tuple[Floats, Floats]:
    rotation = np.array(placed.rotation, np.float32)
    x, y, z = placed.centre_mm
    if z is None:
        z = -float((body_points(fruit.body).reshape(-1, 3) @ rotation[2]).min())
    return rotation, np.array([x, y, z], np.float32)


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


def _draw_fruit(
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


def _draw_object(canvas: Canvas, camera: Camera, spec: ObjectSpec, number: int, balls: list[Ball]) -> None:
    if spec.kind in FLAT_KINDS:
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
    balls.append((centre, _mean_radius(body), number))


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


def _draw_ground(
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


def _shade(
    canvas: Canvas,
    camera: Camera,
    light: Light,
    balls: list[Ball],
    pasted: NDArray[np.bool_] | None,
    white: bool,
) -> Floats:
    """Linear light of every pixel (H, W, 3)."""
    shape = canvas.depth_mm.shape
    normal = canvas.normal.reshape(-1, 3)
    place = canvas.place_mm.reshape(-1, 3)
    key_through = np.ones(normal.shape[0], np.float32).reshape(shape)
    sky_through = canvas.openness.copy()
    for centre, radius, number in balls:
        reach = radius * (2.4 + 1.6 / max(0.35, float(light.key_direction[2])))
        x0, y0, x1, y1 = box_around(camera, centre, reach)
        if x0 >= x1 or y0 >= y1:
            continue
        part = (slice(y0, y1), slice(x0, x1))
        others = np.nonzero(canvas.instance[part] != number)
        at = (others[0] + y0, others[1] + x0)
        key, sky = ball_shadow(light, canvas.place_mm[at], canvas.normal[at], centre, radius, False)
        key_through[at] *= key
        sky_through[at] *= sky
    wrap = 0.4 * canvas.softness.reshape(-1)
    lit = np.clip((normal @ light.key_direction + wrap) / (1 + wrap), 0, 1)
    albedo = srgb_to_linear(canvas.albedo).reshape(-1, 3)
    sky, key = sky_through.reshape(-1), key_through.reshape(-1)
    received = diffuse(light, normal)
    received *= (sky * (1.1 - 0.1 * sky))[:, None]
    received += (lit * key * (0.35 + 0.65 * sky))[:, None] * light.key_colour
    received *= albedo
    _add_glare(received, canvas, camera, light, normal, place, sky * sky * (0.4 + 0.6 * key))
    result = received.reshape(*shape, 3)
    if pasted is not None:
        level = light.harmonics[0] * 0.282095 + light.key_colour * max(0.2, float(light.key_direction[2]))
        shaded = sky_through * (0.45 + 0.55 * key_through) * float(level.mean()) * (2.2 if white else 1.0)
        result[pasted] = srgb_to_linear(canvas.albedo[pasted]) * shaded[pasted][:, None]
    return np.asarray(result, np.float32)


def _add_glare(
    received: Floats,
    canvas: Canvas,
    camera: Camera,
    light: Light,
    normal: Floats,
    place: Floats,
    open_share: Floats,
) -> None:
    """Add the reflection of the surroundings on wax and wet skin (Schlick's Fresnel term, 4 % at right angles)."""
    gloss = canvas.gloss.reshape(-1)
    shiny = np.flatnonzero(gloss > 0.12)
    if not shiny.size:
        return
    view = camera.origin_mm - place[shiny]
    view /= np.maximum(length_of(view), 1e-6)[:, None]
    n = normal[shiny]
    cosine = np.clip(np.einsum("ij,ij->i", n, view), 0, 1)
    mirror = (2 * cosine)[:, None] * n - view
    away = 1 - cosine
    fresnel = 0.04 + 0.5 * (away * away) ** 2 * away
    seen = reflect(light, mirror, canvas.blur.reshape(-1)[shiny])
    received[shiny] += seen * (fresnel * gloss[shiny] * open_share[shiny])[:, None]


def _exposure(linear: Floats, canvas: Canvas, wanted: float) -> float:
    """Gain that brings the fruit (or the whole picture, without fruit) to the wanted median brightness."""
    grey = linear.mean(-1)
    fruit = grey[(canvas.crop == 1) | (canvas.crop == 2)]
    share = 0.7 * min(1.0, 4 * fruit.size / grey.size)
    middle = float(np.median(grey))
    if fruit.size:
        middle = share * float(np.percentile(fruit, 60)) + (1 - share) * middle
    return wanted / max(middle, 1e-3)
