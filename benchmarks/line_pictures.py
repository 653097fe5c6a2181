"""The views that a line benchmark sends: turning apples of the simulator, rendered once and kept in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from grader.image_io import encode_jpeg, write_bytes
from grader.types import DefectKind
from training.sample_pictures import EXPOSURE, NOISE, ROLLERS, SIZE_HW, SOFT_LIGHT, TURNING_MM_PER_PX
from training.simulator import SIMULATOR_VERSION, DefectSpec, LensSpec, render_fruit
from training.simulator.place import as_rotation, turn_about

JPEG_QUALITY = 88
_BRUISE = DefectSpec(kind=DefectKind.BRUISE, area_mm2=380.0, direction=(-0.3, 1.0, 0.2), severity=0.9, seed=1)
_ROT = DefectSpec(kind=DefectKind.ROT, area_mm2=300.0, direction=(0.5, 0.6, 0.6), severity=0.9, seed=2)
FRUIT: tuple[tuple[str, float, float, tuple[DefectSpec, ...]], ...] = (
    ("fuji", 84.0, 0.7, (_BRUISE,)),
    ("fuji", 78.0, 0.8, ()),
    ("fuji", 74.0, 0.6, ()),
    ("fuji", 80.0, 0.75, (_ROT,)),
)
"""Variety, mm, blush, defects: half of the fruit are sound."""


def line_pictures(folder: Path, views: int) -> list[list[bytes]]:
    """JPEG files of 640 x 480 pixels by fruit and view, 4:2:0 as most cameras write them; what is not in the folder is
    rendered (some seconds each)."""
    return [[_picture(folder, fruit, view, views) for view in range(views)] for fruit in range(len(FRUIT))]


def picture_file(folder: Path, fruit: int, view: int, views: int) -> Path:
    """Where a picture is kept."""
    return folder / f"sim{SIMULATOR_VERSION}" / f"fruit{fruit}_view{view}_of_{views}_420.jpg"


def _picture(folder: Path, fruit: int, view: int, views: int) -> bytes:
    file = picture_file(folder, fruit, view, views)
    if not file.exists():
        variety, diameter_mm, blush, defects = FRUIT[fruit]
        lean = turn_about((0.0, 1.0, 0.0), np.radians(65.0))
        rendered = render_fruit(
            seed=3 + fruit,
            variety=variety,
            equatorial_diameter_mm=diameter_mm,
            blush_fraction=blush,
            defects=defects,
            rotation=as_rotation(turn_about((1.0, 0.0, 0.0), 2 * np.pi * view / views) @ lean),
            mm_per_px=TURNING_MM_PER_PX,
            size_hw=SIZE_HW,
            light=SOFT_LIGHT,
            ground=ROLLERS,
            lens=LensSpec(exposure=EXPOSURE, noise=NOISE),
            supersample=1.25,
        )
        write_bytes(file, encode_jpeg(rendered.rgb, quality=JPEG_QUALITY, chroma="420"))
    return file.read_bytes()
