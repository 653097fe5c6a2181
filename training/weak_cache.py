"""Writes the label sets of a whole split as small files that training reads, and patches of empty background."""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from grader.image_io import read_image, write_bytes, write_jpeg
from grader.types import BoolArray, Box, UInt8Array
from training.label_canvas import GROUND, WeakLabel
from training.manifest import SPLITS, Photograph, load_manifest, select_photographs
from training.weak_labels import label_photograph

LONG_SIDE_PX = 384
JPEG_QUALITY = 95
TURNTABLE_STEP = 3
BACKGROUND_SIDE_PX = 160
# Range of grey (2nd to 98th percentile, 0-255) below which a patch is plain paper, as easily painted.
FLAT_RANGE = 15.0


class FactEntry(TypedDict):
    box_xyxy: list[int]
    kinds: int
    fact: str


class LabelEntry(TypedDict):
    """What a label is like. size: [height, width] of its files.

    known_fraction: 0-1, share of pixels whose set is not empty; 0 = the picture teaches nothing.
    """

    size: list[int]
    facts: list[FactEntry]
    fruit: int
    trusted_outlines: int
    known_fraction: float


class IndexEntry(LabelEntry):
    """One picture of `index.json`. id: its files are <id>.jpg and <id>.npz.

    group: pictures of one group show the same fruit. Only sets imported by `python -m training import` have the rest:
    classes: the names of its labels in words of ours. lot, source: empty where not known.
    """

    id: str
    dataset: str
    licence: str
    split: str
    group: str
    crop: str
    condition: str
    classes: NotRequired[list[str]]
    lot: NotRequired[str]
    source: NotRequired[str]


def shrink_label(label: WeakLabel, size_hw: tuple[int, int]) -> WeakLabel:
    """The same label on a smaller picture: nearest pixels, boxes of facts scaled outwards."""
    height, width = label.instance.shape
    rows = (np.arange(size_hw[0]) + 0.5) * height / size_hw[0]
    columns = (np.arange(size_hw[1]) + 0.5) * width / size_hw[1]
    pick = np.ix_(rows.astype(np.int64), columns.astype(np.int64))

    def scale(box: Box) -> Box:
        x, y = size_hw[1] / width, size_hw[0] / height
        return (int(box[0] * x), int(box[1] * y), int(np.ceil(box[2] * x)), int(np.ceil(box[3] * y)))

    return WeakLabel(
        surface_set=label.surface_set[pick],
        crop_set=label.crop_set[pick],
        instance=label.instance[pick],
        facts=tuple(
            type(fact)(box_xyxy=scale(fact.box_xyxy), kinds=fact.kinds, fact=fact.fact)
            for fact in label.facts
        ),
        trusted_outlines=label.trusted_outlines,
        fruit=label.fruit,
    )


def thin_turntables(photographs: Sequence[Photograph]) -> list[Photograph]:
    """Keeps every third frame of each turntable sequence; neighbours differ by a few degrees."""
    sequences: dict[tuple[str, str], list[Photograph]] = {}
    kept: list[Photograph] = []
    for photo in photographs:
        if photo.label_kind == "turntable_condition":
            axis = re.search(r"axis=([^;]*)", photo.label)
            sequences.setdefault((photo.group, axis.group(1) if axis else ""), []).append(photo)
        else:
            kept.append(photo)

    def frame(photo: Photograph) -> int:
        found = re.search(r"frame=(\d+)", photo.label)
        return int(found.group(1)) if found else 0

    for sequence in sequences.values():
        kept.extend(sorted(sequence, key=frame)[::TURNTABLE_STEP])
    return kept


def convert(photographs: Sequence[Photograph], out: Path) -> list[IndexEntry]:
    """Writes picture and label of each photograph and `index.json`. What is already there is not made again."""
    out.mkdir(parents=True, exist_ok=True)
    index: list[IndexEntry] = []
    for photo in track(photographs, f"label sets -> {out}", console=Console(stderr=True)):
        entry_file = out / f"{photo.name}.json"
        if not entry_file.is_file():
            rgb = read_image(photo.path).rgb
            label = write_pair(out / photo.name, rgb, label_photograph(photo, rgb))
            entry = _entry_of_photograph(photo, label)
            write_bytes(entry_file, json.dumps(entry).encode())
        index.append(json.loads(entry_file.read_text(encoding="utf-8")))
    write_bytes(out / "index.json", json.dumps(index, indent=1).encode())
    return index


def write_pair(stem: Path, rgb: UInt8Array, label: WeakLabel) -> WeakLabel:
    """Writes <stem>.jpg and <stem>.npz, at most LONG_SIDE_PX large, and returns the label at that size.

    Raises OutputError when one cannot be written.
    """
    scale = min(1.0, LONG_SIDE_PX / max(rgb.shape[:2]))
    size = (round(rgb.shape[0] * scale), round(rgb.shape[1] * scale))
    small = cv2.resize(rgb, (size[1], size[0]), interpolation=cv2.INTER_AREA) if scale < 1 else rgb
    label = shrink_label(label, size)
    write_jpeg(stem.with_name(f"{stem.name}.jpg"), np.asarray(small, np.uint8), quality=JPEG_QUALITY)
    arrays = io.BytesIO()
    np.savez_compressed(
        arrays, surface_set=label.surface_set, crop_set=label.crop_set, instance=label.instance
    )
    write_bytes(stem.with_name(f"{stem.name}.npz"), arrays.getvalue())
    return label


def entry_of(label: WeakLabel) -> LabelEntry:
    """What `index.json` says of a label."""
    return LabelEntry(
        size=[label.surface_set.shape[0], label.surface_set.shape[1]],
        facts=[
            FactEntry(box_xyxy=list(fact.box_xyxy), kinds=fact.kinds, fact=fact.fact) for fact in label.facts
        ],
        fruit=label.fruit,
        trusted_outlines=label.trusted_outlines,
        known_fraction=round(float((label.surface_set > 0).mean()), 4),
    )


def _entry_of_photograph(photo: Photograph, label: WeakLabel) -> IndexEntry:
    return IndexEntry(
        id=photo.name,
        dataset=photo.dataset,
        licence=photo.licence,
        split=photo.split,
        group=photo.group,
        crop=str(photo.crop),
        condition=photo.label if photo.label_file is None else photo.label_kind,
        **entry_of(label),
    )


def write_backgrounds(photographs: Sequence[Photograph], converted: Path, out: Path) -> int:
    """Writes the largest square without fruit of each converted photograph, at its own size; returns how many.

    Squares under 160 px and flat ones are left out.
    """
    count = 0
    for photo in track(photographs, f"backgrounds -> {out}", console=Console(stderr=True)):
        with np.load(converted / f"{photo.name}.npz") as label:
            ground = label["surface_set"] == GROUND
        rgb = read_image(photo.path).rgb
        scale = max(rgb.shape[:2]) / max(ground.shape)
        square = largest_square(ground, int(np.ceil(BACKGROUND_SIDE_PX / scale)))
        if square is None:
            continue
        x0, y0, x1, y1 = (round(edge * scale) for edge in square)
        pixels = np.ascontiguousarray(rgb[y0:y1, x0:x1])
        if np.subtract(*np.percentile(pixels.mean(axis=2), (98, 2))) >= FLAT_RANGE:
            write_jpeg(out / f"{photo.name}.jpg", pixels, quality=JPEG_QUALITY)
            count += 1
    return count


def largest_square(ground: BoolArray, least_px: int) -> Box | None:
    """The largest square (to 8 px) of at least `least_px` with only True in it, None where there is none."""
    total = np.pad(ground.astype(np.int64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    for side in range(min(ground.shape), least_px - 1, -8):
        sums = total[side:, side:] - total[:-side, side:] - total[side:, :-side] + total[:-side, :-side]
        y, x = np.unravel_index(int(np.argmax(sums)), sums.shape)
        if sums[y, x] == side * side:
            return (int(x), int(y), int(x) + side, int(y) + side)
    return None


def main() -> None:
    """`python -m training.weak_cache --data DIR --out DIR --split train [--backgrounds DIR]`"""
    parser = argparse.ArgumentParser(description="Write the label sets of a split as training reads them.")
    parser.add_argument("--data", type=Path, required=True, help="folder with manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder to write pictures and labels to")
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--dataset", action="append", help="only this data set (may be repeated)")
    parser.add_argument("--backgrounds", type=Path, help="also write patches without fruit to this folder")
    wish = parser.parse_args()
    cv2.setNumThreads(1)
    datasets = frozenset(wish.dataset) if wish.dataset else None
    photographs = select_photographs(load_manifest(wish.data), split=wish.split, datasets=datasets)
    photographs = tuple(thin_turntables(photographs))
    index = convert(photographs, wish.out)
    if wish.backgrounds is not None:
        write_backgrounds(photographs, wish.out, wish.backgrounds)
    fruit, trusted, pictures = Counter[str](), Counter[str](), Counter[str]()
    for entry in index:
        pictures[entry["dataset"]] += 1
        fruit[entry["dataset"]] += entry["fruit"]
        trusted[entry["dataset"]] += entry["trusted_outlines"]
    lines = [
        f"{name}: {pictures[name]} pictures, {fruit[name]} fruit, {trusted[name]} outlines"
        for name in sorted(pictures)
    ]
    sys.stderr.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
