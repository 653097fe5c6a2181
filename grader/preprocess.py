"""The one function that turns RGB pixels into the network's tensor. Training and running both call it."""

from __future__ import annotations

import cv2
import numpy as np

from grader.model_card import InputSpec
from grader.types import FloatArray, UInt8Array

PAD_RGB = (124, 116, 104)
"""Colour outside the picture: the ImageNet mean, neutral to the pretrained backbone."""


def to_tensor(rgb: UInt8Array, spec: InputSpec) -> FloatArray:
    """uint8 (H, W, 3) RGB -> float32 (1, 3, H', W') as the card of the model says.

    H and W are padded on the right and at the bottom with `PAD_RGB` to `spec.multiple`.
    """
    height, width = rgb.shape[:2]
    pad_h, pad_w = -height % spec.multiple, -width % spec.multiple
    if pad_h or pad_w:
        padded = cv2.copyMakeBorder(rgb, 0, pad_h, 0, pad_w, cv2.BORDER_CONSTANT, value=PAD_RGB)
        rgb = np.asarray(padded, np.uint8)
    scale = 1.0 / (255.0 * np.array(spec.std, np.float32))
    offset = -np.array(spec.mean, np.float32) / np.array(spec.std, np.float32)
    out = np.empty((1, 3, *rgb.shape[:2]), np.float32)
    for channel in range(3):
        np.multiply(rgb[:, :, channel], scale[channel], out=out[0, channel], casting="unsafe")
        out[0, channel] += offset[channel]
    return out
