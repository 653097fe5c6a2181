"""A grader with a perfect network: simulated fruit measured by their true masks. What errs then is the geometry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.grade import decide_grade
from grader.join_views import MeasuredView, join_views
from grader.pipeline import measure_fruit
from grader.rounding import rounded_measurement
from grader.rules import Standard
from grader.scale import Scale
from grader.surface import map_skin
from grader.turn import Rollers
from grader.types import Crop, FruitMeasurement, FruitView, GradeDecision
from grader.view_surface import view_surface
from training.simulator import Rendered
from training.simulator_suite import only_fruit

MARGIN_PX = 6
SURE = 0.95
"""Confidence of every true pixel."""


def true_view(picture: Rendered) -> FruitView:
    """The one fruit of a picture as a network that errs nowhere would hand it over."""
    fruit = only_fruit(picture)
    mask = picture.instance == fruit["instance"]
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    height, width = mask.shape
    y0, y1 = max(0, int(rows[0]) - MARGIN_PX), min(height, int(rows[-1]) + 1 + MARGIN_PX)
    x0, x1 = max(0, int(columns[0]) - MARGIN_PX), min(width, int(columns[-1]) + 1 + MARGIN_PX)
    inside = (slice(y0, y1), slice(x0, x1))
    return FruitView(
        frame_id=f"simulated {picture.truth['seed']}",
        fruit_index=0,
        crop=Crop(fruit["crop"]),
        crop_confidence=1.0,
        rgb=picture.rgb[inside].copy(),
        mask=mask[inside].copy(),
        surface=np.where(mask, picture.surface, 0)[inside].astype(np.uint8),
        confidence=np.full((y1 - y0, x1 - x0), SURE, np.float32),
        net_cover=picture.net_cover[inside].copy(),
        box_xyxy_px=(x0, y0, x1, y1),
        frame_hw=(height, width),
        touches_edge=bool(fruit["touches_edge"]),
        touches_fruit=False,
    )


def measure_true(pictures: Sequence[Rendered], mm_per_px: float, rollers: Rollers | None) -> FruitMeasurement:
    """All views of one simulated fruit as one measurement. Raises ValueError: no picture."""
    return join_views(
        [true_measured(picture, mm_per_px, rollers, number) for number, picture in enumerate(pictures)]
    )


def true_measured(picture: Rendered, mm_per_px: float, rollers: Rollers | None, number: int) -> MeasuredView:
    """One view, measured."""
    view, scale = true_view(picture), Scale(mm_per_px=mm_per_px)
    skin = map_skin(view)
    measurement = measure_fruit(
        view, scale=scale, colour_matrix=None, variety=None, model_id="true masks", skin=skin
    )
    return MeasuredView(
        measurement=measurement, surface=view_surface(view, skin, scale), travel=number, rollers=rollers
    )


def decide_true(measurement: FruitMeasurement, standard: Standard) -> GradeDecision:
    """The class of a measurement, rounded as every record is."""
    return decide_grade(rounded_measurement(measurement), standard)
