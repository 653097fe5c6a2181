"""The cartons of a lot against the standard: size uniformity of each, tolerances of the lot."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, repeat

from grader.lot_tolerances import InspectedFruit, ToleranceResult, judge_lot
from grader.rules import Measure, Standard
from grader.sku_table import Arrangement
from grader.types import REJECT, UNGRADED
from grader.uniformity import SizeSpread, judge_spread
from service.store.packing_counts import CartonSizes, PackedAs
from service.store.packing_store import StoredCarton


def carton_spread(
    carton: StoredCarton, sizes: CartonSizes, standard: Standard, sized_by: Measure | None
) -> tuple[SizeSpread, ...]:
    """How different in size the fruit are. sized_by: what the size codes speak of, the only one that is judged then;

    None: all that the standard has rules for, or the diameter where it has none.
    """
    ends = {
        Measure.EQUATORIAL_DIAMETER_MM: (sizes.diameter_mm, sizes.unmeasured),
        Measure.WEIGHT_G: (sizes.weight_g, sizes.unweighed),
    }
    ruled = {rule.measure for rule in standard.uniformity} or {Measure.EQUATORIAL_DIAMETER_MM}
    if sized_by in ends:
        ruled = {sized_by}
    return tuple(
        judge_spread(
            [*(known or ()), *repeat(None, missing)],
            measure,
            carton.grade_class,
            Arrangement(carton.arrangement),
            standard,
        )
        for measure, (known, missing) in ends.items()
        if measure in ruled
    )


def lot_tolerances(packed: Sequence[PackedAs], standard: Standard) -> tuple[ToleranceResult, ...]:
    """Every packed fruit, claimed as it was packed, found as it is decided by now. Classes of the standard only."""
    known = {*standard.class_ids, REJECT, UNGRADED}
    inspected = chain.from_iterable(
        repeat(
            InspectedFruit(
                claimed=one.packed_class,
                found=one.grade_class,
                decayed=one.decayed,
                off_size=not one.same_size,
            ),
            one.fruit,
        )
        for one in packed
        if one.packed_class in standard.class_ids and one.grade_class in known
    )
    return judge_lot(inspected, standard)
