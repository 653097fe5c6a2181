"""Light: a picture of the surroundings (lamps, sky, floor) for reflections, its smooth part for diffuse light, one key
lamp with shadows, and the balls that stand in each other's light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from training.simulator.noise import Floats, look_up
from training.simulator.spec import LampSpec, LightSpec

HEIGHT, WIDTH = 64, 128


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Light:
    """sharp, dull: (HEIGHT, WIDTH, 3) linear surroundings, latitude from straight up. harmonics: (9, 3) diffuse light.

    key_direction: unit (3,) towards the key lamp. key_colour: (3,) light it gives a facing surface.
    shadow_blur, bounce: 0-1.
    """

    sharp: Floats
    dull: Floats
    harmonics: Floats
    key_direction: Floats
    key_colour: Floats
    shadow_blur: float
    bounce: float


def _directions() -> tuple[Floats, Floats]:
    theta = (np.arange(HEIGHT) + 0.5) * np.pi / HEIGHT
    phi = (np.arange(WIDTH) + 0.5) * 2 * np.pi / WIDTH
    t, p = np.meshgrid(theta, phi, indexing="ij")
    direction = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], -1).astype(np.float32)
    return direction, (np.sin(t) * (np.pi / HEIGHT) * (2 * np.pi / WIDTH)).astype(np.float32)


def _basis(n: Floats) -> Floats:
    """Real spherical harmonics to order 2 at unit directions (N, 3): (N, 9)."""
    x, y, z = n[:, 0], n[:, 1], n[:, 2]
    return np.stack(
        [
            np.full_like(x, 0.282095),
            0.488603 * y,
            0.488603 * z,
            0.488603 * x,
            1.092548 * x * y,
            1.092548 * y * z,
            0.315392 * (3 * z * z - 1),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ],
        1,
    ).astype(np.float32)


def make_light(spec: LightSpec) -> Light:
    """Build the surroundings. Diffuse light: R. Ramamoorthi and P. Hanrahan, SIGGRAPH 2001 (order-2 harmonics)."""
    direction, solid = _directions()
    z = direction[..., 2:3]
    upper = np.clip(z * 3 + 0.5, 0, 1)
    around = np.array(spec.floor, np.float32) * (1 - upper) + np.array(spec.sky, np.float32) * upper * (
        0.55 + 0.45 * np.clip(z, 0, 1)
    )
    lamps = np.zeros_like(around)
    for lamp in spec.lamps:
        lamps += (
            _lamp(lamp, direction)[..., None] * np.array(lamp.colour, np.float32) * np.float32(lamp.strength)
        )
    powers = [each.strength * each.width_deg * each.height_deg for each in spec.lamps]
    key_colour = np.zeros(3, np.float32)
    key = np.array([0.0, 0.0, 1.0], np.float32)
    soft = around + lamps
    flat = direction.reshape(-1, 3)
    ambient = soft
    if spec.lamps:
        lamp = spec.lamps[int(np.argmax(powers))]
        up, side = np.radians(lamp.elevation_deg), np.radians(lamp.azimuth_deg)
        key = np.array([np.cos(up) * np.cos(side), np.cos(up) * np.sin(side), np.sin(up)], np.float32)
        whole = (soft * solid[..., None]).sum((0, 1)) / np.pi
        key_colour = (spec.key_share * whole.mean() * 1.6 * np.array(lamp.colour)).astype(np.float32)
        ambient = around + (1 - spec.key_share) * lamps
        ambient *= (
            (1 - 0.75 * spec.key_share)
            * whole.mean()
            / max(float((ambient * solid[..., None]).sum((0, 1)).mean() / np.pi), 1e-6)
        )
    weights = _basis(flat).T @ (ambient.reshape(-1, 3) * solid.reshape(-1, 1))
    kernel = np.array([np.pi] + [2 * np.pi / 3] * 3 + [np.pi / 4] * 5, np.float32) / np.pi
    tripled = np.concatenate([soft, soft, soft], 1)
    dull = cv2.GaussianBlur(tripled, (0, 0), 5.0)[:, WIDTH : 2 * WIDTH]
    sharp = cv2.GaussianBlur(tripled, (0, 0), 0.7)[:, WIDTH : 2 * WIDTH]
    return Light(
        sharp=np.ascontiguousarray(sharp, np.float32),
        dull=np.ascontiguousarray(dull, np.float32),
        harmonics=(weights * kernel[:, None]).astype(np.float32),
        key_direction=key,
        key_colour=key_colour,
        shadow_blur=spec.shadow_blur,
        bounce=spec.bounce,
    )


def _lamp(lamp: LampSpec, direction: Floats) -> Floats:
    up, side = np.radians(lamp.elevation_deg), np.radians(lamp.azimuth_deg)
    front = np.array([np.cos(up) * np.cos(side), np.cos(up) * np.sin(side), np.sin(up)])
    across = np.array([-np.sin(side), np.cos(side), 0.0])
    above = np.cross(front, across)
    ahead = np.maximum(direction @ front, 1e-3)
    a = np.degrees(np.arctan(direction @ across / ahead)) / (lamp.width_deg / 2)
    b = np.degrees(np.arctan(direction @ above / ahead)) / (lamp.height_deg / 2)
    inside = np.clip((1.08 - np.maximum(np.abs(a), np.abs(b))) / 0.16, 0, 1) * (direction @ front > 0.05)
    if lamp.bars:
        inside = inside * np.clip(
            (np.abs(np.sin(a * np.pi * (lamp.bars + 1) / 2 + np.pi / 2 * lamp.bars)) - 0.12) * 8, 0, 1
        )
    return np.asarray(inside, np.float32)


def diffuse(light: Light, normal: Floats) -> Floats:
    """Light without shadows that a facing surface (N, 3) receives, key lamp left out: (N, 3)."""
    flat = normal[:, 2] > 0.99999
    received = np.empty_like(normal)
    up = np.array([[0.0, 0.0, 1.0]], np.float32)
    received[flat] = np.maximum(_basis(up) @ light.harmonics, 0.0)
    tilted = np.flatnonzero(~flat)
    received[tilted] = np.maximum(_basis(normal[tilted]) @ light.harmonics, 0.0)
    return received


def reflect(light: Light, direction: Floats, blur: Floats) -> Floats:
    """The surroundings seen in unit directions (N, 3), mixed between sharp (blur 0) and dull (1)."""
    theta = np.arccos(np.clip(direction[:, 2], -1, 1))
    phi = np.arctan2(direction[:, 1], direction[:, 0])
    phi = np.where(phi < 0, phi + np.float32(2 * np.pi), phi)
    x = phi * np.float32(WIDTH / (2 * np.pi)) - np.float32(0.5)
    y = theta * np.float32(HEIGHT / np.pi) - np.float32(0.5)
    seen = look_up(light.dull, x, y)
    clear = np.flatnonzero(blur < 0.85)
    share = (1 - blur[clear])[:, None]
    seen[clear] = seen[clear] * (1 - share) + look_up(light.sharp, x[clear], y[clear]) * share
    return seen


def ball_shadow(
    light: Light, place: Floats, normal: Floats, centre: Floats, radius_mm: float, is_self: bool
) -> tuple[Floats, Floats]:
    """(key light let through, sky let through), each (N,), of points beside a ball.

    Sky: closed form for a ball on the horizon-less side (I. Quilez, "sphere ambient occlusion").
    """
    toward = centre - place
    distance = np.sqrt(np.maximum(np.einsum("ij,ij->i", toward, toward), 1e-6))
    along = toward @ light.key_direction
    off = np.sqrt(np.maximum(distance**2 - along**2, 0.0))
    spread = (0.04 + 0.5 * light.shadow_blur) * np.maximum(along, 0) + 0.03 * radius_mm
    shade = np.clip((radius_mm + spread * 0.5 - off) / spread, 0, 1) * np.clip(
        along / (0.15 * radius_mm), 0, 1
    )
    through = 1 - shade * shade * (3 - 2 * shade)
    facing = np.clip(np.einsum("ij,ij->i", normal, toward) / distance + 0.15, 0, 1)
    ratio = np.minimum(radius_mm / distance, 1.0)
    sky = 1 - 0.92 * facing * ratio**2
    if is_self:
        return np.ones_like(through), np.ones_like(sky)
    return through.astype(np.float32), sky.astype(np.float32)
