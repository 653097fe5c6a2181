"""Fruit coming down the outlets -> cartons, by count or net weight. Every fruit goes into exactly one carton.

A carton holds one SKU of one outlet. It is closed when it is full, or underfilled when the lot is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isnan

from grader.fruit_columns import FruitColumns
from grader.rules import Measure, Standard
from grader.simulate import Regraded
from grader.sku_table import Pack
from grader.uniformity import SizeSpread, judge_spread


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedFruit:
    """A fruit that is to be packed. pack: key of its kind of carton. Sizes are None where they were not measured."""

    fruit_id: int
    sku: str
    outlet: str
    pack: str
    grade_class: str
    diameter_mm: float | None = None
    weight_g: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Carton:
    """A closed carton. number: from 1, in the order of closing. net_weight_g: sum of its fruit's weights.

    unweighed: fruit without a weight; they count in net_weight_g with the pack's `fruit_weight_g`, or not at all where
    the pack has none. full: False for the last carton of its SKU when the lot was closed.
    """

    number: int
    sku: str
    outlet: str
    pack: Pack
    fruit: tuple[PackedFruit, ...]
    net_weight_g: float
    unweighed: int
    full: bool


class CartonFiller:
    """The cartons that stand open at the outlets."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        self._packs = {pack.key: pack for pack in packs}
        self._open: dict[tuple[str, str, str], _Open] = {}
        self._closed = 0

    def put(self, fruit: PackedFruit) -> Carton | None:
        """Lay a fruit into the open carton of its outlet and SKU; the carton, if it is full now.

        Raises:
            ValueError: the fruit's pack is not known.
        """
        if fruit.pack not in self._packs:
            known = ", ".join(self._packs) or "none"
            raise ValueError(
                f"pack: expected one of {known}, got {fruit.pack!r} (fruit {fruit.fruit_id}, {fruit.sku})"
            )
        key = (fruit.outlet, fruit.sku, fruit.pack)
        pack = self._packs[fruit.pack]
        inside = self._open.setdefault(key, _Open(pack))
        inside.put(fruit)
        if not inside.is_full:
            return None
        del self._open[key]
        return self._close(inside, full=True)

    def close_lot(self) -> tuple[Carton, ...]:
        """Close what stands open, in the order of opening; the filler is empty afterwards."""
        left, self._open = self._open, {}
        return tuple(self._close(inside, full=False) for inside in left.values())

    def _close(self, inside: _Open, *, full: bool) -> Carton:
        self._closed += 1
        first = inside.fruit[0]
        return Carton(
            number=self._closed,
            sku=first.sku,
            outlet=first.outlet,
            pack=inside.pack,
            fruit=tuple(inside.fruit),
            net_weight_g=inside.net_weight_g,
            unweighed=sum(fruit.weight_g is None for fruit in inside.fruit),
            full=full,
        )


class _Open:
    """A carton that stands open."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.fruit: list[PackedFruit] = []
        self.net_weight_g = 0.0

    def put(self, fruit: PackedFruit) -> None:
        self.fruit.append(fruit)
        stand_in = self.pack.fruit_weight_g or 0.0
        self.net_weight_g += stand_in if fruit.weight_g is None else fruit.weight_g

    @property
    def is_full(self) -> bool:
        if self.pack.count is not None:
            return len(self.fruit) >= self.pack.count
        assert self.pack.net_weight_g is not None
        return self.net_weight_g >= self.pack.net_weight_g


def plan_cartons(fruit: Iterable[PackedFruit], packs: Iterable[Pack]) -> tuple[Carton, ...]:
    """All cartons of a lot, the underfilled last ones too. Raises ValueError as `CartonFiller.put`."""
    filler = CartonFiller(packs)
    full = [carton for one in fruit if (carton := filler.put(one)) is not None]
    return (*full, *filler.close_lot())


def fruit_to_pack(columns: FruitColumns, regraded: Regraded) -> Iterator[PackedFruit]:
    """The rows that are packed, in order; fruit_id is the row. Rows whose rule names no pack are left out."""
    kinds, classes = regraded.skus.kinds, regraded.grades.class_names
    rows = zip(
        regraded.skus.sku_index.tolist(),
        regraded.grades.class_index.tolist(),
        columns.diameter_mm[:, 0].tolist(),
        columns.weight_g[:, 0].tolist(),
        strict=True,
    )
    for row, (sku, grade, diameter, weight) in enumerate(rows):
        kind = kinds[sku]
        if kind.pack is not None:
            yield PackedFruit(
                fruit_id=row,
                sku=kind.code,
                outlet=kind.outlet,
                pack=kind.pack,
                grade_class=classes[grade],
                diameter_mm=None if isnan(diameter) else diameter,
                weight_g=None if isnan(weight) else weight,
            )


def judge_carton(carton: Carton, standard: Standard, measure: Measure) -> SizeSpread:
    """Size uniformity of a carton, as the worst class in it. measure: equatorial diameter or weight.

    Raises:
        ValueError: another measure.
    """
    by: Mapping[Measure, list[float | None]] = {
        Measure.EQUATORIAL_DIAMETER_MM: [fruit.diameter_mm for fruit in carton.fruit],
        Measure.WEIGHT_G: [fruit.weight_g for fruit in carton.fruit],
    }
    if measure not in by:
        raise ValueError(f"measure: expected one of {', '.join(by)}, got {measure}")
    there = {fruit.grade_class for fruit in carton.fruit}
    worst = next((one for one in reversed(standard.class_ids) if one in there), min(there))
    return judge_spread(by[measure], measure, worst, carton.pack.arrangement, standard)
