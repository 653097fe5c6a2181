"""All views of a turning fruit on one surface: each defect once, its area summed, shares over all skin seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, cos, fsum, pi, radians

import numpy as np
from numpy.typing import NDArray

from grader.body_shape import from_round, to_round
from grader.defects import (
    ELONGATED_RATIO,
    KIND_OF_VALUE,
    MIN_AREA_FRACTION,
    MIN_AREA_MM2,
    MIN_CONFIDENCE,
    SURE_CONFIDENCE,
)
from grader.probable_turn import TurnedViews
from grader.sphere_view import disc_to_sphere, sphere_to_disc
from grader.surface import USEFUL_TILT_DEG
from grader.surface_cells import CELL_ANGLE, CELL_COUNT, cell_at, cell_directions
from grader.surface_parts import SIGHTED_SHARE, LaidSpots, blemish_parts
from grader.types import BoolArray, Defect, DefectKind, FloatArray
from grader.view_surface import DISC_SIZE, SkinColour, Spots, ViewSurface

STRAIGHT_POWER = 2
"""The say of a view in a cell is the cosine of its tilt to this power: the least foreshortened view decides. Our
choice."""
RIM_TILT_DEG = 80.0
"""A blemish near the axis of the turn is seen on the rim alone: up to this tilt it is laid, with the little say that a
view has there. It does not count as skin seen, and its colour is not judged. Our choice."""
AGREED_SHARE = 0.5
"""A blemish is believed when the views that confirm it have this share of the say of all that could see it..."""
FEW_CHANCES = 1.5
"""... unless all of them together have had no more than so many straight looks at it. Our choice."""
FAR_OUT = 100
"""A length is looked for among so many of the outermost places."""
WHOLE_SHARE, CLEAR_SHARE = 0.9, 0.5
"""The length of a blemish is the mean over the views that have the first share of it in sight and look at it at least
the second as straight as the best one; where none has, it is that of its cells. Our choice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeSurface:
    """What all views show together.

    seen_fraction: 0-1 of the whole surface, seen by any view under a tilt of at most `USEFUL_TILT_DEG`. blush_fraction,
    light_red_fraction: 0-1 of the surface seen, None where no sound skin could be read. defects: largest first; areas
    are summed over the surface, area_fraction is of the surface seen, the box is in the frame of the view that shows
    the defect best. doubted: some blemish was dropped because the views did not agree on it. cameras_joined: False
    where several cameras saw the fruit and nobody knows what they both saw.
    """

    seen_fraction: float
    blush_fraction: float | None
    light_red_fraction: float | None
    defects: tuple[Defect, ...]
    doubted: bool
    cameras_joined: bool = True


def best_of_cameras(surfaces: Sequence[WholeSurface]) -> WholeSurface:
    """What the surfaces of several cameras say together where nobody knows how the cameras stand to each other.

    Of each kind of defect the camera decides that shows most of it by share of its surface, of equal ones the first: no
    defect counts twice, but one that only another camera saw is missed where that camera saw less of its kind. Colour:
    mean weighted by the surface each camera saw. Surface seen: the most of any camera, for they may have seen the same.
    """
    kinds = sorted({defect.kind for surface in surfaces for defect in surface.defects})
    defects: list[Defect] = []
    for kind in kinds:
        shown = [[defect for defect in surface.defects if defect.kind is kind] for surface in surfaces]
        defects += max(shown, key=lambda of_kind: fsum(defect.area_fraction for defect in of_kind))
    judged = [
        (surface.seen_fraction, surface.blush_fraction, surface.light_red_fraction)
        for surface in surfaces
        if surface.blush_fraction is not None and surface.light_red_fraction is not None
    ]
    seen = fsum(weight for weight, _, _ in judged)
    return WholeSurface(
        seen_fraction=max(surface.seen_fraction for surface in surfaces),
        blush_fraction=fsum(weight * blush for weight, blush, _ in judged) / seen if seen > 0 else None,
        light_red_fraction=fsum(weight * light for weight, _, light in judged) / seen if seen > 0 else None,
        defects=tuple(sorted(defects, key=lambda d: (-d.area_fraction, d.kind, d.box_xyxy_px))),
        doubted=any(surface.doubted for surface in surfaces),
        cameras_joined=False,
    )


def lay_views(views: Sequence[ViewSurface], turned: TurnedViews, *, marked: bool = True) -> WholeSurface:
    """One surface from the views of one fruit.

    A cell's share of blemish is the mean over the views, weighted by how straight each looks at it (`STRAIGHT_POWER`)
    and by the weight of the view. Touching blemished cells are one blemish; its area is the sum of the shares. Views
    that should see it and do not lower its confidence, and a blemish most of them deny is dropped. Specks are dropped
    as in one view. marked: False leaves out the blemishes.

    Raises:
        ValueError: no views, or not as many rotations as views.
    """
    if not len(views) == len(turned.rotations) or not views:
        raise ValueError(f"expected as many rotations as views, got {len(turned.rotations)} and {len(views)}")
    straight = _straightness(turned)
    seen = straight > cos(radians(USEFUL_TILT_DEG))
    weights = np.array([view.weight for view in views], np.float32)
    say = straight**STRAIGHT_POWER * weights[:, None]
    blush, light_red = _colour_shares(views, turned, np.where(seen, say, np.float32(0)))
    say[straight <= cos(radians(RIM_TILT_DEG))] = 0
    halves = [view.half_mm2 for view in views if view.half_mm2 is not None]
    surface_mm2 = 2 * float(np.median(halves)) if halves else None
    seen_share = float(seen.any(axis=0).mean())
    defects: tuple[Defect, ...] = ()
    doubted = False
    if marked:
        laid = [_lay_spots(view.spots, turned, k) for k, view in enumerate(views)]
        defects, doubted = _blemishes(laid, say, surface_mm2, seen_share)
    return WholeSurface(
        seen_fraction=seen_share,
        blush_fraction=blush,
        light_red_fraction=light_red,
        defects=defects,
        doubted=doubted,
    )


def _straightness(turned: TurnedViews) -> FloatArray:
    """Cosine of the tilt of every cell in every view, float32 (views, CELL_COUNT), 0 on the far side."""
    towards = turned.rotations[:, 2].astype(np.float32) @ cell_directions().T
    return np.asarray(np.maximum(-towards, np.float32(0)), np.float32)


def _colour_shares(
    views: Sequence[ViewSurface], turned: TurnedViews, say: FloatArray
) -> tuple[float | None, float | None]:
    """Shares of blush and light red in the skin seen, defects included, as `measure_colour` counts them in one view."""
    judged, blush, light_red = (np.zeros(CELL_COUNT, np.float32) for _ in range(3))
    sound_seen = False
    for k, view in enumerate(views):
        cells = np.flatnonzero(say[k])
        there = cell_directions()[cells] @ turned.rotations[k].T.astype(np.float32)
        disc = from_round(sphere_to_disc(there, turned.distance_radii), turned.frames[k])
        column, row = np.clip((disc.T + 1) * (DISC_SIZE / 2), 0, DISC_SIZE - 1).astype(np.intp)
        colour = view.colour[row, column]
        weight = say[k, cells] * (colour != SkinColour.UNKNOWN)
        judged[cells] += weight
        blush[cells] += weight * (colour == SkinColour.BLUSH)
        light_red[cells] += weight * (colour == SkinColour.LIGHT_RED)
        sound_seen = sound_seen or bool(((colour != 0) & (colour != SkinColour.BLEMISHED)).any())
    known = judged > 0
    if not sound_seen:
        return None, None
    return tuple(  # type: ignore[return-value]
        min(1.0, float((part[known] / judged[known]).mean(dtype=np.float64))) for part in (blush, light_red)
    )


def _lay_spots(spots: Spots, turned: TurnedViews, view: int) -> LaidSpots:
    disc = to_round(spots.disc_xy, turned.frames[view])
    towards = disc_to_sphere(disc, turned.distance_radii) @ turned.rotations[view].astype(np.float32)
    return LaidSpots(
        spots=spots, cell=cell_at(towards), area=spots.share.astype(np.float64) * CELL_COUNT, towards=towards
    )


def _blemishes(
    laid: Sequence[LaidSpots],
    say: FloatArray,
    surface_mm2: float | None,
    seen_share: float,
) -> tuple[tuple[Defect, ...], bool]:
    """The defects, largest first, and whether any was dropped because the views do not agree on it."""
    values = np.unique(np.concatenate([one.spots.value for one in laid]))
    if values.size == 0:
        return (), False
    cover = np.stack([[_cover(one, value) for one in laid] for value in values])  # (kinds, views, cells)
    total_say = np.maximum(say.sum(axis=0), np.float32(1e-6))
    fused = (cover * say).sum(axis=1) / total_say  # (kinds, cells)
    found: list[Defect] = []
    doubted = False
    parts, credited = blemish_parts(laid, values, cover, fused, say)
    for kind, cells in parts:
        defect, denied = _defect(
            laid, say, credited[kind], cover, int(values[kind]), cells, surface_mm2, seen_share
        )
        doubted = doubted or denied
        if defect is not None:
            found.append(defect)
    return tuple(sorted(found, key=lambda d: (-d.area_fraction, d.kind, d.box_xyxy_px))), doubted


def _cover(one: LaidSpots, value: int) -> NDArray[np.float64]:
    """Share of each cell that one view shows under one kind."""
    of_kind = one.spots.value == value
    return np.bincount(one.cell[of_kind], one.area[of_kind], minlength=CELL_COUNT).astype(np.float64)


def _defect(
    laid: Sequence[LaidSpots],
    say: FloatArray,
    credited: NDArray[np.float64],
    cover: NDArray[np.float64],
    value: int,
    cells: NDArray[np.intp],
    surface_mm2: float | None,
    seen_share: float,
) -> tuple[Defect | None, bool]:
    """One blemish measured, or None, and whether it is None because the views deny it."""
    shares = credited[cells]
    in_cells = float(shares.sum())
    chance = say[:, cells] @ shares / in_cells  # how straight each view looks at it
    expected = (say[:, cells] > 0) @ shares
    shown = (cover[:, :, cells].sum(axis=0) * (say[:, cells] > 0)).sum(axis=1)
    sighted = (shown >= SIGHTED_SHARE * expected) & (expected > 0)
    member = np.zeros(CELL_COUNT, np.bool_)
    member[cells] = True
    mine = [_own(one, member, value) for one in laid]
    trust = np.array(
        [
            float(one.spots.confidence[own].mean()) if own.any() else 0.0
            for one, own in zip(laid, mine, strict=True)
        ]
    )
    chances = float(chance.sum())
    if not sighted.any() or chances <= 0:
        return None, False
    agreed = float(chance[sighted].sum()) / chances
    confidence = min(1.0, float((chance * sighted) @ trust) / float(chance[sighted].sum()))
    if agreed < AGREED_SHARE and chances > FEW_CHANCES:
        return None, True
    confidence *= agreed if chances > FEW_CHANCES else 1.0
    fraction = min(1.0, in_cells / CELL_COUNT / seen_share)
    area_mm2 = None if surface_mm2 is None else in_cells / CELL_COUNT * surface_mm2
    speck = fraction < MIN_AREA_FRACTION if area_mm2 is None else area_mm2 < MIN_AREA_MM2
    if confidence < MIN_CONFIDENCE or (speck and confidence < SURE_CONFIDENCE):
        return None, False
    best = int(np.argmax(np.where(sighted, chance, -1)))
    clear = sighted & (chance >= CLEAR_SHARE * chance[best])
    whole = clear & (expected >= WHOLE_SHARE * in_cells)
    if whole.any():
        lengths = np.array(
            [_length(laid[view].towards[mine[view]]) for view in np.flatnonzero(whole).tolist()]
        )
        length = float(lengths @ chance[whole] / chance[whole].sum())
    else:
        length = _length(cell_directions()[cells])
    radius_mm = None if surface_mm2 is None else (surface_mm2 / (4 * pi)) ** 0.5
    own = laid[best].spots.box_xyxy_px[mine[best]]
    x0, y0 = own[:, :2].min(axis=0)
    x1, y1 = own[:, 2:].max(axis=0)
    return (
        Defect(
            kind=DefectKind(KIND_OF_VALUE[value]),
            area_mm2=area_mm2,
            area_fraction=fraction,
            length_mm=None if radius_mm is None else length * radius_mm,
            length_diameters=length / 2,
            elongated=pi * length**2 / (4 * in_cells * 4 * pi / CELL_COUNT) > ELONGATED_RATIO,
            confidence=confidence,
            box_xyxy_px=(int(x0), int(y0), int(x1), int(y1)),
        ),
        False,
    )


def _own(one: LaidSpots, member: BoolArray, value: int) -> BoolArray:
    """The spots of a view that are of a blemish: those of its kind, where the view shows any, else all in its cells."""
    inside = member[one.cell]
    of_kind = inside & (one.spots.value == value)
    return of_kind if of_kind.any() else inside


def _length(directions: FloatArray) -> float:
    """Longest great-circle distance in rad, between the places that lie farthest out in directions all round; a third
    of a cell is added for what lies around the outermost places."""
    if len(directions) > FAR_OUT:
        directions = directions[
            np.unique((directions @ cell_directions()[:: CELL_COUNT // FAR_OUT].T).argmax(axis=0))
        ]
    return acos(max(-1.0, min(1.0, float((directions @ directions.T).min())))) + CELL_ANGLE / 6
