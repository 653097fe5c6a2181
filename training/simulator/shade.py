"""Light onto the canvas: diffuse, shadows between solids, glare, and the exposure that suits it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.simulator.camera import Camera, box_around
from training.simulator.canvas import Canvas
from training.simulator.lens import srgb_to_linear
from training.simulator.light import Light, ball_shadow, diffuse, reflect
from training.simulator.noise import Floats
from training.simulator.skin import length_of

Ball = tuple[Floats, float, int]  # centre in the world, radius in mm, instance


def shade(
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
    bounced = np.zeros((*shape, 3), np.float32)
    level = light.harmonics[0] * 0.282095 + light.key_colour * max(0.2, float(light.key_direction[2]))
    for centre, radius, number in balls:
        reach = radius * (2.1 if len(balls) > 8 else 2.4 + 1.6 / max(0.35, float(light.key_direction[2])))
        x0, y0, x1, y1 = box_around(camera, centre, reach)
        if x0 >= x1 or y0 >= y1:
            continue
        part = (slice(y0, y1), slice(x0, x1))
        others = np.nonzero(canvas.instance[part] != number)
        at = (others[0] + y0, others[1] + x0)
        key, sky = ball_shadow(light, canvas.place_mm[at], canvas.normal[at], centre, radius, False)
        key_through[at] *= key
        sky_through[at] *= sky
        own = canvas.instance[part] == number
        if light.bounce and own.any():
            colour = srgb_to_linear(canvas.albedo[part][own].mean(0)) * level * light.bounce
            bounced[at] += (1 - sky)[:, None] * colour
    wrap = 0.4 * canvas.softness.reshape(-1)
    lit = np.clip((normal @ light.key_direction + wrap) / (1 + wrap), 0, 1)
    albedo = srgb_to_linear(canvas.albedo).reshape(-1, 3)
    sky, key = sky_through.reshape(-1), key_through.reshape(-1)
    received = diffuse(light, normal)
    received *= (sky * (1.1 - 0.1 * sky))[:, None]
    received += (lit * key * (0.35 + 0.65 * sky))[:, None] * light.key_colour
    received += bounced.reshape(-1, 3)
    received *= albedo
    _add_glare(received, canvas, camera, light, normal, place, sky * sky * (0.4 + 0.6 * key))
    result = received.reshape(*shape, 3)
    if pasted is not None:
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


def exposure_gain(linear: Floats, canvas: Canvas, wanted: float) -> float:
    """Gain that brings the fruit (or the objects, or the whole picture) to the wanted median brightness."""
    grey = linear.mean(-1)
    fruit = grey[(canvas.crop == 1) | (canvas.crop == 2)]
    if not fruit.size:
        fruit = grey[canvas.crop == 3]
    share = 0.7 * min(1.0, 4 * fruit.size / grey.size)
    middle = float(np.median(grey))
    if fruit.size:
        bright = float(np.percentile(fruit, 60))
        middle = max(share * bright + (1 - share) * middle, 0.65 * bright)
    return wanted / max(middle, 1e-3)
