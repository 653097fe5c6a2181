from __future__ import annotations

import cv2
import numpy as np
import pytest

from service.picture_type import picture_type


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        (".jpg", "image/jpeg"),
        (".png", "image/png"),
        (".bmp", "image/bmp"),
        (".webp", "image/webp"),
        (".tiff", "image/tiff"),
        (".gif", "image/gif"),
    ],
)
def test_real_pictures(suffix: str, expected: str) -> None:
    encoded = cv2.imencode(suffix, np.zeros((40, 40, 3), np.uint8))[1].tobytes()
    assert picture_type(encoded) == expected


@pytest.mark.parametrize("data", [b"", b"<html>", b"RIFF....WAVE"])
def test_anything_else_is_not_shown_as_a_picture(data: bytes) -> None:
    assert picture_type(data) == "application/octet-stream"
