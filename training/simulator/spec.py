"""Exact requests to the simulator: what fruit, where, under which light, seen by which camera. Lengths are mm.

World: the ground is the plane z = 0, z points up; the camera looks at `look_at_mm`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.types import Crop, DefectKind
from training.simulator.shape import Outline

Vector = tuple[float, float, float]
Rotation = tuple[Vector, Vector, Vector]
Colour = tuple[float, float, float]
UPRIGHT: Rotation = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectSpec:
    """One defect. area_mm2: on the curved skin, met within 3 % unless the fruit is too small for it.

    direction: from the centre of the fruit in its own frame (stem at +z), any length. severity: 0 faint to 1 strong.
    """

    kind: DefectKind
    area_mm2: float
    direction: Vector
    severity: float = 0.7
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FruitSpec:
    """One fruit. outline None: drawn from the variety. blush_fraction None: drawn from the variety's range.

    stem_mm: length of the stem, 0 for none. shrivel 0-1: wrinkled with age. wet, dust: 0-1.
    seed decides everything that is not stated.
    """

    seed: int
    crop: Crop = Crop.APPLE
    variety: str = "gala"
    equatorial_diameter_mm: float = 75.0
    outline: Outline | None = None
    blush_fraction: float | None = None
    defects: tuple[DefectSpec, ...] = ()
    stem_mm: float = 15.0
    shrivel: float = 0.0
    wet: float = 0.0
    dust: float = 0.0
    sticker: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFruit:
    """A fruit and its pose: rotation turns the fruit's frame into the world. centre z None: it rests on the ground."""

    fruit: FruitSpec
    rotation: Rotation = UPRIGHT
    centre_mm: tuple[float, float, float | None] = (0.0, 0.0, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectSpec:
    """A thing that is neither apple nor melon. kind: of `objects.OBJECT_KINDS`, or "dish". turn_deg: about z."""

    kind: str
    seed: int
    centre_mm: tuple[float, float] = (0.0, 0.0)
    turn_deg: float = 0.0
    size: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSpec:
    """A pinhole camera. distance_mm: from `look_at_mm`. elevation_deg: 90 = straight down. roll_deg: about the axis."""

    focal_px: float = 900.0
    distance_mm: float = 600.0
    elevation_deg: float = 90.0
    azimuth_deg: float = 0.0
    roll_deg: float = 0.0
    look_at_mm: Vector = (0.0, 0.0, 35.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LampSpec:
    """A rectangular lamp, endlessly far. Angles and widths in degrees; strength relative to the sky; colour
    linear RGB."""

    azimuth_deg: float
    elevation_deg: float
    width_deg: float
    height_deg: float
    strength: float
    colour: Colour = (1.0, 1.0, 1.0)
    bars: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSpec:
    """Lamps and the sky. The strongest lamp is the key that throws the shadow; shadow_blur 0 hard to 1 soft.

    bounce: how much of the light that a fruit sends back reaches what lies beside it, 0 none to 1 all."""

    lamps: tuple[LampSpec, ...] = (
        LampSpec(azimuth_deg=40.0, elevation_deg=60.0, width_deg=30.0, height_deg=20.0, strength=18.0),
    )
    sky: Colour = (1.0, 1.0, 1.0)
    floor: Colour = (0.35, 0.35, 0.35)
    key_share: float = 0.5
    shadow_blur: float = 0.5
    bounce: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundSpec:
    """What lies under the fruit. kind: a name of `ground.GROUND_KINDS`. colour: sRGB 0-1."""

    kind: str = "belt"
    colour: Colour = (0.2, 0.35, 0.25)
    seed: int = 0
    pitch_mm: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LensSpec:
    """What camera and lens add. All zero: a perfect camera.

    exposure: wanted median of the fruit, linear 0-1. gains: white-balance cast. defocus_px, motion_px: blur.
    noise: standard deviation at full scale. vignette: loss in the corners. jpeg_quality: when written to disk.
    """

    exposure: float = 0.22
    gains: Colour = (1.0, 1.0, 1.0)
    defocus_px: float = 0.0
    motion_px: float = 0.0
    motion_deg: float = 0.0
    noise: float = 0.0
    vignette: float = 0.0
    contrast: float = 0.0
    saturation: float = 1.0
    sharpen: float = 0.0
    jpeg_quality: int = 95


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneSpec:
    """A whole picture. supersample: inner pixels per output pixel along one side."""

    seed: int
    preset: str = "exact"
    size_hw: tuple[int, int] = (320, 320)
    fruits: tuple[PlacedFruit, ...] = ()
    objects: tuple[ObjectSpec, ...] = ()
    camera: CameraSpec = field(default_factory=CameraSpec)
    light: LightSpec = field(default_factory=LightSpec)
    ground: GroundSpec = field(default_factory=GroundSpec)
    lens: LensSpec = field(default_factory=LensSpec)
    supersample: float = 1.3
