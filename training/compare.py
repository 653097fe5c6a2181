"""Champion and challenger on the same frozen pictures, class by class: how much the overlap with the truth changes.

Frozen are simulated apples of held-out seeds, whose every pixel is known, and the photographs of `val` with hand-made
masks of rot. Both models see each picture, so the interval of the difference is that of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.grade_command import index_mask
from grader.image_io import read_image
from grader.pipeline import GradeOptions
from grader.types import FIRST_DEFECT_VALUE, BoolArray, Frame, SurfaceClass, UInt8Array
from training.annotations import read_mask, read_rot
from training.frame_grader import FrameGrader
from training.manifest import load_manifest, select_photographs
from training.picture_scores import overlap
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import MM_PER_PX, draw_apple

WORST_LOSS = 0.005
"""A challenger that loses more overlap than this on any class is not promoted: 0.5 points."""
DRAWS = 2000
ANY_DEFECT, FRUIT = "any defect", "fruit"
REAL = " (photographs)"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgedPicture:
    """One picture and what is known of it. wanted: bool (H, W) by class name. known: bool (H, W), pixels that count;
    None: all."""

    frame: Frame
    mm_per_px: float | None
    wanted: dict[str, BoolArray]
    known: BoolArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassChange:
    """Intersection over union of one class, all pixels of all pictures together; 0 where there is none of it.

    low, high: 95 % interval of the change over pairs of pictures. n: pictures that have the class.
    """

    name: str
    champion: float
    challenger: float
    low: float
    high: float
    n: int

    @property
    def change(self) -> float:
        """Challenger minus champion."""
        return self.challenger - self.champion

    def to_json(self) -> dict[str, object]:
        """Rounded to five digits."""
        numbers = {
            key: round(getattr(self, key), 5) for key in ("champion", "challenger", "change", "low", "high")
        }
        return {**numbers, "n": self.n}


def simulated_pictures(count: int) -> Iterator[JudgedPicture]:
    """`count` held-out apples with defects in random poses."""
    for seed in range(FIRST_HELD_OUT_SEED, FIRST_HELD_OUT_SEED + count):
        picture = draw_apple(seed, sound=False)
        classes = [value for value in SurfaceClass if value is not SurfaceClass.BACKGROUND]
        wanted = {value.name.lower(): picture.surface == value for value in classes}
        wanted[ANY_DEFECT] = picture.surface >= FIRST_DEFECT_VALUE
        wanted[FRUIT] = picture.instance > 0
        frame = Frame(frame_id=f"simulated {seed}", rgb=picture.rgb)
        yield JudgedPicture(frame=frame, mm_per_px=MM_PER_PX, wanted=wanted)


def masked_photographs(data_dir: Path) -> Iterator[JudgedPicture]:
    """Photographs of `val` with masks of rot. Raises ManifestError when the folder lacks them."""
    sets = frozenset({"rot_masks_aabdurrauf", "rot_masks_melo04"})
    for photo in select_photographs(load_manifest(data_dir), split="val", datasets=sets):
        frame = read_image(photo.path)
        wanted = {ANY_DEFECT + REAL: read_rot(photo, frame.rgb.shape[:2])}
        if photo.label_kind == "fruit_and_defect_mask":
            wanted[FRUIT + REAL] = read_mask(photo, frame.rgb.shape[:2]) > 0
        yield JudgedPicture(frame=frame, mm_per_px=None, wanted=wanted)


def compare(
    champion: FrameGrader, challenger: FrameGrader, pictures: Iterator[JudgedPicture]
) -> list[ClassChange]:
    """The change of every class that any picture has, the greatest loss first. Raises ValueError without pictures."""
    return compare_all(champion, [challenger], pictures)[0]


def compare_all(
    champion: FrameGrader, challengers: Sequence[FrameGrader], pictures: Iterator[JudgedPicture]
) -> list[list[ClassChange]]:
    """As `compare`, for each challenger in turn; every picture is drawn, and graded by the champion, once."""
    overlaps: dict[str, list[list[tuple[float, float]]]] = {}
    shown: dict[str, int] = {}
    for picture in pictures:
        options = GradeOptions(mm_per_px=picture.mm_per_px)
        models = (champion, *challengers)
        found = [index_mask(model.grade_frame(picture.frame, options)) for model in models]
        if picture.known is not None:
            found = [index * picture.known for index in found]
        for name, wanted in picture.wanted.items():
            overlaps.setdefault(name, []).append([overlap(called(index, name), wanted) for index in found])
            shown[name] = shown.get(name, 0) + bool(wanted.any())
    if not overlaps:
        raise ValueError("expected pictures to compare on, got none")
    rows = {name: np.array(one, np.float64) for name, one in overlaps.items() if shown[name]}
    return [
        sorted(
            (_change(name, shown[name], one[:, [0, number]].reshape(-1, 4)) for name, one in rows.items()),
            key=lambda change: change.change,
        )
        for number in range(1, len(challengers) + 1)
    ]


def losses(changes: list[ClassChange]) -> list[ClassChange]:
    """The classes on which the challenger loses more than `WORST_LOSS`."""
    return [change for change in changes if change.change < -WORST_LOSS]


def called(index: UInt8Array, name: str) -> BoolArray:
    """Where a graded picture has a class. index: uint8 (H, W), see `index_mask`. name: as in `wanted`; what follows in
    brackets does not count."""
    plain = name.partition(" (")[0]
    if plain == FRUIT:
        return index > 0
    if plain == ANY_DEFECT:
        return index >= FIRST_DEFECT_VALUE
    return index == SurfaceClass[plain.upper()]


def _change(name: str, n: int, rows: NDArray[np.float64]) -> ClassChange:
    """rows: (pictures, 4), intersection and union of the champion, then of the challenger."""
    chosen = np.random.default_rng(20).integers(len(rows), size=(DRAWS, len(rows)))
    sums = rows[chosen].sum(axis=1)
    low, high = np.percentile(_iou(sums[:, 2:]) - _iou(sums[:, :2]), (2.5, 97.5))
    whole = rows.sum(axis=0)
    return ClassChange(
        name=name,
        champion=float(_iou(whole[:2])),
        challenger=float(_iou(whole[2:])),
        low=float(low),
        high=float(high),
        n=n,
    )


def _iou(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(sums[..., 0] / np.maximum(sums[..., 1], 1))
