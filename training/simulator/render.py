"""From a scene request to a picture with its truth: draw solids on the canvas, light it, expose it, read the truth."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import Crop
from training.simulator.camera import make_camera
from training.simulator.canvas import Canvas, blank_canvas, roughen
from training.simulator.draw import CROP_VALUE, draw_fruit, draw_ground, draw_object, mean_radius
from training.simulator.fruit import Fruit, make_fruit
from training.simulator.lens import expose
from training.simulator.light import make_light
from training.simulator.noise import Floats
from training.simulator.rendered import SIMULATOR_VERSION, Rendered
from training.simulator.shade import Ball, exposure_gain, shade
from training.simulator.shape import body_points
from training.simulator.spec import PlacedFruit, SceneSpec
from training.simulator.truth import fruit_truth


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
    balls: list[Ball] = [
        (centre, mean_radius(f.body), n)
        for n, (f, (_, centre)) in enumerate(zip(made, poses, strict=True), 1)
    ]
    away = [float(np.linalg.norm(centre - camera.origin_mm)) for _, centre in poses]
    whole_px, cut = [0] * len(made), [False] * len(made)
    for index in np.argsort(away, kind="stable").tolist():  # nearest first: what is hidden is not painted
        rotation, centre = poses[index]
        whole_px[index], cut[index] = draw_fruit(canvas, camera, made[index], rotation, centre, index + 1)
    for number, spec in enumerate(scene.objects, len(made) + 1):
        draw_object(canvas, camera, spec, number, balls)
    centres = np.array([c[:2] for _, c in poses], np.float32).reshape(-1, 2)
    pasted = draw_ground(canvas, camera, scene, centres, background)
    roughen(canvas, 0.012 * float(np.median(canvas.depth_mm)) / camera.focal_px)
    linear = shade(canvas, camera, light, balls, pasted, background is None)
    linear *= exposure_gain(linear, canvas, scene.lens.exposure)
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


def _pose(placed: PlacedFruit, fruit: Fruit) -> tuple[Floats, Floats]:
    rotation = np.array(placed.rotation, np.float32)
    x, y, z = placed.centre_mm
    if z is None:
        z = -float((body_points(fruit.body).reshape(-1, 3) @ rotation[2]).min())
    return rotation, np.array([x, y, z], np.float32)
