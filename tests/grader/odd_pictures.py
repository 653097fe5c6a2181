"""Pictures that a line or a newcomer may hand in: readable but unusual, and not readable at all."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from grader.image_io import encode_jpeg, encode_png
from grader.types import UInt8Array

UNREADABLE = {
    "bomb.png": "expected at most 80000000 pixels: Image size (3600000000 pixels)",
    "empty.jpg": "expected a picture, got an empty file",
    "text.jpg": "expected JPEG, PNG, BMP, TIFF, WebP or GIF, got",
    "tiny.png": "expected at least 32 px a side, got 8 x 8",
    "truncated.jpg": "expected a whole picture, it is damaged",
}
"""Name -> what the message must say of it."""

ODD = {
    "alpha.png": "transparent",
    "animated.gif": "first_frame_only",
    "black.png": "black_frame",
    "cmyk.jpg": "converted_profile",
    "deep_grey.png": "no_colour",
    "grey.jpg": "no_colour",
    "white.png": "clipped_frame",
}
"""Name -> the flag that its frame gets."""

PLAIN = ("deep_colour.png", "huge.jpg", "nothing.png", "rotated.jpg", "zz_good.jpg")
HUGE_HW = (6000, 8000)
SIZE_HW = (240, 320)
ROTATED_HW = (320, 240)


def write_odd_pictures(folder: Path, apple_rgb: UInt8Array) -> None:
    """Write all of UNREADABLE, ODD and PLAIN. apple_rgb: uint8 (480, 640, 3), an apple in the middle."""
    folder.mkdir(parents=True, exist_ok=True)
    height, width = SIZE_HW
    rgb: UInt8Array = np.asarray(
        cv2.resize(apple_rgb, (width, height), interpolation=cv2.INTER_AREA), np.uint8
    )
    image = Image.fromarray(rgb)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("this is a delivery note, not a picture\n" * 20)
    whole = encode_jpeg(rgb)
    (folder / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "bomb.png").write_bytes(_png_header(60000, 60000))
    (folder / "tiny.png").write_bytes(encode_png(rgb[:8, :8]))

    alpha = image.convert("RGBA")
    alpha.putalpha(Image.new("L", image.size, 120))
    alpha.save(folder / "alpha.png")
    image.save(folder / "animated.gif", save_all=True, append_images=[image.rotate(90)], duration=40)
    (folder / "black.png").write_bytes(encode_png(np.zeros_like(rgb)))
    (folder / "white.png").write_bytes(encode_png(np.full_like(rgb, 255)))
    image.convert("CMYK").save(folder / "cmyk.jpg")
    image.convert("L").save(folder / "grey.jpg")
    deep = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR).astype(np.uint16) * 257
    cv2.imwrite(str(folder / "deep_colour.png"), deep)
    cv2.imwrite(str(folder / "deep_grey.png"), deep[:, :, 1])

    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to stand upright
    image.save(folder / "rotated.jpg", exif=exif)
    (folder / "nothing.png").write_bytes(encode_png(np.full_like(rgb, (60, 110, 80))))
    huge = np.full((*HUGE_HW, 3), (60, 110, 80), np.uint8)
    huge[2000 : 2000 + height, 2000 : 2000 + width] = rgb
    (folder / "huge.jpg").write_bytes(encode_jpeg(huge, quality=60))
    (folder / "zz_good.jpg").write_bytes(encode_jpeg(rgb))


def _png_header(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it is huge."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 999))
