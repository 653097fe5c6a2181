"""Which views of a turning melon show its long axis at its length: in the others it points out of the picture."""

from __future__ import annotations

from collections.abc import Sequence

from grader.size import ELONGATED_MELON
from grader.types import SizeMeasurement

MANY_LENGTHS = 6
"""From this many views with a length on, two of them have to show the longest. Our choice, as `MANY_VIEWS`."""
SHOWN_WITHIN = 0.01
"""An axis that is shown this share shorter than at the longest still lies in the picture. Chosen on 60 simulated melons
(docs/decisions/0039): 0.01 gives an error of 1.1 mm, 0.02 1.3 mm and 0.03 1.7 mm (RMSE)."""
LONGER_BY = 0.05
"""A view that shows it longer than the second longest by more than this is in error. Our choice."""


def long_axis_views(sizes: Sequence[SizeMeasurement]) -> tuple[SizeMeasurement, ...]:
    """The views to take the length, the shape, the volume and the weight of a melon from; in the order given.

    Whatever axis in the picture a fruit turns about, in a whole turn its long axis comes to lie in the picture twice; a
    view between shows it shorter. So the length is the longest that is shown, and the views that count are those that
    show it to `SHOWN_WITHIN`. They are compared by their shape index, so no scale is needed.

    All views, where none has a length, or the longest is that of a round melon (`ELONGATED_MELON`): there the widths
    are those of an uneven ball, and the mean of all errs less.
    """
    shapes = sorted((size.shape_index for size in sizes if size.shape_index is not None), reverse=True)
    if not shapes:
        return tuple(sizes)
    longest = shapes[1] if len(shapes) >= MANY_LENGTHS else shapes[0]
    if longest < ELONGATED_MELON:
        return tuple(sizes)
    low, high = longest * (1 - SHOWN_WITHIN), longest * (1 + LONGER_BY)
    return tuple(size for size in sizes if size.shape_index is not None and low <= size.shape_index <= high)
