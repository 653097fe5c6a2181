"""False defects by place, computed by hand for painted fruit."""

from __future__ import annotations

import numpy as np
import pytest

from grader.pipeline import GradedFrame, GradeOptions
from grader.types import Crop, DefectKind, Frame, Interval, SurfaceClass
from tests.training.test_simulator_suite import graded
from training.blemishes import Blemish
from training.place_suite import (
    FIRST_PLACE_SEED,
    PLACES,
    SCALE_MM_PER_PX,
    PlaceSuite,
    draw_sound,
    place_of,
    places,
)
from training.simulator import Rendered
from training.worst_cases import WorstCases

HW = (120, 120)
ROWS, COLS = np.mgrid[:120, :120]
FRUIT = np.hypot(ROWS - 60, COLS - 60) < 50
SPOTS = {  # row and column of a square of 6 px
    "stem": (30, 60),
    "calyx": (90, 60),
    "glare": (50, 40),
    "rim": (57, 11),
    "net": (80, 80),
    "elsewhere": (60, 70),
}


def square(place: str) -> tuple[slice, slice]:
    row, col = SPOTS[place]
    return slice(row, row + 6), slice(col, col + 6)


def paint(crop: Crop, seed: int) -> Rendered:
    """A round fruit with a stem, a calyx, glare and, on melons, some net."""
    rgb = np.full((*HW, 3), (150, 40, 40), np.uint8)
    rgb[square("glare")] = 255
    surface = FRUIT.astype(np.uint8)
    surface[square("stem")], surface[square("calyx")] = SurfaceClass.STEM, SurfaceClass.CALYX
    net = np.zeros(HW, np.float32)
    if crop is Crop.MELON:
        net[square("net")] = 0.5
    return Rendered(
        rgb=rgb,
        surface=surface,
        instance=FRUIT.astype(np.uint8),
        crop=FRUIT.astype(np.uint8),
        net_cover=net,
        truth={"fruits": [{"instance": 1}]},
    )


class Accuser:
    """Accuses an apple at the stem and elsewhere, then at the rim, a melon at the net; misses the third of each."""

    CALLED = (("stem", "elsewhere"), ("rim",), None, ("net", "glare", "calyx"))

    def __init__(self) -> None:
        self.scales: list[float | None] = []

    def grade_frame(self, frame: Frame, options: GradeOptions) -> GradedFrame:
        """The answer follows from the number in the name of the frame."""
        self.scales.append(options.mm_per_px)
        spots = self.CALLED[int(frame.frame_id.split()[1]) % 1000]
        if spots is None:
            return GradedFrame(frame=frame, views=(), records=(), notes=("no_fruit",))
        surface = np.ones(HW, np.uint8)
        for place in spots:
            surface[square(place)] = SurfaceClass.SCAB
        diameter = Interval(value=80, low=79, high=81)
        return graded(frame, FRUIT, surface, diameter=diameter, blush=0.0, area_mm2=0.0)


def test_figures_of_accused_fruit() -> None:
    accuser, worst = Accuser(), WorstCases(2)
    suite = PlaceSuite(accuser, 4, paint, worst)
    figures = {f.name: (pytest.approx(f.value), f.n) for f in suite.figures()}
    of_apples = {
        "stem": 0.25,
        "calyx": 0.25,
        "glare": 0.25,
        "rim": 0.25,
        "elsewhere": 0.5,  # an apple has no net: what is called there lies elsewhere
    }
    of_melons = {**of_apples, "net": 0.25, "elsewhere": 0.25}
    expected = {
        **{f"sim_false_defects_apple_{place}": (value, 4) for place, value in of_apples.items()},
        **{f"sim_false_defects_melon_{place}": (value, 4) for place, value in of_melons.items()},
        **{
            f"sim_false_defects_{place}": ((of_apples.get(place, 0.0) + value) / 2, 8)
            for place, value in of_melons.items()
        },
        "sim_false_defects_apple": (1.5, 4),
        "sim_false_defects_melon": (1.5, 4),
        "sim_false_defects": (1.5, 8),
    }
    assert figures == expected
    assert accuser.scales == [SCALE_MM_PER_PX[Crop.APPLE]] * 4 + [SCALE_MM_PER_PX[Crop.MELON]] * 4
    cases = worst.by_figure()
    assert set(cases) == {"sim_false_defects_apple", "sim_false_defects_melon"}
    assert cases["sim_false_defects_apple"][0].facts["kind"] == "scab"


def blemish(rows: slice, cols: slice) -> Blemish:
    where = np.zeros(HW, np.bool_)
    where[rows, cols] = True
    return Blemish(kind=DefectKind.SCAB, where=where, area_mm2=4.0)


def test_a_quarter_of_its_pixels_decides_the_place_and_the_stem_is_asked_first() -> None:
    where = places(paint(Crop.APPLE, 0), Crop.APPLE)
    assert tuple(where) == PLACES[Crop.APPLE][:-1]
    row, col = SPOTS["stem"]
    quarter = blemish(slice(row - 18, row + 6), slice(col, col + 6))
    less = blemish(slice(row - 19, row + 6), slice(col, col + 6))
    assert place_of(quarter, where) == "stem"
    assert place_of(less, where) != "stem"


@pytest.mark.parametrize("crop", list(Crop))
def test_drawn_fruit_are_sound_and_to_scale(crop: Crop) -> None:
    picture = draw_sound(crop, FIRST_PLACE_SEED[crop])
    (fruit,) = picture.truth["fruits"]  # type: ignore[misc]
    assert (fruit["crop"], fruit["defects"]) == (crop, [])
    assert fruit["mm_per_px"] == pytest.approx(SCALE_MM_PER_PX[crop], rel=0.01)
