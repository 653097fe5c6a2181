"""How the views of a fruit are turned: what the rollers say, put right by the pattern of its skin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import cos, degrees, hypot, radians, sin

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.body_shape import fit_body, round_frames
from grader.probable_turn import Match, TurnedViews, TurnProblem, most_probable_turn
from grader.skin_texture import TEXTURE_SIZE, skin_texture
from grader.sphere_view import disc_grid, disc_to_sphere, sphere_to_disc
from grader.turn import USUAL_DISTANCE_RADII, Matrix, Seats, Turn, one_seat, prior_views, rotation_of
from grader.types import FloatArray
from grader.view_surface import CHANNELS, ViewSurface

MATCHED_TILT_DEG = 62.0
"""Skin tilted more than this is too foreshortened to be matched."""
KEY_APART_DEG, MOST_APART_DEG = 20.0, 75.0
"""Views nearer than the first teach little and cost as much; those farther apart than the second share too little
skin. What lies between two that are matched follows the rollers."""
SMOOTH_CELLS = (1.5, 0.5)
"""Blur of the textures (1 sigma, cells), coarse then fine: the coarse one catches an error of a cell or two."""
WIDE_CELLS = 7.0
STEPS = (2, 2)
EVERY = (3, 1)
"""Gauss-Newton steps at each blur."""
ALIKE_CELLS = 10.0
"""Neighbouring cells err together: the information of so many is that of one. Set so that the stated spread of
simulated turns fits their errors (docs/decisions/0028)."""
BODY_SIGMA_DEG = 2.5
"""Error of one match that no picture shows, 1 sigma: a fruit is no ellipsoid, and its light moves over it."""
LEAST_SPREAD = 0.03
"""The difference of two textures is never taken for less than this (natural logarithm of light)."""
SEARCHED_STEPS_DEG = (12, 18, 24, 30, 36, 43, 51, 60)
SEARCHED_AXES_DEG = 15
SEARCHED_EVERY = 4
SEARCH_SIGMA_DEG = 5.0
"""Steps that are looked for where no turn is known, axes all round in steps of the second."""
OTHER_STEP_DEG = 22.0
ONE_STEP = 0.25
"""Views count as one step apart when it is one to so much of a step."""
CLEAR_LEAD = 0.2
"""The correlation of the best step leads that of every step farther from it than the first by the second."""


def turn_from_prior(
    views: Sequence[ViewSurface],
    turn: Turn,
    places: Sequence[float] | None = None,
    *,
    look: bool = True,
    seats: Seats | None = None,
) -> TurnedViews:
    """How the views are turned when the rollers are known: the most probable turn given the prior and the pictures.

    Neighbours at least `KEY_APART_DEG` apart (and the first and last of them, after a whole turn) are matched by
    Gauss-Newton on small maps (Lucas and Kanade 1981, with rotations for shifts), robust after Geman and McClure. All
    pairs and the prior together are one linear least-squares problem in the corrections of the views; a fruit without
    a pattern adds nothing to it, so the prior stands. Of several cameras each has its own neighbours, and each of their
    views is matched with the nearest of camera 0.

    Args:
        turn: as camera 0 sees it. places: of the views, in steps of the turn, growing; None: 0, 1, 2, ... look: False
            leaves it at the prior. seats: where the views were taken from; None: all by one camera.

    Raises:
        ValueError: no view, or not as many places or seats as views.
    """
    if not views:
        raise ValueError("expected at least one view, got none")
    places = tuple(range(len(views))) if places is None else places
    seats = one_seat(len(views)) if seats is None else seats
    if not len(places) == len(seats.of_view) == len(views):
        raise ValueError(
            f"expected as many places and seats as views, got {len(places)}, {len(seats.of_view)} and {len(views)}"
        )
    by_rollers = prior_views(turn, places)
    rotations = seats.rotations[list(seats.of_view)] @ by_rollers
    body = fit_body(_of_one_size(views, seats), rotations)
    frames, rolled_frames = round_frames(body, rotations), round_frames(body, by_rollers)
    prior = np.linalg.inv(frames) @ rotations @ frames[0]
    problem = TurnProblem(
        prior=prior,
        rolled=np.linalg.inv(rolled_frames) @ by_rollers @ frames[0],
        steps=np.diff(places),
        turn=turn,
        frames=frames,
        seats=seats,
    )
    turned = most_probable_turn(problem, ())
    if not look:
        return turned
    textures = _textures(views, frames, seats)

    def matched(one: int, other: int, of: Matrix) -> Match:
        start = prior[other] @ prior[one].T
        found = of[other] @ of[one].T
        begun = _vector(found @ start.T)
        moved, information = _match(textures, one, other, start, begun, turn)
        return one, other, moved, information

    keys = [_keys(rotations, seats.views_of(camera)) for camera in range(len(seats.rotations))]
    matches = [matched(one, other, prior) for own in keys for one, other in pairwise(own)]
    for other in (key for own in keys[1:] for key in own):
        apart = [_angle_deg(rotations[other] @ rotations[one].T) for one in keys[0]]
        if min(apart) < MOST_APART_DEG:
            matches.append(matched(keys[0][int(np.argmin(apart))], other, prior))
    turned = most_probable_turn(problem, matches)
    ends = [(own[-1], own[0]) for own in keys if len(own) > 2]
    closing = [
        matched(last, first, turned.rotations)
        for last, first in ends
        if _angle_deg(turned.rotations[last] @ turned.rotations[first].T) < MOST_APART_DEG
    ]
    return most_probable_turn(problem, [*matches, *closing]) if closing else turned


def _of_one_size(views: Sequence[ViewSurface], seats: Seats) -> list[Matrix]:
    """Their outlines; those of several cameras are drawn to one size, for each has its own pixels."""
    outlines = [view.outline for view in views]
    if len(seats.rotations) == 1:
        return outlines
    sizes = np.sqrt(np.linalg.det(np.stack(outlines)))
    means = [sizes[seats.views_of(camera)].mean() for camera in range(len(seats.rotations))]
    return [outline / means[camera] for outline, camera in zip(outlines, seats.of_view, strict=True)]


def _keys(rotations: Matrix, views: Sequence[int]) -> list[int]:
    """Of the views of one camera those that are matched: the first, and each `KEY_APART_DEG` on from the last."""
    keys = list(views[:1])
    for k in views[1:]:
        if _angle_deg(rotations[k] @ rotations[keys[-1]].T) >= KEY_APART_DEG:
            keys.append(k)
    return keys


def turn_from_pictures(
    views: Sequence[ViewSurface],
    places: Sequence[float] | None = None,
    distance_radii: float = USUAL_DISTANCE_RADII,
) -> TurnedViews | None:
    """How the views are turned when nothing is known but that each step is the same turn about an axis in the picture.

    The step is looked for on a grid of axes and angles by the correlation of neighbouring views, and then taken for a
    wide prior of `turn_from_prior`. None where no step stands out from all others (`CLEAR_LEAD`), as on a fruit without
    a pattern, or there are fewer than three views. places: as for `turn_from_prior`; only views one step apart are
    compared.

    Raises:
        ValueError: a distance that `Turn` refuses.
    """
    grid = [
        Turn(
            axis_xy=(cos(radians(angle)), sin(radians(angle))),
            step_deg=step,
            step_sigma_deg=SEARCH_SIGMA_DEG,
            axis_sigma_deg=SEARCH_SIGMA_DEG,
            distance_radii=distance_radii,
        )
        for step in SEARCHED_STEPS_DEG
        for angle in range(0, 360, SEARCHED_AXES_DEG)
    ]
    places = tuple(range(len(views))) if places is None else places
    pairs = [k for k in range(len(views) - 1) if abs(places[k + 1] - places[k] - 1) < ONE_STEP]
    if len(views) < 3 or not pairs:
        return None
    steps = np.stack([prior_views(turn, (1,))[0] for turn in grid])
    textures = _textures(views, np.stack([np.eye(3)] * len(views)), one_seat(len(views)))
    scores = _correlations(textures, pairs, steps, distance_radii)
    best = int(np.argmax(scores))
    apart = np.array([_angle_deg(step @ steps[best].T) for step in steps])
    lead = float(scores[best] - scores[apart > OTHER_STEP_DEG].max())
    if lead < CLEAR_LEAD:
        return None
    return turn_from_prior(views, grid[best], places)


def _correlations(
    textures: _Textures, pairs: Sequence[int], steps: Matrix, distance_radii: float
) -> FloatArray:
    """Mean over pairs (k, k + 1) of the correlation of what both see, for each of K steps; float32 (K,)."""
    smooth = textures.levels[0][0]
    cells, directions = _matched(distance_radii, SEARCHED_EVERY)
    there = directions @ steps.astype(np.float32).transpose(0, 2, 1)
    seen = -there[..., 2] > np.float32(cos(radians(MATCHED_TILT_DEG)))
    places = (sphere_to_disc(there, distance_radii) + 1) * np.float32(TEXTURE_SIZE / 2)
    column, row = np.clip(places, 0, TEXTURE_SIZE - 1).astype(np.intp).transpose(2, 0, 1)
    target = row * TEXTURE_SIZE + column
    flat = smooth.reshape(len(smooth), -1, CHANNELS)
    flat = flat / np.maximum(flat.std(axis=(0, 1)), np.float32(LEAST_SPREAD))
    total = np.zeros(len(steps), np.float32)
    for one in pairs:
        here = flat[one, cells]
        value = flat[one + 1].take(target, axis=0)
        product = np.einsum("knc,nc,kn->k", value, here, seen, optimize=False)
        power = np.einsum("knc,knc,kn->k", value, value, seen, optimize=False)
        total += product / np.sqrt(power * (np.square(here).sum(axis=1) @ seen.T) + np.float32(1e-6))
    return total / np.float32(len(pairs))


def _vector(rotation: Matrix) -> Matrix:
    return np.asarray(cv2.Rodrigues(rotation)[0], np.float64)[:, 0]


def _angle_deg(rotation: Matrix) -> float:
    return degrees(float(np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Textures:
    """Of all views at the blurs of `SMOOTH_CELLS`: values and their slopes per cell, each (n, size, size, channels)."""

    levels: tuple[tuple[FloatArray, FloatArray, FloatArray], ...]


def _textures(views: Sequence[ViewSurface], frames: Matrix, seats: Seats) -> _Textures:
    """Light and shade stay where they are while the fruit turns: the mean of all views of a camera is taken away."""
    raw = np.stack([skin_texture(view.pattern, frame) for view, frame in zip(views, frames, strict=True)])
    raw = raw - raw.mean(axis=(1, 2), keepdims=True)
    for own in map(seats.views_of, range(len(seats.rotations))):
        if len(own) > 2:
            raw[own, ..., :3] -= raw[own, ..., :3].mean(axis=0)
    if WIDE_CELLS:
        raw = raw - np.stack([cv2.GaussianBlur(one, (0, 0), WIDE_CELLS) for one in raw])
    levels = []
    for sigma in SMOOTH_CELLS:
        smooth = np.stack([cv2.GaussianBlur(one, (0, 0), sigma) for one in raw])
        slope_y, slope_x = np.gradient(smooth, axis=(1, 2))
        levels.append((smooth, slope_x.astype(np.float32), slope_y.astype(np.float32)))
    return _Textures(levels=tuple(levels))


@lru_cache(maxsize=8)
def _matched(distance_radii: float, every: int) -> tuple[NDArray[np.intp], FloatArray]:
    """Every so many of the cells of the disc that are matched, as flat indices, and their directions (N, 3)."""
    directions = disc_to_sphere(disc_grid(TEXTURE_SIZE).reshape(-1, 2), distance_radii)
    cells = np.flatnonzero(-directions[:, 2] > cos(radians(MATCHED_TILT_DEG)))
    cells = cells[::every]
    return cells, directions[cells]


def _match(
    textures: _Textures, one: int, other: int, start: Matrix, begun: Matrix, turn: Turn
) -> tuple[Matrix, Matrix]:
    """The correction d (3,) in view `other`, rotation = exp(d) start, and its information (3, 3), both in rad."""
    sigma = radians(hypot(max(turn.step_sigma_deg, turn.axis_sigma_deg), turn.slip_sigma_deg))
    prior = np.eye(3) / sigma**2
    moved, information = begun.copy(), np.zeros((3, 3))
    for (smooth, slope_x, slope_y), steps, every in zip(textures.levels, STEPS, EVERY, strict=True):
        cells, directions = _matched(turn.distance_radii, every)
        here = smooth[one].reshape(-1, CHANNELS)[cells]
        for _ in range(steps):
            there = directions @ (rotation_of(moved) @ start).T.astype(np.float32)
            seen = -there[:, 2] > np.float32(cos(radians(MATCHED_TILT_DEG)))
            there = there[seen]
            if len(there) * every < 3 * ALIKE_CELLS:
                return np.zeros(3), np.zeros((3, 3))
            places = (sphere_to_disc(there, turn.distance_radii) + 1) * np.float32(
                TEXTURE_SIZE / 2
            ) - np.float32(0.5)
            column, row = places[:, None, 0], places[:, None, 1]
            value, along_x, along_y = (
                cv2.remap(part[other], column, row, cv2.INTER_LINEAR)[:, 0]
                for part in (smooth, slope_x, slope_y)
            )
            difference = here[seen] - value
            scale = np.maximum(1.25 * np.abs(difference).mean(axis=0), np.float32(LEAST_SPREAD))
            x, y, z = (there[:, axis, None] for axis in range(3))
            by_turn = np.stack([-along_y * z, along_x * z, along_y * x - along_x * y], axis=-1)
            by_turn *= np.float32(TEXTURE_SIZE / 2)
            weight = -z / np.square(scale) / np.square(1 + np.square(difference / (3 * scale)))
            slopes = by_turn.reshape(-1, 3)
            weighed = slopes * weight.reshape(-1, 1)
            information = (weighed.T @ slopes).astype(np.float64) * (every / ALIKE_CELLS)
            pull = (weighed.T @ difference.reshape(-1)).astype(np.float64) * (every / ALIKE_CELLS)
            step = np.linalg.solve(information + prior, pull - prior @ (moved - begun))
            moved = moved + np.clip(step, -2 * sigma, 2 * sigma)
    if not information.any():
        return moved, information
    spread = np.linalg.inv(information + 1e-6 * np.eye(3)) + np.eye(3) * radians(BODY_SIGMA_DEG) ** 2
    return moved, np.asarray(np.linalg.inv(spread), np.float64)
