"""The views of one turning fruit -> one fruit: one size, one colour, and each defect counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import fsum, hypot, prod
from statistics import median

from grader.long_axis import long_axis_views
from grader.types import (
    Box,
    ColourMeasurement,
    Crop,
    Defect,
    FruitMeasurement,
    Interval,
    Lab,
    Landmark,
    LandmarkKind,
    NettingMeasurement,
    SizeMeasurement,
)
from grader.uncertainty import fuse_intervals, robust_mean
from grader.whole_surface import WholeSurface

HALF_SEEN = 0.5
"""Share of the whole surface that one view shows down to the rim; the area fractions of its defects refer to it."""
SAME_AREA_RATIO = 3.0
"""Two sightings of one defect differ in measured area by less than this factor..."""
RIM_OFFSET = 0.75
"""... unless the smaller lies farther out than this share of the radius, where the rim may cut it. All our choice."""
CLEAR_VIEW = 1.5
"""Of a size, views whose interval is wider than this times the narrowest are left out: they did not see the axis."""
MANY_VIEWS, SURE_ALONE = 6, 0.85
"""From this many views on, a defect seen in one of them only is dropped unless its confidence is the second: an even
turn shows every place within 60 degrees of straight on in a third of the views. Chosen on simulated apples
(docs/decisions/0020)."""
MANY_CLOSE_LOOKS = 2
"""The same where the views are the most suspicious ones of many: looks at one blemish from neighbouring sides."""
SIZES_DISAGREE = 0.08
"""Spread of the diameters of the views (largest over smallest, less one) from which the fruit is flagged."""


QualityFlags = tuple[str, ...]


def fuse_views(
    measurements: Sequence[FruitMeasurement],
    surface: WholeSurface | None = None,
    quick: Sequence[FruitMeasurement] = (),
    unmeasured: Sequence[QualityFlags] = (),
) -> FruitMeasurement:
    """One measurement from the single views of one fruit. surface: all views of its crop laid on one (`lay_views`).

    Independent of the order of the views, except that frame id, index, box, variety and model id are those of the
    first.

    Size: of the views that are not cut or hidden (all, where each one is) those that see clearly (`CLEAR_VIEW`), by
    `fuse_intervals`; a melon's length and what follows from it, of those that show it at its length
    (`long_axis_views`). diameter_px: `robust_mean`, also of views that are said to show another crop, for it does not
    depend on the crop.
    Colour and netting: mean weighted by the surface each view shows. Surface seen: 1 - product of the parts not seen,
    as for views from independent directions.
    Defects: with a `surface` its own, and its shares. Without one, *assumed*: sightings of one kind and of like area in
    different views are one, so at least as many defects are counted as any one view shows, and a fruit with two like
    defects that no view shows together is counted one short. The largest sighting stands for the defect, as the least
    foreshortened, with the highest confidence of all. From `MANY_VIEWS` views on a defect that only one shows is
    an error of the network more often than not: it is dropped, and the fruit flagged `defect_seen_once`, unless the
    network is `SURE_ALONE` of it.

    quick: what quick looks measured of further views, which say nothing of defects: they count for all else, and two of
    the close looks must agree on a defect as soon as there are `MANY_CLOSE_LOOKS`. unmeasured: quality flags of views
    that were looked at and not measured: they are taken to show as much skin as the others do on average.

    Views that are said to show another crop than most of the others (by summed confidence) are left out, and the fruit
    is flagged `views_disagree_on_crop`.

    Raises:
        ValueError: no measurement.
    """
    close, measurements = measurements, (*measurements, *quick)
    if not measurements:
        raise ValueError("expected at least one measurement, got none")
    crop = crop_of_views(measurements)
    if any(m.crop is not crop for m in measurements):
        own = [[m for m in part if m.crop is crop] for part in (close, quick)]
        fused = fuse_views(own[0], surface, own[1], unmeasured)
        return replace(
            fused,
            size=replace(fused.size, diameter_px=_diameter_px(measurements)),
            quality_flags=tuple(sorted({*fused.quality_flags, "views_disagree_on_crop"})),
        )
    first = measurements[0]
    if len(measurements) == 1 and not unmeasured:
        return first
    whole = _whole(measurements)
    sized = whole or measurements
    missed = prod(sorted(1 - m.surface_seen_fraction for m in measurements))
    seen = 1 - missed ** (1 + len(unmeasured) / len(measurements))
    flags = {flag for m in measurements for flag in m.quality_flags} - {"touches_edge", "touches_fruit"}
    flags.update(*unmeasured)
    if not whole:
        flags |= {flag for m in measurements for flag in m.quality_flags}
    diameters = [m.size.diameter_px for m in sized]
    if max(diameters) > (1 + SIZES_DISAGREE) * min(diameters):
        flags.add("views_disagree_on_size")
    if surface is None:
        many = len(close) >= (MANY_CLOSE_LOOKS if quick or unmeasured else MANY_VIEWS)
        defects, doubted = _fuse_defects(close, max(HALF_SEEN, seen), many)
        if doubted:
            flags.add("defect_seen_once")
    else:
        seen, defects = surface.seen_fraction, surface.defects
        if surface.doubted:
            flags.add("views_disagree_on_defect")
    return replace(
        first,
        touches_edge=not whole and any(m.touches_edge for m in measurements),
        view_count=sum(m.view_count for m in measurements) + len(unmeasured),
        surface_seen_fraction=min(1.0, seen),
        crop_confidence=median(m.crop_confidence for m in measurements),
        size=_fuse_size([m.size for m in sized], _diameter_px(measurements), crop),
        colour=_fuse_colour(measurements, surface),
        netting=_fuse_netting(measurements),
        defects=defects,
        landmarks=_fuse_landmarks(measurements),
        quality_flags=tuple(sorted(flags)),
    )


def crop_of_views(measurements: Sequence[FruitMeasurement]) -> Crop:
    """What most of the views show, by summed confidence."""
    return max(Crop, key=lambda c: (fsum(m.crop_confidence for m in measurements if m.crop is c), c.value))


def _whole(measurements: Sequence[FruitMeasurement]) -> list[FruitMeasurement]:
    """The views that are neither cut nor hidden."""
    return [m for m in measurements if not m.touches_edge and "touches_fruit" not in m.quality_flags]


def _diameter_px(measurements: Sequence[FruitMeasurement]) -> float:
    """Of the whole views, or of all where there is none."""
    return robust_mean([m.size.diameter_px for m in _whole(measurements) or measurements])


def _fuse_size(sizes: Sequence[SizeMeasurement], diameter_px: float, crop: Crop) -> SizeMeasurement:
    def fuse(values: list[Interval | None]) -> Interval | None:
        known = [value for value in values if value is not None]
        widest = CLEAR_VIEW * min((value.high - value.low for value in known), default=0.0)
        return (
            fuse_intervals([value for value in known if value.high - value.low <= widest]) if known else None
        )

    along = long_axis_views(sizes) if crop is not Crop.APPLE else sizes
    shapes = [size.shape_index for size in along if size.shape_index is not None]
    return SizeMeasurement(
        diameter_px=diameter_px,
        equatorial_diameter_mm=fuse([size.equatorial_diameter_mm for size in sizes]),
        ring_diameter_mm=fuse([size.ring_diameter_mm for size in sizes]),
        length_mm=fuse([size.length_mm for size in along]),
        shape_index=median(shapes) if shapes else None,
        volume_cm3=fuse([size.volume_cm3 for size in along]),
        weight_g=fuse([size.weight_g for size in along]),
    )


def _weighted_mean(pairs: list[tuple[float, float]]) -> float:
    """Mean of (value, weight) pairs, exactly independent of their order; plain mean when all weights are 0."""
    total = fsum(weight for _, weight in pairs)
    if total <= 0:
        return fsum(value for value, _ in pairs) / len(pairs)
    return fsum(value * weight for value, weight in pairs) / total


def _fuse_colour(measurements: Sequence[FruitMeasurement], surface: WholeSurface | None) -> ColourMeasurement:
    weighed = [(m.colour, m.surface_seen_fraction) for m in measurements]

    def mean_lab(colours: list[tuple[Lab | None, float]]) -> Lab | None:
        known = [(lab, weight) for lab, weight in colours if lab is not None]
        if not known:
            return None
        light, a, b = (_weighted_mean([(lab[i], weight) for lab, weight in known]) for i in range(3))
        return light, a, b

    blush = _weighted_mean([(c.blush_fraction, w) for c, w in weighed])
    light_red = _weighted_mean([(c.light_red_fraction, w) for c, w in weighed])
    if surface is not None and surface.blush_fraction is not None and surface.light_red_fraction is not None:
        blush, light_red = surface.blush_fraction, surface.light_red_fraction
    return ColourMeasurement(
        blush_fraction=min(1.0, blush),
        light_red_fraction=min(1.0, light_red),
        ground_lab=mean_lab([(c.ground_lab, w * (1 - c.blush_fraction)) for c, w in weighed]),
        blush_lab=mean_lab([(c.blush_lab, w * c.blush_fraction) for c, w in weighed]),
    )


def _fuse_netting(measurements: Sequence[FruitMeasurement]) -> NettingMeasurement | None:
    known = [
        (m.netting.cover_fraction, m.surface_seen_fraction) for m in measurements if m.netting is not None
    ]
    return NettingMeasurement(cover_fraction=_weighted_mean(known)) if known else None


def _fuse_landmarks(measurements: Sequence[FruitMeasurement]) -> tuple[Landmark, ...]:
    best = []
    for kind in LandmarkKind:
        of_kind = [mark for m in measurements for mark in m.landmarks if mark.kind is kind]
        if of_kind:
            best.append(max(of_kind, key=lambda mark: (mark.confidence, mark.box_xyxy_px)))
    return tuple(best)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sighting:
    """A defect in one view, and whether its middle lies near the rim of the fruit."""

    view: int
    defect: Defect
    near_rim: bool


def _fuse_defects(
    measurements: Sequence[FruitMeasurement], seen_fraction: float, many: bool
) -> tuple[tuple[Defect, ...], bool]:
    """The defects, and whether any was dropped because one view alone shows it."""
    sightings = [
        _Sighting(
            view=index,
            defect=defect,
            near_rim=_off_middle(defect.box_xyxy_px, m.box_xyxy_px) > RIM_OFFSET,
        )
        for index, m in enumerate(measurements)
        for defect in m.defects
    ]
    sightings.sort(
        key=lambda s: (-s.defect.area_fraction, s.defect.kind, s.defect.confidence, s.defect.box_xyxy_px)
    )
    groups: list[list[_Sighting]] = []
    for sighting in sightings:
        mine = [group for group in groups if _same_defect(group, sighting)]
        if mine:
            min(mine, key=lambda group: _mismatch(group[0], sighting)).append(sighting)
        else:
            groups.append([sighting])
    believed = [g for g in groups if not many or len(g) > 1 or g[0].defect.confidence >= SURE_ALONE]
    share = HALF_SEEN / seen_fraction
    fused = [
        replace(
            group[0].defect,
            area_fraction=min(1.0, group[0].defect.area_fraction * share),
            confidence=max(s.defect.confidence for s in group),
        )
        for group in believed
    ]
    ordered = tuple(sorted(fused, key=lambda d: (-d.area_fraction, d.kind, d.box_xyxy_px)))
    return ordered, len(believed) < len(groups)


def _same_defect(group: list[_Sighting], sighting: _Sighting) -> bool:
    """Whether a sighting may be of the defect of a group, whose first member is its largest sighting."""
    if group[0].defect.kind is not sighting.defect.kind or any(s.view == sighting.view for s in group):
        return False
    return _mismatch(group[0], sighting) < SAME_AREA_RATIO or sighting.near_rim


def _mismatch(one: _Sighting, other: _Sighting) -> float:
    return one.defect.area_fraction / max(other.defect.area_fraction, 1e-12)


def _off_middle(defect_box: Box, fruit_box: Box) -> float:
    """Distance of the middle of a defect's box from that of the fruit's, in half boxes of the fruit, 0.999 at most."""
    x0, y0, x1, y1 = fruit_box
    x = ((defect_box[0] + defect_box[2]) - (x0 + x1)) / max(1, x1 - x0)
    y = ((defect_box[1] + defect_box[3]) - (y0 + y1)) / max(1, y1 - y0)
    return min(hypot(x, y), 0.999)
