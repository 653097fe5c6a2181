"""Small training data on disk, painted by hand: simulated pictures and converted photographs."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

GREY = 120


def write_simulated(
    folder: Path,
    number: int,
    *,
    surface: NDArray[np.uint8],
    crop: NDArray[np.uint8],
    instance: NDArray[np.uint8],
    net: NDArray[np.uint8],
) -> str:
    """The six files of one simulated picture, all grey; returns its stem."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = str(folder / f"{number:06d}")
    cv2.imwrite(f"{stem}.jpg", np.full((*surface.shape, 3), GREY, np.uint8))
    for name, label in (("surface", surface), ("crop", crop), ("instance", instance), ("net", net)):
        cv2.imwrite(f"{stem}_{name}.png", label)
    Path(f"{stem}.json").write_text("{}")
    return stem


def write_plain(folder: Path, number: int, crop: int, side: int = 48) -> str:
    """A simulated picture that is sound skin of one crop (1 apple, 2 melon) all over."""
    whole = np.ones((side, side), np.uint8)
    return write_simulated(
        folder, number, surface=whole, crop=whole * crop, instance=whole, net=np.zeros_like(whole)
    )


def write_photographs(
    folder: Path, entries: list[tuple[str, str, str]], box: tuple[int, int, int, int], side: int = 100
) -> Path:
    """Converted photographs, (id, dataset, licence) each: left half apple, right half melon, one box with a defect."""
    folder.mkdir(parents=True, exist_ok=True)
    index = []
    for name, dataset, licence in entries:
        cv2.imwrite(str(folder / f"{name}.jpg"), np.full((side, side, 3), GREY, np.uint8))
        crop = np.full((side, side), 4, np.uint8)
        crop[:, : side // 2] = 2
        np.savez_compressed(
            folder / f"{name}.npz",
            surface_set=np.full((side, side), 2, np.uint32),
            crop_set=crop,
            instance=np.ones((side, side), np.uint8),
        )
        facts = [
            {"box_xyxy": list(box), "kinds": 16, "fact": "has_defect"},
            {"box_xyxy": [0, 0, side, side], "kinds": 16, "fact": "no_defect"},
        ]
        index.append(
            {
                "id": name,
                "dataset": dataset,
                "licence": licence,
                "split": "train",
                "group": name,
                "facts": facts,
            }
        )
    (folder / "index.json").write_text(json.dumps(index))
    return folder
