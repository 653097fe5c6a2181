"""Every value that crosses a border inside the grader: frozen and validated.

Conventions, everywhere: pictures are RGB uint8 (height, width, 3); arrays are indexed [row, column];
points are (x, y); boxes are half-open (x0, y0, x1, y1) in pixels of the frame; fractions are 0-1;
lengths carry their unit in the name; times are timezone-aware UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from grader.errors import InvalidImageError

UInt8Array = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float32]
Box = tuple[int, int, int, int]
Lab = tuple[float, float, float]

_CROP_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Crop(StrEnum):
    """What kind of produce a fruit is. Members: those a network tells apart. `Crop("plum")`, which only rules know,
    equals its name and is no member (decision 0049).

    Raises:
        ValueError: a name that is not a small letter and then up to 39 of a-z, 0-9 and _.
    """

    APPLE = "apple"
    MELON = "melon"

    @classmethod
    def _missing_(cls, value: object) -> Crop | None:
        if not isinstance(value, str) or _CROP_NAME.fullmatch(value) is None:
            return None
        other = str.__new__(cls, value)
        other._name_ = other._value_ = value
        return other


class SurfaceClass(IntEnum):
    """Value of one pixel in an index mask (`--masks`). Defect kinds start at 10. Never renumbered."""

    BACKGROUND = 0
    SOUND_SKIN = 1
    STEM = 2
    CALYX = 3
    BRUISE = 10
    ROT = 11
    SCAB = 12
    RUSSET = 13
    SCALD = 14
    SUNBURN = 15
    PUNCTURE = 16
    CRACK = 17
    SCAR = 18
    INSECT = 19
    SPOTS = 20
    SOOTY = 21
    OTHER = 22


FIRST_DEFECT_VALUE = 10


class DefectKind(StrEnum):
    """One vocabulary of defects for all crops (design section 3.2)."""

    BRUISE = "bruise"
    ROT = "rot"
    SCAB = "scab"
    RUSSET = "russet"
    SCALD = "scald"
    SUNBURN = "sunburn"
    PUNCTURE = "puncture"
    CRACK = "crack"
    SCAR = "scar"
    INSECT = "insect"
    SPOTS = "spots"
    SOOTY = "sooty"
    OTHER = "other"

    @property
    def surface_class(self) -> SurfaceClass:
        """The index-mask value of this kind."""
        return SurfaceClass[self.name]


class LandmarkKind(StrEnum):
    """Natural places of a fruit that must not be called defects."""

    STEM_CAVITY = "stem_cavity"
    CALYX_BASIN = "calyx_basin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A measured number with the range that holds the truth with 95 % confidence (units of the field)."""

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.value <= self.high):
            raise ValueError(
                f"expected finite low <= value <= high, got {self.low}, {self.value}, {self.high}"
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One exposure.

    rgb: uint8 (height_px, width_px, 3), R-G-B, sRGB-encoded, made read-only here.
    frame_id: name of the frame; for files the path as given.
    notes: sorted names of what reading the picture found, such as `no_colour`, `first_frame_only`; they belong
    into the quality flags of every fruit of the frame (all names: `grader/image_io.py`).
    whole_hw: (height_px, width_px) of the picture that was decoded at a reduced size; None: at its own.
    """

    frame_id: str
    rgb: UInt8Array
    notes: tuple[str, ...] = ()
    whole_hw: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.rgb.dtype != np.uint8 or self.rgb.ndim != 3 or self.rgb.shape[2] != 3:
            raise InvalidImageError(
                f"{self.frame_id}: rgb must be uint8 (H, W, 3), got {self.rgb.dtype} {self.rgb.shape}"
            )
        if 0 in self.rgb.shape:
            raise InvalidImageError(f"{self.frame_id}: rgb has no pixels, got {self.rgb.shape}")
        self.rgb.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FruitView:
    """One fruit in one frame: a crop of the frame at full resolution, and what the network says of it.

    rgb: uint8 (h, w, 3), the pixels of `box_xyxy_px`, read-only.
    mask: bool (h, w), True on this fruit (also under defects, stem and calyx).
    surface: uint8 (h, w), `SurfaceClass` values; 0 wherever mask is False.
    confidence: float32 (h, w), 0-1, probability of the class in `surface`.
    net_cover: float32 (h, w), 0-1, local share of netting (meaningful on melons only).
    box_xyxy_px: half-open box of the *crop* in the frame; it has a margin of background around the fruit.
    frame_hw: (height_px, width_px) of the whole frame.
    touches_edge: the fruit is cut by the border of the frame.
    touches_fruit: another fruit touches or hides part of this one.
    crop_confidence: 0-1, that this is `crop` and not other produce or an object.
    """

    frame_id: str
    fruit_index: int
    crop: Crop
    crop_confidence: float
    rgb: UInt8Array
    mask: BoolArray
    surface: UInt8Array
    confidence: FloatArray
    net_cover: FloatArray
    box_xyxy_px: Box
    frame_hw: tuple[int, int]
    touches_edge: bool
    touches_fruit: bool

    def __post_init__(self) -> None:
        x0, y0, x1, y1 = self.box_xyxy_px
        hw = (y1 - y0, x1 - x0)
        shapes = {
            "rgb": self.rgb.shape[:2],
            "mask": self.mask.shape,
            "surface": self.surface.shape,
            "confidence": self.confidence.shape,
            "net_cover": self.net_cover.shape,
        }
        for name, shape in shapes.items():
            if tuple(shape) != hw:
                raise ValueError(f"{name} must have the shape of the box {hw}, got {shape}")
        if self.mask.dtype != np.bool_ or self.surface.dtype != np.uint8:
            raise ValueError(
                f"expected mask bool and surface uint8, got {self.mask.dtype}, {self.surface.dtype}"
            )
        for array in (self.rgb, self.mask, self.surface, self.confidence, self.net_cover):
            array.setflags(write=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeMeasurement:
    """Size of one fruit. Values in mm, cm3 or g are None without a scale.

    diameter_px: equivalent equatorial diameter in pixels of the frame, always known.
    equatorial_diameter_mm: greatest width at right angles to the stem-calyx line (7 CFR 51.320).
    ring_diameter_mm: smallest round opening the fruit passes in any position (7 CFR 51.320).
    length_mm: extent along the stem-calyx line (apple) or the long axis (melon); None where the axis is not seen.
    shape_index: length / equatorial diameter; None where the axis is not seen.
    """

    diameter_px: float
    equatorial_diameter_mm: Interval | None = None
    ring_diameter_mm: Interval | None = None
    length_mm: Interval | None = None
    shape_index: float | None = None
    volume_cm3: Interval | None = None
    weight_g: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourMeasurement:
    """Colour of the skin seen; fractions 0-1 of true surface area, Lab is float CIELAB (D65).

    blush_fraction: good red over-colour. light_red_fraction: paler red that counts less (7 CFR 51.305).
    ground_lab / blush_lab: mean colour of the ground / blush skin, None where there is too little of it.
    blush_interval: of blush_fraction, None where its error was not measured.
    """

    blush_fraction: float
    light_red_fraction: float
    ground_lab: Lab | None
    blush_lab: Lab | None
    blush_interval: Interval | None = None

    def __post_init__(self) -> None:
        for name in ("blush_fraction", "light_red_fraction"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} must be 0-1, got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class NettingMeasurement:
    """Netting of a melon. cover_fraction: 0-1 of the surface seen that is corky net."""

    cover_fraction: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One defect on one fruit.

    area_mm2: on the curved surface; None without a scale. area_fraction: 0-1 of the surface seen.
    length_mm: longest extent along the skin; None without a scale. length_diameters: the same as a multiple of
    the fruit's diameter, always known. confidence: 0-1.
    """

    kind: DefectKind
    area_mm2: float | None
    area_fraction: float
    length_mm: float | None
    length_diameters: float
    elongated: bool
    confidence: float
    box_xyxy_px: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """A stem cavity or calyx basin that is seen."""

    kind: LandmarkKind
    box_xyxy_px: Box
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitMeasurement:
    """All that was measured of one physical fruit, from one view or many. No class, no SKU.

    surface_seen_fraction: 0-1 of the whole surface that the views show together.
    quality_flags: sorted names of what limits the measurement, such as `no_scale`, `touches_edge`.
    """

    frame_id: str
    fruit_index: int
    crop: Crop
    variety: str | None
    box_xyxy_px: Box
    touches_edge: bool
    view_count: int
    surface_seen_fraction: float
    crop_confidence: float
    size: SizeMeasurement
    colour: ColourMeasurement
    netting: NettingMeasurement | None
    defects: tuple[Defect, ...]
    landmarks: tuple[Landmark, ...]
    model_id: str
    quality_flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a class was denied, or what could not be verified.

    rule: key of the rule in the standard. value: what was measured (None: unknown). limit: what the class allows.
    denies: the class that this value denies. verified: False when the value is unknown and a site default stood in.
    """

    rule: str
    value: float | str | None
    limit: float | str | None
    denies: str | None
    verified: bool = True


UNGRADED = "ungraded"
REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeDecision:
    """The class of one fruit under one standard. `grade_class` is a class of the standard, `reject` or `ungraded`.

    class_set: the classes that the true one may be, best first, with the coverage that the model's card states; empty
    where nothing was measured of it. standard_sha256: of the rules that judged; empty in records from before 0048.
    """

    standard_id: str
    grade_class: str
    confidence: float
    review: bool
    reasons: tuple[Reason, ...]
    class_set: tuple[str, ...] = ()
    standard_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuAssignment:
    """The sellable unit and the outlet of one fruit. Each graded fruit has exactly one.

    size_code, colour_code: None where the fruit is in no band. pack: key of its kind of carton; None: not packed.
    table_sha256: of the table; empty in records from before 0048.
    """

    code: str
    table_id: str
    outlet: str
    size_code: str | None = None
    colour_code: str | None = None
    pack: str | None = None
    table_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitRecord:
    """One fruit, the whole way: measured, classed, assigned. `record.py` writes it as `fruit/1`."""

    measurement: FruitMeasurement
    grade: GradeDecision
    sku: SkuAssignment
