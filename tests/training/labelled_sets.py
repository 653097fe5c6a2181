"""Small labelled sets on disk, as labelling tools write them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np

from grader.image_io import write_jpeg, write_png
from grader.types import BoolArray, UInt8Array

HW = (96, 128)
FRUIT = (64.0, 48.0, 36.0)
"""Centre (x, y) and radius of the painted fruit, px."""


def picture(seed: int, hw: tuple[int, int] = HW) -> UInt8Array:
    """A red disc on an uneven ground; every seed looks different."""
    rng = np.random.default_rng(seed)
    cloud = cv2.resize(rng.uniform(0, 255, (7, 9)), hw[::-1], interpolation=cv2.INTER_CUBIC)
    cloud = np.repeat(cloud[..., np.newaxis], 3, axis=2)
    cloud[disc(hw=hw)] = cloud[disc(hw=hw)] * 0.4 + np.array([140, 20, 20])
    return np.clip(cloud, 0, 255).astype(np.uint8)


def disc(
    x: float = FRUIT[0], y: float = FRUIT[1], radius: float = FRUIT[2], hw: tuple[int, int] = HW
) -> BoolArray:
    rows, columns = np.mgrid[: hw[0], : hw[1]] + 0.5
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 < radius**2)


def ring(x: float = FRUIT[0], y: float = FRUIT[1], radius: float = FRUIT[2]) -> list[tuple[float, float]]:
    """A polygon around a disc."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    return [(float(x + radius * np.cos(a)), float(y + radius * np.sin(a))) for a in angles]


def add_picture(path: Path, seed: int, hw: tuple[int, int] = HW) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write = write_png if path.suffix == ".png" else write_jpeg
    write(path, picture(seed, hw))
    return path


def write_coco(folder: Path, labels: list[tuple[str, str, dict[str, object]]], names: list[str]) -> Path:
    """labels: (file, class, what of COCO). Files are made where they are not there; class `_` adds the image only."""
    files = list(dict.fromkeys(file for file, _, _ in labels))
    for seed, file in enumerate(files):
        if not (folder / file).is_file():
            add_picture(folder / file, seed)
    content = {
        "images": [
            {"id": n, "file_name": file, "height": HW[0], "width": HW[1]} for n, file in enumerate(files)
        ],
        "categories": [{"id": n, "name": name} for n, name in enumerate(names)],
        "annotations": [
            {"id": n, "image_id": files.index(file), "category_id": names.index(name), **what}
            for n, (file, name, what) in enumerate(labels)
            if name != "_"
        ],
    }
    path = folder / "annotations.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def polygon(points: list[tuple[float, float]]) -> dict[str, object]:
    """A polygon of COCO."""
    return {"segmentation": [[value for point in points for value in point]]}


def index_mask() -> UInt8Array:
    """The painted fruit as `grader grade --masks` says it: sound skin with a rot and a stem."""
    mask = disc().astype(np.uint8)
    mask[disc(52, 48, 10)] = 11
    mask[disc(80, 40, 5)] = 2
    return mask


def write_corrected(folder: Path, pictures: list[tuple[str, str, str, str]], crop: str = "apple") -> Path:
    """A corrected set of (file, fruit, lot, source)."""
    (folder / "masks").mkdir(parents=True)
    for seed, (file, *_) in enumerate(pictures):
        add_picture(folder / file, seed)
        write_png(folder / "masks" / f"{file.replace('/', '__')}.png", index_mask())
    keys = ("file", "fruit_id", "lot", "source")
    listed = [dict(zip(keys, row, strict=True)) | {"licence": "CC BY 4.0", "crop": crop} for row in pictures]
    (folder / "set.json").write_text(json.dumps({"schema": "corrected-set/1", "pictures": listed}))
    return folder


def brush(mask: BoolArray) -> list[int]:
    """A mask as Label Studio's brush stores it, written here by hand: one run of RGBA values after the other."""
    values = np.repeat(mask.reshape(-1).astype(np.uint8) * 255, 4)
    bits = f"{len(values):032b}{7:05b}" + "".join(f"{length - 1:04b}" for length in (3, 4, 8, 16))
    edges = [0, *(np.flatnonzero(np.diff(values)) + 1), len(values)]
    for first, last in pairwise(edges):
        while first < last:
            count = min(last - first, 65536)
            bits += f"1{3:02b}{count - 1:016b}{values[first]:08b}"
            first += count
    bits += "0" * (-len(bits) % 8)
    return [int(bits[n : n + 8], 2) for n in range(0, len(bits), 8)]
