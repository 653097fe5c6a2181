"""Simulated apples with one defect of one kind, whose place, size and strength are drawn by seed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from grader.types import DefectKind
from training.simulator import DefectSpec, Rendered, render_views
from training.simulator_suite import MM_PER_PX

SIDE_PX = 320
LEAST_MM2, MOST_MM2 = 40.0, 900.0
"""Area on the skin; the least is also in sight in one view."""


def draw_one_defect(
    kind: DefectKind, first_seed: int, count: int, views: int = 1
) -> Iterator[list[Rendered]]:
    """The views of `count` apples of random varieties, `MM_PER_PX`, `SIDE_PX` square.

    Seeds that hide the defect from every view are passed over.
    """
    seed = first_seed
    while count:
        rng = np.random.default_rng(seed)
        x, y, z = rng.normal(size=3)
        area = float(np.exp(rng.uniform(np.log(LEAST_MM2), np.log(MOST_MM2))))
        severity = float(rng.uniform(0.4, 1))
        spec = DefectSpec(kind=kind, area_mm2=area, direction=(x, y, z), severity=severity, seed=seed)
        pictures = render_views(
            seed, views=views, size_hw=(SIDE_PX, SIDE_PX), mm_per_px=MM_PER_PX, defects=(spec,)
        )
        seed += 1
        seen = max((picture.surface == kind.surface_class).sum() for picture in pictures)
        if seen * MM_PER_PX**2 >= LEAST_MM2:
            count -= 1
            yield pictures
