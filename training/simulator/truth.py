"""Truth of a picture, JSON-able.

Top: seed, preset, simulator_version, jpeg_quality, camera {focal_px, cx, cy, distance_to_belt_mm: along the
optical axis},
fruits, objects {instance, kind}. Each fruit: instance, crop, variety, sizes in mm, cm3, mm2; `pose`: rotation
(fruit frame
to camera frame: x right, y down, z forward) and centre_mm in the camera frame; mm_per_px in the plane of its outline;
`visible_fraction`: share of its own outline not hidden by others; `touches_edge`; shares 0-1:
blush_fraction_*: sound skin with over-colour weight >= 0.5 over all skin; light_red_fraction_*: weight 0.25 to 0.5
(`skin_apple.py` ties the weight to the CIELAB hue); russet_fraction_*; netting_fraction_seen. `_whole`: all its skin,
`_seen`: the skin seen from the camera, not hidden. defect_seen_mm2: skin in sight with any defect, each place counted
once. Defects: kind, area_mm2 (on the curved skin, whole; where
two overlap
both keep their area), area_seen_mm2, length_mm along the skin, direction (from the centre, fruit frame).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.types import FIRST_DEFECT_VALUE, Crop, SurfaceClass
from training.simulator.camera import Camera, outline_scale, project
from training.simulator.canvas import Canvas
from training.simulator.fruit import Fruit
from training.simulator.noise import Floats, look_up
from training.simulator.shape import to_map

HIDDEN_BEHIND_MM = 1.5


def seen_points(
    fruit: Fruit,
    points_mm: Floats,
    rotation: Floats,
    centre_mm: Floats,
    camera: Camera,
    canvas: Canvas,
    instance: int,
) -> NDArray[np.bool_]:
    """Which skin points (N, 3) of a fruit face the camera, inside the picture and in front of everything else."""
    column, row, _ = to_map(fruit.body, points_mm)
    normal = look_up(fruit.body.skin, column, row)[:, :3] @ rotation.T
    world = points_mm @ rotation.T + centre_mm
    x, y, depth = project(camera, world)
    facing = ((camera.origin_mm - world) * normal).sum(1) > 0
    height, width = canvas.depth_mm.shape
    ix, iy = np.round(x).astype(np.int64), np.round(y).astype(np.int64)
    inside = (ix >= 0) & (iy >= 0) & (ix < width) & (iy < height) & (depth > 0)
    ix, iy = np.clip(ix, 0, width - 1), np.clip(iy, 0, height - 1)
    front = depth < canvas.depth_mm[iy, ix] + HIDDEN_BEHIND_MM + 0.02 * fruit.measures.equatorial_diameter_mm
    mine = (canvas.instance[iy, ix] == instance) | (canvas.instance[iy, ix] == 0)
    return np.asarray(facing & inside & front & mine, np.bool_)


def _share(area: Floats, chosen: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    total = float(area[among].sum(dtype=np.float64))
    return float(area[among & chosen].sum(dtype=np.float64)) / total if total > 0 else 0.0


def fruit_truth(
    fruit: Fruit,
    rotation: Floats,
    centre_mm: Floats,
    camera: Camera,
    canvas: Canvas,
    instance: int,
    whole_px: int,
    inner_scale: float,
    cut: bool,
) -> dict[str, object]:
    """Truth of one fruit in one picture (see the head of this file). whole_px: inner pixels were nothing before it."""
    skin, area, measures = fruit.probe_skin, fruit.probe_mm2, fruit.measures
    seen = seen_points(fruit, fruit.probe.mm, rotation, centre_mm, camera, canvas, instance)
    everywhere = np.ones(len(area), np.bool_)
    in_camera = camera.turn @ (centre_mm - camera.origin_mm)
    radius = measures.equatorial_diameter_mm / 2
    shown = int(np.count_nonzero(canvas.instance == instance))
    stem = int(np.count_nonzero((canvas.instance == instance) & (canvas.surface == SurfaceClass.STEM)))
    calyx = int(np.count_nonzero((canvas.instance == instance) & (canvas.surface == SurfaceClass.CALYX)))
    blush, light = skin.red >= 0.5, (skin.red >= 0.25) & (skin.red < 0.5)
    russet = skin.surface == SurfaceClass.RUSSET
    enough = 8 * inner_scale * inner_scale
    return {
        "instance": instance,
        "crop": fruit.spec.crop.value,
        "variety": fruit.spec.variety,
        "equatorial_diameter_mm": measures.equatorial_diameter_mm,
        "ring_diameter_mm": measures.ring_diameter_mm,
        "length_mm": measures.length_mm,
        "volume_cm3": measures.volume_cm3,
        "surface_mm2": measures.surface_mm2,
        "surface_seen_mm2": float(area[seen].sum(dtype=np.float64)),
        "blush_fraction_whole": _share(area, blush, everywhere),
        "blush_fraction_seen": _share(area, blush, seen),
        "light_red_fraction_whole": _share(area, light, everywhere),
        "light_red_fraction_seen": _share(area, light, seen),
        "defect_seen_mm2": float(area[seen & (skin.surface >= FIRST_DEFECT_VALUE)].sum(dtype=np.float64)),
        "russet_fraction_whole": _share(area, russet, everywhere),
        "russet_fraction_seen": _share(area, russet, seen),
        "netting_fraction_seen": _share(area, skin.net > 0.5, seen) if fruit.spec.crop is Crop.MELON else 0.0,
        "pose": {
            "rotation": (camera.turn @ rotation).astype(float).round(6).tolist(),
            "centre_mm": in_camera.astype(float).tolist(),
        },
        "mm_per_px": outline_scale(float(in_camera[2]), radius, camera.focal_px / inner_scale),
        "stem_visible": stem >= enough,
        "calyx_visible": calyx >= enough,
        "touches_edge": cut,
        "visible_fraction": min(1.0, shown / whole_px) if whole_px else 0.0,
        "defects": [
            {
                "kind": d.spec.kind.value,
                "area_mm2": float(d.cloud_mm2.sum(dtype=np.float64)),
                "area_seen_mm2": float(
                    d.cloud_mm2[
                        seen_points(fruit, d.cloud_mm, rotation, centre_mm, camera, canvas, instance)
                    ].sum(dtype=np.float64)
                ),
                "length_mm": d.length_mm,
                "direction": [float(v) for v in d.axes[2]],
            }
            for d in fruit.defects
        ],
    }
