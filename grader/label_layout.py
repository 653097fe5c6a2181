"""Where the labels of a picture go: beside what they speak of, off the fruit where there is room, never on another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from grader.types import BoolArray, Box

MAP_SIDE_PX = 360  # covering is judged on a map of about this size
PLACES_PER_SIDE = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCost:
    """What covering costs. away: per reach of the label (half its diagonal). The rest: per share of the label."""

    own_fruit: float
    other_fruit: float
    defect: float
    beside: float
    away: float = 1.0


FRUIT_LABEL_COST = LabelCost(own_fruit=3.0, other_fruit=9.0, defect=14.0, beside=0.0)
DEFECT_LABEL_COST = LabelCost(own_fruit=0.3, other_fruit=7.0, defect=12.0, beside=2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLabel:
    """box: of the label in px of the picture. cost: how bad the place is, 0 is best, below 1 is good.

    fits: it overlaps no other label.
    """

    box: Box
    cost: float
    fits: bool


class LabelLayout:
    """Places labels one after another; each knows those before."""

    def __init__(self, fruit: NDArray[np.int32], precious: BoolArray) -> None:
        """fruit: int32 (H, W), number of the fruit from 1 up, 0 elsewhere. precious: bool (H, W), defects."""
        self._hw = fruit.shape
        self._shrink = max(1.0, max(fruit.shape) / MAP_SIDE_PX)
        self._fruit = self._small(fruit, cv2.INTER_NEAREST)
        self._fruit_sum = _sum_table(self._fruit > 0)
        self._precious_sum = _sum_table(self._small(precious.astype(np.float32), cv2.INTER_AREA))
        self._taken: list[Box] = []

    def place(
        self, size_wh: tuple[int, int], beside: Box, *, fruit_number: int, gap_px: int, costs: LabelCost
    ) -> PlacedLabel:
        """The best place for a label of this size.

        Args:
            beside: what it speaks of. fruit_number: the fruit it belongs to, as in the map of the fruit.
            gap_px: distance kept to it and to other labels.
        """
        width, height = size_wh
        near_x = (beside[0] - width - gap_px, beside[0], beside[2] - width, beside[2] + gap_px)
        near_y = (beside[1] - height - gap_px, beside[1], beside[3] - height, beside[3] + gap_px)
        xs = _steps(self._hw[1] - width, near_x)
        ys = _steps(self._hw[0] - height, near_y)
        x, y = (axis.ravel() for axis in np.meshgrid(xs, ys))
        own_sum = _sum_table(self._fruit == fruit_number)
        on_own = self._covered(own_sum, x, y, size_wh)
        on_others = self._covered(self._fruit_sum, x, y, size_wh) - on_own
        on_precious = self._covered(self._precious_sum, x, y, size_wh)
        gap_x = np.maximum(np.maximum(beside[0] - (x + width), x - beside[2]) - gap_px, 0)
        gap_y = np.maximum(np.maximum(beside[1] - (y + height), y - beside[3]) - gap_px, 0)
        middle_x = x + width / 2 - (beside[0] + beside[2]) / 2
        middle_y = y + height / 2 - (beside[1] + beside[3]) / 2
        reach = max(30.0, 0.5 * float(np.hypot(width, height)))
        cost = costs.away * (np.hypot(gap_x, gap_y) + 0.15 * np.hypot(middle_x, middle_y)) / reach
        cost += costs.own_fruit * on_own + costs.other_fruit * on_others + costs.defect * on_precious
        cost += costs.beside * _overlap(x, y, size_wh, beside) / (width * height)
        clash = np.zeros(len(x))
        half = gap_px // 2
        for other in self._taken:
            wider = (other[0] - half, other[1] - half, other[2] + half, other[3] + half)
            clash += _overlap(x, y, size_wh, wider) / (width * height)
        best = int(np.argmin(cost + 1000.0 * clash))
        left, top = int(x[best]), int(y[best])
        return PlacedLabel(
            box=(left, top, left + width, top + height), cost=float(cost[best]), fits=bool(clash[best] == 0)
        )

    def take(self, box: Box) -> None:
        """Mark a place as used."""
        self._taken.append(box)

    def _small(self, array: NDArray[np.generic], method: int) -> NDArray[np.float32]:
        small_wh = [max(1, round(side / self._shrink)) for side in self._hw[::-1]]
        return np.asarray(cv2.resize(array.astype(np.float32), small_wh, interpolation=method), np.float32)

    def _covered(
        self, table: NDArray[np.float64], x: NDArray[np.int64], y: NDArray[np.int64], size_wh: tuple[int, int]
    ) -> NDArray[np.float64]:
        """Share of a label at each place that lies on the mask, 0-1."""
        rows, columns = table.shape
        x0, x1 = (
            np.clip(np.round(v / self._shrink), 0, columns - 1).astype(int) for v in (x, x + size_wh[0])
        )
        y0, y1 = (np.clip(np.round(v / self._shrink), 0, rows - 1).astype(int) for v in (y, y + size_wh[1]))
        total = table[y1, x1] - table[y0, x1] - table[y1, x0] + table[y0, x0]
        return np.asarray(total / np.maximum(1, (x1 - x0) * (y1 - y0)))


def _sum_table(where: NDArray[np.bool_] | NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(cv2.integral(where.astype(np.float32)), np.float64)


def _steps(last: int, extra: tuple[int, ...]) -> NDArray[np.int64]:
    """Places from 0 to last, and the extra ones that lie between."""
    last = max(0, last)
    regular = np.linspace(0, last, min(PLACES_PER_SIDE, last + 1))
    wanted = [place for place in extra if 0 <= place <= last]
    return np.unique(np.concatenate([regular, wanted]).round().astype(np.int64))


def _overlap(
    x: NDArray[np.int64], y: NDArray[np.int64], size_wh: tuple[int, int], box: Box
) -> NDArray[np.float64]:
    wide = np.minimum(x + size_wh[0], box[2]) - np.maximum(x, box[0])
    tall = np.minimum(y + size_wh[1], box[3]) - np.maximum(y, box[1])
    return np.asarray(np.maximum(wide, 0) * np.maximum(tall, 0), np.float64)
