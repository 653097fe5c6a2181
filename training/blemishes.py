"""Single blemishes of a picture, true or called: which of the true ones were found, and were they named rightly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.defects import MAX_AREA_WEIGHT, join_fragments
from grader.surface import surface_area_per_pixel
from grader.types import BoolArray, DefectKind, UInt8Array
from training.statistics import Figure, share

FOUND_SHARE = 0.25
"""A true blemish is found when this share of its pixels is called a defect; a called one is right when this share of
its pixels is a true one, or next to it."""
SIZE_CLASSES_MM2 = {
    "under_25_mm2": (0.0, 25.0),
    "25_to_100_mm2": (25.0, 100.0),
    "over_100_mm2": (100.0, float("inf")),
}
"""True blemishes are reported found by their area in sight; the lower bound belongs to a class."""
SMALLEST_MM2 = 2.0
"""Smaller ones are neither asked for nor counted as false: the grader does not report them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blemish:
    """One blemish. where: bool (h, w). area_mm2: true area on the curved skin in sight."""

    kind: DefectKind
    where: BoolArray
    area_mm2: float


def blemishes(surface: UInt8Array, fruit: BoolArray, mm_per_px: float) -> list[Blemish]:
    """Blemishes of one fruit, as the grader counts them: fragments of one kind with a small gap are one.

    surface: uint8 (h, w), values of `SurfaceClass`. fruit: bool (h, w), True on the fruit.
    """
    area = np.minimum(surface_area_per_pixel(fruit), MAX_AREA_WEIGHT) * mm_per_px**2
    radius = float(np.sqrt(np.count_nonzero(fruit) / np.pi))
    found = []
    for kind in DefectKind:
        of_kind = (surface == kind.surface_class) & fruit
        if not of_kind.any():
            continue
        count, labels = join_fragments(of_kind, radius)
        for number in range(1, count):
            where = of_kind & (labels == number)
            size = float(area[where].sum(dtype=np.float64))
            if size >= SMALLEST_MM2:
                found.append(Blemish(kind=kind, where=where, area_mm2=size))
    return found


class BlemishCount:
    """Counts over many pictures: true blemishes found, by size and by kind, and named rightly; called ones that are
    right, by the kind that was called."""

    def __init__(self) -> None:
        self._found: dict[tuple[DefectKind, str], list[bool]] = {}
        self._named_rightly: list[bool] = []
        self._called_rightly: dict[DefectKind, list[bool]] = {kind: [] for kind in DefectKind}

    def add(self, true: list[Blemish], called: list[Blemish]) -> tuple[list[Blemish], list[Blemish]]:
        """One picture. Returns the true ones that were not found, and the called ones that are none."""
        missed = []
        for blemish in true:
            name = named(blemish, called)
            where = blemish.kind, size_class(blemish.area_mm2)
            self._found.setdefault(where, []).append(name is not None)
            if name is None:
                missed.append(blemish)
            else:
                self._named_rightly.append(name is blemish.kind)
        wrong = []
        for blemish in called:
            right = is_right(blemish, true)
            self._called_rightly[blemish.kind].append(right)
            if not right:
                wrong.append(blemish)
        return missed, wrong

    def figures(self) -> Iterator[Figure]:
        """Shares with their intervals; n counts blemishes."""
        for size in SIZE_CLASSES_MM2:
            yield _share_of(f"sim_defects_found_{size}", self._hits(size=size))
        right = [hit for hits in self._called_rightly.values() for hit in hits]
        yield _share_of("sim_called_defects_right", right)
        yield _share_of("sim_found_defects_named_rightly", self._named_rightly)

    def kind_figures(self) -> Iterator[Figure]:
        """True ones found by kind, and called ones that lie on a defect of any kind by what they were called."""
        for kind in DefectKind:
            yield _share_of(f"sim_defects_found_{kind}", self._hits(kind=kind))
        for kind, hits in self._called_rightly.items():
            yield _share_of(f"sim_called_defects_right_{kind}", hits)

    def found_table(self) -> dict[str, dict[str, tuple[int, int]]]:
        """(found, all) of the true blemishes by kind and by size."""
        table = {}
        for kind in DefectKind:
            by_size = {size: self._hits(kind=kind, size=size) for size in SIZE_CLASSES_MM2}
            table[str(kind)] = {size: (sum(hits), len(hits)) for size, hits in by_size.items()}
        return table

    def _hits(self, *, kind: DefectKind | None = None, size: str | None = None) -> list[bool]:
        return [
            hit
            for (of_kind, of_size), hits in self._found.items()
            if kind in (None, of_kind) and size in (None, of_size)
            for hit in hits
        ]


def size_class(area_mm2: float) -> str:
    """Name of the size class that an area belongs to."""
    return next(name for name, (low, high) in SIZE_CLASSES_MM2.items() if low <= area_mm2 < high)


def _share_of(name: str, hits: list[bool]) -> Figure:
    return share(name, sum(hits), len(hits))


def named(blemish: Blemish, called: list[Blemish]) -> DefectKind | None:
    """What a true blemish was called: the kind with most of its pixels; None when it was not found."""
    pixels: dict[DefectKind, int] = {}
    for other in called:
        shared = int(np.count_nonzero(blemish.where & other.where))
        pixels[other.kind] = pixels.get(other.kind, 0) + shared
    if sum(pixels.values()) < FOUND_SHARE * np.count_nonzero(blemish.where):
        return None
    return max(pixels, key=lambda kind: pixels[kind])


def is_right(called: Blemish, true: list[Blemish]) -> bool:
    """Whether a called blemish lies on or beside true ones."""
    every: NDArray[np.bool_] = np.zeros(called.where.shape, np.bool_)
    for other in true:
        every |= other.where
    near = cv2.dilate(every.view(np.uint8), np.ones((5, 5), np.uint8)).view(np.bool_)
    return bool(np.count_nonzero(called.where & near) >= FOUND_SHARE * np.count_nonzero(called.where))
