"""What lens and sensor do to the light of a scene: exposure, cast, blur, vignette, tone, noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from training.simulator.noise import Floats
from training.simulator.spec import LensSpec


def srgb_to_linear(colour: Floats) -> Floats:
    """sRGB-encoded 0-1 to linear light 0-1 (power 2.2, near enough for paint)."""
    return np.power(np.maximum(colour, 0.0), 2.2, dtype=np.float32)


def expose(
    light: Floats, spec: LensSpec, size_hw: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Linear light (h, w, 3) of the inner picture to an 8-bit sRGB picture of `size_hw`."""
    inner = light.shape[1] / size_hw[1]
    picture = np.minimum(light, 6.0)
    if spec.defocus_px > 0.05:
        picture = cv2.GaussianBlur(picture, (0, 0), spec.defocus_px * inner)
    if spec.motion_px > 0.5:
        picture = cv2.filter2D(picture, -1, _motion_kernel(spec.motion_px * inner, spec.motion_deg))
    if picture.shape[:2] != size_hw:
        picture = cv2.resize(picture, (size_hw[1], size_hw[0]), interpolation=cv2.INTER_AREA)
    picture = picture * np.array(spec.gains, np.float32)
    if spec.vignette:
        y, x = np.mgrid[-1 : 1 : size_hw[0] * 1j, -1 : 1 : size_hw[1] * 1j].astype(np.float32)
        picture *= (1 - spec.vignette * (x * x + y * y) / 2)[..., None]
    if spec.noise:
        shot = np.sqrt(np.maximum(picture, 0) * 0.6 + 0.02)
        grain = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + np.float32(spec.noise) * shot * grain
    picture = np.power(np.clip(picture, 0, 1), 1 / 2.2)
    if spec.contrast:
        curve = picture * picture * (3 - 2 * picture)
        picture = picture + np.float32(spec.contrast) * (curve - picture)
    if spec.saturation != 1.0:
        grey = picture @ np.array([0.299, 0.587, 0.114], np.float32)
        picture = grey[..., None] + np.float32(spec.saturation) * (picture - grey[..., None])
    if spec.sharpen:
        picture = picture + np.float32(spec.sharpen) * (picture - cv2.GaussianBlur(picture, (0, 0), 1.0))
    return np.asarray(np.clip(picture * 255 + 0.5, 0, 255), np.uint8)


def _motion_kernel(length_px: float, angle_deg: float) -> Floats:
    size = int(length_px) | 1
    kernel = np.zeros((size + 2, size + 2), np.float32)
    middle = (size + 1) / 2
    dx, dy = np.cos(np.radians(angle_deg)) * length_px / 2, np.sin(np.radians(angle_deg)) * length_px / 2
    start, end = (round(middle - dx), round(middle - dy)), (round(middle + dx), round(middle + dy))
    cv2.line(kernel, start, end, 1.0, 1, cv2.LINE_AA)
    return np.asarray(kernel / kernel.sum(), np.float32)
