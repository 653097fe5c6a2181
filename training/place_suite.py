"""Where on sound fruit the grader sees defects that are not there: stem, calyx, glare, rim, net, or elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.colour import CLIPPED_LEVEL, GLARE_LIGHTNESS, GLARE_MAX_CHROMA, RING_RELATIVE_RADIUS, rgb_to_lab
from grader.pipeline import GradedFrame, GradeOptions
from grader.types import BoolArray, Crop, Frame, SurfaceClass
from training.blemishes import FOUND_SHARE, Blemish
from training.frame_grader import FrameGrader
from training.melon_suite import MELON_MM_PER_PX, draw_melon
from training.simulator import Rendered
from training.simulator.generate import FIRST_HELD_OUT_SEED
from training.simulator_suite import (
    MM_PER_PX,
    called_blemishes,
    draw_apple,
    mean,
    only_fruit,
    simulated_pictures,
)
from training.statistics import Figure, bootstrap
from training.worst_cases import WorstCases

FIRST_PLACE_SEED = {
    Crop.APPLE: FIRST_HELD_OUT_SEED + 70_000_000,
    Crop.MELON: FIRST_HELD_OUT_SEED + 80_000_000,
}
SCALE_MM_PER_PX = {Crop.APPLE: MM_PER_PX, Crop.MELON: MELON_MM_PER_PX}
NET_FROM = 0.3
"""Skin counts as net where this share of its surroundings is net. Our choice."""
ELSEWHERE = "elsewhere"
PLACES = {
    Crop.APPLE: ("stem", "calyx", "glare", "rim", ELSEWHERE),
    Crop.MELON: ("stem", "calyx", "glare", "rim", "net", ELSEWHERE),
}
"""Asked in this order: a false defect belongs to the first place that holds a quarter of its pixels."""


def draw_sound(crop: Crop, seed: int) -> Rendered:
    """One random sound fruit from one side, at the scale of its crop."""
    return draw_apple(seed, True) if crop is Crop.APPLE else draw_melon(seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Accused:
    """Number of false defects by place on one fruit."""

    crop: Crop
    by_place: dict[str, int]


class PlaceSuite:
    """Runs the grader over `count` simulated sound apples and as many sound melons, one view each.

    draw: (crop, seed) -> the picture of one sound fruit.
    """

    def __init__(
        self,
        grader: FrameGrader,
        count: int,
        draw: Callable[[Crop, int], Rendered] = draw_sound,
        worst: WorstCases | None = None,
    ) -> None:
        self.grader, self.count, self.draw = grader, count, draw
        self.worst = worst or WorstCases()

    def figures(self) -> Iterator[Figure]:
        """False defects per sound fruit, by place, of each crop and of both. A fruit not found is not accused."""
        fruit = [self._accused(crop, number) for crop in Crop for number in range(self.count)]
        for crop in Crop:
            yield from _by_place(
                f"sim_false_defects_{crop}", PLACES[crop], [one for one in fruit if one.crop is crop]
            )
        yield from _by_place("sim_false_defects", PLACES[Crop.MELON], fruit)

    def _accused(self, crop: Crop, number: int) -> _Accused:
        seed, scale = FIRST_PLACE_SEED[crop] + number, SCALE_MM_PER_PX[crop]
        picture = self.draw(crop, seed)
        frame = Frame(frame_id=f"simulated {seed}", rgb=picture.rgb)
        graded = self.grader.grade_frame(frame, GradeOptions(mm_per_px=scale))
        where = places(picture, crop)
        by_place = dict.fromkeys(PLACES[crop], 0)
        for blemish in called_blemishes(graded, scale):
            place = place_of(blemish, where)
            by_place[place] += 1
            self._offer(crop, place, blemish, picture, graded)
        return _Accused(crop=crop, by_place=by_place)

    def _offer(
        self, crop: Crop, place: str, blemish: Blemish, picture: Rendered, graded: GradedFrame
    ) -> None:
        self.worst.offer(
            f"sim_false_defects_{crop}",
            graded.frame.frame_id,
            blemish.area_mm2,
            {"place": place, "kind": str(blemish.kind), "area_mm2": blemish.area_mm2},
            lambda: simulated_pictures(picture, graded, blemish.where),
        )


def places(picture: Rendered, crop: Crop) -> dict[str, BoolArray]:
    """Where each place of the one fruit of a picture is, bool (H, W), in the order in which they are asked.

    Stem, calyx and net are the truth of the simulator. Glare is what `grader/colour.py` leaves out as glare. The rim
    is the skin within 7 % of the radius from the true outline, which that file calls the outer ring.
    """
    fruit: BoolArray = picture.instance == only_fruit(picture)["instance"]
    inward = cv2.distanceTransform(np.pad(fruit, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    radius = float(np.sqrt(np.count_nonzero(fruit) / np.pi))
    known = {
        "stem": picture.surface == SurfaceClass.STEM,
        "calyx": picture.surface == SurfaceClass.CALYX,
        "glare": _glare(picture.rgb) & fruit,
        "rim": fruit & (inward < (1 - RING_RELATIVE_RADIUS) * radius),
        "net": picture.net_cover >= NET_FROM,
    }
    return {name: known[name] for name in PLACES[crop] if name != ELSEWHERE}


def place_of(blemish: Blemish, where: dict[str, BoolArray]) -> str:
    """The first place that holds a quarter of the pixels of a blemish, else `elsewhere`."""
    wanted = FOUND_SHARE * np.count_nonzero(blemish.where)
    return next(
        (name for name, place in where.items() if np.count_nonzero(blemish.where & place) >= wanted),
        ELSEWHERE,
    )


def _glare(rgb: NDArray[np.uint8]) -> BoolArray:
    lab = rgb_to_lab(rgb)
    grey = lab[..., 1] ** 2 + lab[..., 2] ** 2 < GLARE_MAX_CHROMA**2
    return np.asarray(
        ((lab[..., 0] > GLARE_LIGHTNESS) & grey) | (rgb >= CLIPPED_LEVEL).all(axis=-1), np.bool_
    )


def _by_place(name: str, wanted: tuple[str, ...], fruit: list[_Accused]) -> Iterator[Figure]:
    for place in wanted:
        rows = [[(float(one.by_place.get(place, 0)),)] for one in fruit]
        yield bootstrap(f"{name}_{place}", rows, mean, "per sound fruit")
    yield bootstrap(name, [[(float(sum(one.by_place.values())),)] for one in fruit], mean, "per sound fruit")
