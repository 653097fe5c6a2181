"""What the varieties look like: colours (sRGB 0-255 read off photographs of shop fruit), shapes, sizes, netting."""

from __future__ import annotations

from dataclasses import dataclass

Range = tuple[float, float]
Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleVariety:
    """ground: pairs of unripe and ripe ground colour. flush: weak over-colour. red, deep: full and deepest over-colour.

    stripes, patch, sun: how much stripes, patches and the sunny side decide where the red lies. soft: width of
    the edge.
    lenticel: contrast of the dots. lenticel_mm: their spacing. tall: length / width.
    """

    ground: tuple[Rgb, Rgb]
    flush: Rgb
    red: Rgb
    deep: Rgb
    blush: Range
    stripes: float = 0.3
    patch: float = 0.6
    sun: float = 0.7
    soft: float = 0.7
    lenticel: Range = (0.1, 0.45)
    lenticel_mm: Range = (2.6, 5.0)
    tall: Range = (0.84, 0.94)
    conical: Range = (0.0, 0.08)
    lobes: Range = (0.005, 0.025)
    gloss: Range = (0.4, 1.0)
    russet: Range = (0.2, 0.9)
    diameter_mm: Range = (62.0, 88.0)


APPLES: dict[str, AppleVariety] = {
    "golden": AppleVariety(
        ground=((172, 186, 68), (226, 205, 92)),
        flush=(224, 170, 82),
        red=(206, 112, 62),
        deep=(190, 84, 54),
        blush=(0.0, 0.12),
        stripes=0.0,
        lenticel=(0.15, 0.5),
        lobes=(0.005, 0.03),
        tall=(0.86, 0.98),
        soft=1.1,
    ),
    "granny_smith": AppleVariety(
        ground=((118, 160, 42), (164, 190, 70)),
        flush=(186, 160, 80),
        red=(168, 92, 62),
        deep=(150, 70, 55),
        blush=(0.0, 0.05),
        stripes=0.0,
        lenticel=(0.3, 0.75),
        gloss=(0.7, 1.0),
        soft=1.0,
        russet=(0.0, 0.4),
    ),
    "gala": AppleVariety(
        ground=((214, 200, 104), (236, 204, 112)),
        flush=(226, 136, 78),
        red=(198, 56, 44),
        deep=(150, 26, 32),
        blush=(0.3, 0.95),
        stripes=0.9,
        patch=0.5,
        tall=(0.84, 0.93),
        diameter_mm=(58.0, 78.0),
        lenticel=(0.05, 0.3),
    ),
    "fuji": AppleVariety(
        ground=((196, 196, 104), (228, 204, 128)),
        flush=(224, 142, 104),
        red=(196, 72, 68),
        deep=(150, 40, 48),
        blush=(0.25, 0.95),
        stripes=0.6,
        patch=0.7,
        lenticel=(0.15, 0.5),
        gloss=(0.3, 0.8),
        tall=(0.8, 0.92),
        diameter_mm=(66.0, 95.0),
    ),
    "red_delicious": AppleVariety(
        ground=((168, 150, 70), (198, 150, 78)),
        flush=(170, 76, 50),
        red=(128, 22, 32),
        deep=(66, 8, 18),
        blush=(0.75, 1.0),
        stripes=0.45,
        patch=0.4,
        lenticel=(0.15, 0.55),
        tall=(0.93, 1.06),
        conical=(0.06, 0.16),
        lobes=(0.03, 0.06),
        gloss=(0.6, 1.0),
    ),
    "pink_lady": AppleVariety(
        ground=((190, 196, 96), (226, 208, 110)),
        flush=(228, 134, 96),
        red=(212, 56, 78),
        deep=(168, 26, 54),
        blush=(0.3, 0.85),
        stripes=0.15,
        patch=0.6,
        sun=1.0,
        lenticel=(0.1, 0.35),
        tall=(0.86, 0.98),
        soft=0.9,
    ),
    "red": AppleVariety(
        ground=((186, 190, 84), (222, 198, 92)),
        flush=(214, 112, 62),
        red=(178, 34, 36),
        deep=(110, 14, 24),
        blush=(0.4, 1.0),
        stripes=0.35,
        patch=0.8,
        gloss=(0.4, 1.0),
    ),
    "yellow_red": AppleVariety(
        ground=((206, 200, 92), (240, 202, 84)),
        flush=(232, 146, 66),
        red=(206, 62, 44),
        deep=(160, 30, 34),
        blush=(0.05, 0.6),
        stripes=0.4,
        patch=0.9,
        sun=1.1,
    ),
    "green_russet": AppleVariety(
        ground=((150, 158, 70), (196, 176, 86)),
        flush=(196, 140, 78),
        red=(166, 76, 50),
        deep=(128, 44, 38),
        blush=(0.0, 0.4),
        stripes=0.3,
        gloss=(0.1, 0.4),
        lenticel=(0.3, 0.7),
        russet=(0.6, 1.0),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MelonVariety:
    """ground: pairs of colours. net: range of the share of netting. net_mm: mesh width. sutures: furrows of
    the skin."""

    ground: tuple[Rgb, Rgb]
    net: Range = (0.0, 0.0)
    net_colour: Rgb = (205, 190, 150)
    net_mm: Range = (6.0, 10.0)
    sutures: int = 0
    suture_colour: Rgb = (110, 125, 80)
    tall: Range = (0.95, 1.15)
    stripes: bool = False
    speckle: float = 0.1
    gloss: Range = (0.2, 0.5)
    wrinkle: float = 0.0
    diameter_mm: Range = (115.0, 165.0)


MELONS: dict[str, MelonVariety] = {
    "cantaloupe": MelonVariety(
        ground=((128, 132, 84), (196, 160, 96)),
        net=(0.45, 0.75),
        net_colour=(204, 190, 156),
        net_mm=(3.0, 5.5),
    ),
    "charentais": MelonVariety(
        ground=((142, 148, 104), (190, 184, 130)),
        net=(0.3, 0.6),
        net_colour=(200, 188, 156),
        net_mm=(3.5, 6.0),
        sutures=10,
        suture_colour=(86, 104, 66),
        diameter_mm=(100.0, 140.0),
    ),
    "hami": MelonVariety(
        ground=((150, 156, 72), (226, 186, 84)),
        net=(0.08, 0.6),
        net_colour=(222, 206, 162),
        net_mm=(4.0, 9.0),
        tall=(1.3, 1.75),
        speckle=0.25,
        diameter_mm=(120.0, 165.0),
    ),
    "galia": MelonVariety(
        ground=((196, 162, 62), (228, 168, 52)),
        net=(0.15, 0.45),
        net_colour=(232, 204, 132),
        net_mm=(2.8, 5.0),
        tall=(0.97, 1.06),
    ),
    "honeydew": MelonVariety(
        ground=((214, 218, 178), (236, 230, 200)), gloss=(0.25, 0.6), speckle=0.06, tall=(1.0, 1.2)
    ),
    "canary": MelonVariety(
        ground=((236, 186, 16), (244, 204, 40)), gloss=(0.3, 0.7), tall=(1.1, 1.45), wrinkle=0.6, speckle=0.08
    ),
    "watermelon": MelonVariety(
        ground=((128, 156, 74), (170, 186, 110)),
        stripes=True,
        gloss=(0.4, 0.9),
        tall=(0.95, 1.5),
        diameter_mm=(170.0, 260.0),
    ),
    "dark_watermelon": MelonVariety(
        ground=((40, 62, 38), (66, 88, 54)),
        stripes=True,
        gloss=(0.4, 0.9),
        tall=(0.95, 1.2),
        diameter_mm=(170.0, 260.0),
    ),
}
