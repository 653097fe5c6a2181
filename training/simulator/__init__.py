"""Renders fruit of exactly known size, colour and defects: training data, truth for tests, sample pictures, benchmarks.

Three levels, from random to exact:

* `render_scene(seed, preset)`: one random picture. Presets: mixed, single, touching, pile, line, objects,
empty, sound, melon.
* `render_views(seed, views)`: one fruit turning under one camera, all views true to the same body and the same defects.
* `render_fruit(...)`: one fruit exactly as asked; `render_spec(SceneSpec(...))`: a whole picture exactly as asked.

>>> from training.simulator import DefectSpec, render_fruit
>>> from grader.types import DefectKind
>>> bruise = DefectSpec(kind=DefectKind.BRUISE, area_mm2=200.0, direction=(0.0, -1.0, 0.3))
>>> picture = render_fruit(seed=1, equatorial_diameter_mm=78.0, blush_fraction=0.4, defects=(bruise,), mm_per_px=0.35)

Same request, same bytes: all randomness comes from numpy generators made from the seed. Lengths are millimetres in the
world; `mm_per_px` is the scale in the plane of the fruit's outline. What the truth holds: `truth.py`.
"""

from __future__ import annotations

from training.simulator.generate import generate
from training.simulator.render import render_spec
from training.simulator.rendered import SIMULATOR_VERSION, Rendered
from training.simulator.scene import PRESETS
from training.simulator.shape import Outline
from training.simulator.spec import (
    CameraSpec,
    DefectSpec,
    FruitSpec,
    GroundSpec,
    LampSpec,
    LensSpec,
    LightSpec,
    ObjectSpec,
    PlacedFruit,
    SceneSpec,
)
from training.simulator.studio import fruit_of_views, render_fruit, render_scene, render_views

__all__ = [
    "PRESETS",
    "SIMULATOR_VERSION",
    "CameraSpec",
    "DefectSpec",
    "FruitSpec",
    "GroundSpec",
    "LampSpec",
    "LensSpec",
    "LightSpec",
    "ObjectSpec",
    "Outline",
    "PlacedFruit",
    "Rendered",
    "SceneSpec",
    "fruit_of_views",
    "generate",
    "render_fruit",
    "render_scene",
    "render_spec",
    "render_views",
]
