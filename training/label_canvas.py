"""The label of one photograph while it is being painted: per pixel the set of classes that are possible."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import BoolArray, Box, Crop, SurfaceClass, UInt8Array
from training.fruit_shape import inscribed_ellipse
from training.outline import Outline

SURFACE_CLASSES: tuple[SurfaceClass, ...] = tuple(SurfaceClass)
"""Class of each bit of `surface_set`, from bit 0 on."""

Fact = Literal["has_defect", "no_defect"]


def surface_bits(*classes: SurfaceClass) -> int:
    """The set of these classes as bits."""
    return sum(1 << SURFACE_CLASSES.index(one) for one in classes)


BIT_OF_VALUE = np.zeros(256, np.uint32)
"""uint32 (256,): the set that holds one `SurfaceClass` alone, by its value; 0 where there is no such class."""
for _value in SURFACE_CLASSES:
    BIT_OF_VALUE[int(_value)] = surface_bits(_value)

GROUND = surface_bits(SurfaceClass.BACKGROUND)
SOUND = surface_bits(SurfaceClass.SOUND_SKIN, SurfaceClass.STEM, SurfaceClass.CALYX)
ANY_DEFECT = surface_bits(*(one for one in SURFACE_CLASSES if one >= SurfaceClass.BRUISE))

NO_OBJECT, APPLE, MELON, OTHER_OBJECT = 1, 2, 4, 8
CROP_BIT = {Crop.APPLE: APPLE, Crop.MELON: MELON}
UNKNOWN_FRUIT = 255

# Half width of the strip along an outline that may be either side, as a share of the fruit's diameter: about what
# GrabCut and the plain ground differ by where both are believed (judged on contact sheets).
EDGE_SHARE = 0.012
# Half width of the line that somebody drew around a defect, as a share of the picture's long side.
DRAWN_LINE_SHARE = 0.008
# An outline that is not believed: this share of the ellipse inside the box is surely fruit.
SURE_ELLIPSE_SCALE = 0.85


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxFact:
    """box_xyxy: half-open, pixels. kinds: bits as in `surface_set`. has_defect: some pixels of it are of these kinds;
    no_defect: none is."""

    box_xyxy: Box
    kinds: int
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeakLabel:
    """What each pixel of a picture may be.

    surface_set: uint32 (H, W), bit k set = `SURFACE_CLASSES[k]` is possible; 0 = nothing is known.
    crop_set: uint8 (H, W), bits: 0 no object, 1 apple, 2 melon, 3 another object; 0 = nothing is known.
    instance: uint8 (H, W), 0 no fruit, 1 and up number of the fruit, 255 unknown.
    facts: what is known of boxes. trusted_outlines, fruit: how many of the fruit got a believed outline.
    """

    surface_set: NDArray[np.uint32]
    crop_set: UInt8Array
    instance: UInt8Array
    facts: tuple[BoxFact, ...]
    trusted_outlines: int
    fruit: int


class LabelCanvas:
    """A label that is being painted; later strokes lie on top."""

    def __init__(self, hw: tuple[int, int]) -> None:
        self.hw = hw
        self.surface = np.zeros(hw, np.uint32)
        self.crop = np.zeros(hw, np.uint8)
        self.instance = np.full(hw, UNKNOWN_FRUIT, np.uint8)
        self.facts: list[BoxFact] = []
        self.trusted = self.fruit = 0

    def paint(self, mask: BoolArray, surface: int, crop: int, instance: int) -> None:
        self.surface[mask], self.crop[mask], self.instance[mask] = surface, crop, instance

    def paint_ground(self, mask: BoolArray) -> None:
        self.paint(mask, GROUND, NO_OBJECT, 0)

    def paint_outline(self, outline: Outline, surface: int, crop: int) -> None:
        """A believed fruit, with a strip along its outline that may be either side."""
        self.fruit += 1
        self.trusted += outline.exact
        diameter = 2 * float(np.sqrt(outline.mask.sum() / np.pi))
        radius = max(1, round(EDGE_SHARE * diameter))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        body = outline.mask.astype(np.uint8)
        core = np.asarray(cv2.erode(body, disc, borderValue=1), np.bool_)
        strip = np.asarray(cv2.dilate(body, disc), np.bool_) & ~core
        doubtful = (
            np.asarray(cv2.dilate(outline.doubtful.astype(np.uint8), np.ones((3, 3))), np.bool_) & ~core
        )
        shared = core & (self.instance > 0) & (self.instance < UNKNOWN_FRUIT)
        before = self.surface[shared].copy(), self.crop[shared].copy()
        self.paint(strip, GROUND | surface, NO_OBJECT | crop, UNKNOWN_FRUIT)
        self.paint(doubtful & ~strip if outline.exact else doubtful, 0, 0, UNKNOWN_FRUIT)
        self.paint(core, surface, crop, self.fruit)
        self.surface[shared] |= before[0]
        self.crop[shared] |= before[1]
        self.instance[shared] = UNKNOWN_FRUIT

    def paint_guess(self, box: Box, hidden: BoolArray, surface: int, crop: int) -> None:
        """A fruit whose outline is not known: the middle of its box, but for what may hide it."""
        self.fruit += 1
        core = inscribed_ellipse(box, self.hw, SURE_ELLIPSE_SCALE) & ~hidden
        taken = core & (self.instance > 0) & (self.instance < UNKNOWN_FRUIT)
        self.paint(core & ~taken, surface, crop, self.fruit)
        self.paint(taken, 0, 0, UNKNOWN_FRUIT)

    def paint_defect(self, defect: BoolArray, kinds: int) -> None:
        """Lays a drawn defect over the fruit; the drawn line itself may be either side, ground stays possible."""
        radius = max(1, round(DRAWN_LINE_SHARE * max(self.hw)))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        core = np.asarray(cv2.erode(defect.astype(np.uint8), disc, borderValue=1), np.bool_)
        strip = np.asarray(cv2.dilate(defect.astype(np.uint8), disc), np.bool_) & ~core
        self.surface[strip] = np.where(self.surface[strip] > 0, self.surface[strip] | kinds, 0)
        edge = core & ((self.crop & NO_OBJECT) > 0)
        self.surface[core] = kinds
        self.surface[edge] |= GROUND
        self.surface[edge & (self.crop == NO_OBJECT)] = 0

    def finish(self) -> WeakLabel:
        return WeakLabel(
            surface_set=self.surface,
            crop_set=self.crop,
            instance=self.instance,
            facts=tuple(self.facts),
            trusted_outlines=self.trusted,
            fruit=self.fruit,
        )
