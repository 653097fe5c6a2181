"""Pictures of an imported set that were kept back for judging, as `compare` takes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from grader.image_io import read_image
from grader.types import FIRST_DEFECT_VALUE, Frame, SurfaceClass
from training.compare import ANY_DEFECT, JudgedPicture
from training.label_canvas import ANY_DEFECT as DEFECT_BITS
from training.label_canvas import SURFACE_CLASSES
from training.manifest import ManifestError

TAUGHT = " (taught)"
"""End of the names of classes that are measured on the new set."""


def taught_pictures(folder: Path, ending: str = TAUGHT) -> Iterator[JudgedPicture]:
    """The pictures of split `val` whose labels say where a defect is and where none is. ending: of the class names.

    Wanted: any defect, and each kind that is known exactly somewhere. Pixels that may be a defect or not do not count.
    Raises ManifestError when none was kept back, FileNotFoundError or ValueError for files that cannot be read.
    """
    index = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    kept = [entry["id"] for entry in index if entry["split"] == "val"]
    if not kept:
        raise ManifestError(
            f"{folder / 'index.json'}: expected pictures kept back for judging, found none: "
            f"python -m training split {folder} --val 0.2"
        )
    for name in kept:
        with np.load(folder / f"{name}.npz") as labels:
            sets = labels["surface_set"].astype(np.uint32)
        defect = (sets > 0) & (sets & ~np.uint32(DEFECT_BITS) == 0)
        known = defect | ((sets > 0) & (sets & np.uint32(DEFECT_BITS) == 0))
        wanted = {ANY_DEFECT + ending: defect}
        for bit, value in enumerate(SURFACE_CLASSES):
            exactly = sets == np.uint32(1 << bit)
            if value >= FIRST_DEFECT_VALUE and exactly.any():
                wanted[SurfaceClass(value).name.lower() + ending] = exactly
        rgb = read_image(folder / f"{name}.jpg").rgb
        yield JudgedPicture(frame=Frame(frame_id=name, rgb=rgb), mm_per_px=None, wanted=wanted, known=known)
