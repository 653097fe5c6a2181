"""How fruit lie and cameras look: poses, places beside each other, turns toward the camera."""

from __future__ import annotations

import numpy as np

from training.simulator.camera import box_around, make_camera
from training.simulator.noise import Floats
from training.simulator.objects import OBJECT_KINDS
from training.simulator.place import aim_axis, random_rotation, turn_about
from training.simulator.spec import CameraSpec, FruitSpec, ObjectSpec, PlacedFruit

Hw = tuple[int, int]


def draw_camera(
    rng: np.random.Generator,
    size_hw: Hw,
    span_mm: float,
    elevation: tuple[float, float],
    look_z: float,
    shift: float = 0.0,
) -> CameraSpec:
    """A camera in which `span_mm` fills the shorter side at the looked-at point."""
    distance = max(2.5 * span_mm, min(float(rng.uniform(4.0, 12.0) * span_mm), 2500.0))
    return CameraSpec(
        focal_px=min(size_hw) * distance / span_mm,
        distance_mm=distance,
        elevation_deg=float(rng.uniform(*elevation)),
        azimuth_deg=float(rng.uniform(0, 360)),
        roll_deg=float(rng.normal(0, 4)),
        look_at_mm=(float(rng.normal(0, shift * span_mm)), float(rng.normal(0, shift * span_mm)), look_z),
    )


def toward_camera(camera: CameraSpec) -> Floats:
    up, side = np.radians(camera.elevation_deg), np.radians(camera.azimuth_deg)
    return np.array([np.cos(up) * np.cos(side), np.cos(up) * np.sin(side), np.sin(up)])


def reach_mm(fruit: FruitSpec) -> float:
    """Rough greatest diameter, mm (long melons are longer than wide)."""
    return fruit.equatorial_diameter_mm * (1.5 if fruit.variety in ("hami", "canary", "watermelon") else 1.05)


def draw_pose(rng: np.random.Generator, back: Floats, facing: float) -> Floats:
    """Any pose, or with probability `facing` stem or calyx toward the camera."""
    if rng.random() < facing:
        return aim_axis(back, float(rng.uniform(0, 0.9)), bool(rng.random() < 0.55), rng)
    return random_rotation(rng)


def show_defect(rng: np.random.Generator, rotation: Floats, fruit: FruitSpec, back: Floats) -> Floats:
    """Turn a fruit so that its first defect looks at the camera, more or less."""
    have = rotation @ np.array(fruit.defects[0].direction, np.float32)
    have = have / np.linalg.norm(have)
    want = back + rng.normal(0, 0.45, 3)
    want = want / np.linalg.norm(want)
    axis = np.cross(have, want)
    sine, cosine = float(np.linalg.norm(axis)), float(have @ want)
    if sine < 1e-4:
        return rotation
    k = axis / sine
    skew = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    turn = np.eye(3) + sine * skew + (1 - cosine) * skew @ skew
    return np.asarray(turn @ rotation, np.float32)


def spin_to_camera(
    rng: np.random.Generator, rotation: Floats, fruit: FruitSpec, camera: CameraSpec
) -> Floats:
    """Turn a standing fruit about the vertical until its first defect is on the camera's side."""
    have = rotation @ np.array(fruit.defects[0].direction, np.float32)
    angle = np.radians(camera.azimuth_deg) - np.arctan2(have[1], have[0]) + rng.normal(0, 0.5)
    return np.asarray(turn_about((0.0, 0.0, 1.0), float(angle)) @ rotation, np.float32)


def things_around(rng: np.random.Generator, clear_mm: float, most: int) -> list[ObjectSpec]:
    """Things lying at some distance around the middle."""
    found = []
    for _ in range(int(rng.integers(1, most + 1))):
        angle, away = rng.uniform(0, 2 * np.pi), clear_mm * rng.uniform(0.9, 1.6)
        kind = str(rng.choice(OBJECT_KINDS))
        found.append(
            ObjectSpec(
                kind=kind,
                seed=int(rng.integers(2**31)),
                turn_deg=float(rng.uniform(0, 360)),
                centre_mm=(float(away * np.cos(angle)), float(away * np.sin(angle))),
                size=float(rng.uniform(0.85, 1.15)),
            )
        )
    return found


def place_beside(
    rng: np.random.Generator, taken: list[tuple[float, float, float]], radius: float
) -> tuple[float, float]:
    """A place that touches one of those taken and overlaps none by much."""
    if not taken:
        return 0.0, 0.0
    x = y = 0.0
    for _ in range(30):
        cx, cy, cr = taken[int(rng.integers(len(taken)))]
        angle = rng.uniform(0, 2 * np.pi)
        away = (cr + radius) * rng.uniform(0.95, 1.04)
        x, y = float(cx + away * np.cos(angle)), float(cy + away * np.sin(angle))
        if all(np.hypot(x - ox, y - oy) > 0.93 * (orad + radius) for ox, oy, orad in taken):
            break
    return x, y


def in_view(camera: CameraSpec, size_hw: Hw, placed: PlacedFruit) -> bool:
    """Whether any part of a fruit may be in the picture."""
    x, y, z = placed.centre_mm
    made = make_camera(camera, size_hw)
    x0, y0, x1, y1 = box_around(made, np.array([x, y, z or 0.0], np.float32), reach_mm(placed.fruit) / 2)
    return x0 < x1 and y0 < y1
