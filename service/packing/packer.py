"""Fruit of a lot that came down the outlets -> cartons, by the SKU table that judged them. No state of its own.

What is in no carton yet is asked of the database, in the order it came: after a crash the same fruit make the same
cartons. A fruit counts as what it is decided to be when its carton is closed, and stays in that carton.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from math import ceil, floor

from grader.carton_plan import Carton, CartonFiller, PackedFruit
from grader.rules import Standard
from service.errors import ConflictError
from service.judging_rules import JudgingRules
from service.packing.carton_kinds import CartonKind, carton_kinds, told_apart
from service.store.lot_store import OPEN, LotStore, StoredLot
from service.store.packing_counts import LooseFruits
from service.store.packing_store import LooseFruit, NewCarton, PackingStore

AT_ONCE = 500
"""Cartons in one transaction: fruit that come meanwhile wait for it."""


class Packer:
    """Packs lots. Any thread may call it; of two that pack a lot at once one waits for the other."""

    def __init__(self, lots: LotStore, cartons: PackingStore, rules: JudgingRules) -> None:
        self._lots, self._cartons, self._rules = lots, cartons, rules

    def pack(self, lot_id: int, *, rest: bool = False, at: datetime) -> tuple[str, ...]:
        """Close the cartons of a lot that are full; codes of the new ones. rest: of a closed lot also the others.

        Raises:
            NotFoundError: no such lot. ConflictError: rest of a lot that is open. UnknownVersionError: a SKU table or a
                standard that judged its fruit is not here. StorageError. Cartons that were stored before it stay.
        """
        lot = self._lots.lot(lot_id)
        if rest and lot.state == OPEN:
            raise ConflictError(
                f"lot {lot.code}: expected a closed lot, it is open: its last cartons still fill"
            )
        codes: list[str] = []
        more = self._has_full_one(lot)  # else nothing is written, and nobody kept waiting
        while more:
            some = self._cartons.pack(
                lot_id, lambda loose: islice(self._plan(lot, loose, rest=False), AT_ONCE)
            )
            codes += some
            more = len(some) == AT_ONCE
        if rest:
            codes += self._cartons.pack(lot_id, lambda loose: self._plan(lot, loose, rest=True), finish=at)
        return tuple(codes)

    def are_packed(self, lot_id: int, loose: Sequence[LooseFruits]) -> tuple[bool, ...]:
        """Whether these fruit of a lot go into cartons. Raises as `pack`."""
        kinds = self._kinds(self._lots.lot(lot_id), loose)
        return tuple(one.sku_code in kinds[one.judge_id] for one in loose)

    def _has_full_one(self, lot: StoredLot) -> bool:
        return next(self._plan(lot, self._cartons.loose(lot.lot_id), rest=False), None) is not None

    def _kinds(
        self, lot: StoredLot, loose: Sequence[LooseFruit] | Sequence[LooseFruits]
    ) -> Mapping[int, Mapping[str, CartonKind]]:
        judges = self._cartons.judges({one.judge_id for one in loose})
        classes = frozenset(one.grade_class for one in loose)
        return {
            number: carton_kinds(self._rules.table(judge), lot.crop, classes)
            for number, judge in judges.items()
        }

    def _plan(self, lot: StoredLot, loose: Sequence[LooseFruit], *, rest: bool) -> Iterator[NewCarton]:
        kinds, packs = told_apart(self._kinds(lot, loose))
        standards = {
            number: self._rules.standard(judge)
            for number, judge in self._cartons.judges(kinds).items()
            if kinds[number]
        }
        filler = CartonFiller(packs)
        for place, one in enumerate(loose):
            kind = kinds[one.judge_id].get(one.sku_code)
            if kind is None:
                continue
            full = filler.put(_packed(place, one, kind))
            if full is not None:
                yield _new_carton(full, loose, standards)
        if rest:
            for carton in filler.close_lot():
                yield _new_carton(carton, loose, standards)


def _packed(place: int, fruit: LooseFruit, kind: CartonKind) -> PackedFruit:
    return PackedFruit(
        fruit_id=place,
        sku=fruit.sku_code,
        outlet=kind.outlet,
        pack=kind.pack.key,
        grade_class=fruit.grade_class,
        diameter_mm=fruit.diameter_mm,
        weight_g=fruit.weight_g,
    )


def _new_carton(carton: Carton, loose: Sequence[LooseFruit], standards: Mapping[int, Standard]) -> NewCarton:
    inside = tuple(loose[one.fruit_id] for one in carton.fruit)
    known = carton.net_weight_g > 0 and (not carton.unweighed or carton.pack.fruit_weight_g is not None)
    return NewCarton(
        sku_code=carton.sku,
        outlet=carton.outlet,
        pack=carton.pack.key,
        arrangement=carton.pack.arrangement,
        grade_class=_worst_class(inside, standards[inside[0].judge_id]),
        size=_size(inside),
        full_pack=carton.full,
        unweighed=carton.unweighed,
        net_weight_g=carton.net_weight_g if known else None,
        packed_at=max(one.decided_at for one in inside),
        fruit=inside,
    )


def _worst_class(fruit: Sequence[LooseFruit], standard: Standard) -> str:
    """The worst class; one that the standard does not know (reject, or another standard's) is worse than any."""
    order = {class_id: place for place, class_id in enumerate(standard.class_ids)}
    return max(
        (one.grade_class for one in fruit),
        key=lambda grade_class: (order.get(grade_class, len(order)), grade_class),
    )


def _size(fruit: Sequence[LooseFruit]) -> str | None:
    """The size codes, smallest fruit first; without any the diameters; None without those."""
    by_size = sorted(fruit, key=lambda one: (one.diameter_mm or 0.0, one.weight_g or 0.0))
    codes = dict.fromkeys(one.size_code for one in by_size if one.size_code is not None)
    if codes:
        return ", ".join(codes)
    sizes = [one.diameter_mm for one in fruit if one.diameter_mm is not None]
    return f"{floor(min(sizes))}-{ceil(max(sizes))} mm" if sizes else None
