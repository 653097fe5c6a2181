"""Decision -> outlet, and the encoder count at which the fruit is there. Pure.

A fruit is at an outlet `counts` after its trigger, whatever the belt's speed: so ejections are told in counts, never in
time. What was not judged, or too late, or for an outlet that this line does not have, recirculates.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grader.types import UNGRADED
from service.line.line_config import LineConfig
from service.line.protocol import Decision, FruitId


class Recirculated(StrEnum):
    """Why a judged or unjudged fruit goes round again; `assembly.Cause` has the further ones."""

    NO_VIEW = "no_view"
    NO_FRUIT = "no_fruit"
    UNGRADED = "ungraded"
    TOO_FEW_VIEWS = "too_few_views"
    NO_ROUTE = "no_route"
    OVERLOAD = "overload"
    WORKER_LOST = "worker_lost"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the grader says of one fruit.

    table_outlet: outlet that the SKU table names. diameter_mm: equatorial, None without a scale. view_count: views
    that showed the fruit. record: the whole record, schema `fruit/1`.
    """

    grade_class: str
    sku: str
    table_outlet: str
    diameter_mm: float | None
    standard_id: str
    model_id: str
    view_count: int
    record: dict[str, object]


def decide_outlet(
    verdict: Verdict, line: LineConfig, *, lane: int, fruit_id: FruitId, trigger: int
) -> Decision:
    """The decision on a fruit that was judged in time. trigger: its position on the belt, in counts."""
    reason: str | None = None
    route = next(
        (
            route.outlet
            for route in line.routes
            if route.matches(
                lane=lane,
                sku=verdict.sku,
                table_outlet=verdict.table_outlet,
                diameter_mm=verdict.diameter_mm,
            )
        ),
        verdict.table_outlet,
    )
    if verdict.view_count < line.min_views:
        reason = Recirculated.TOO_FEW_VIEWS
    elif verdict.grade_class == UNGRADED:
        reason = Recirculated.UNGRADED
    elif line.outlet(route) is None:
        reason = Recirculated.NO_ROUTE
    outlet = line.recirculate if reason is not None else route
    return Decision(
        fruit_id=fruit_id,
        lane=lane,
        outlet=outlet,
        sku=verdict.sku,
        grade_class=verdict.grade_class,
        eject_at_encoder=eject_at(line, outlet, trigger),
        late=False,
        reason=reason,
        model_id=verdict.model_id,
        standard_id=verdict.standard_id,
        view_count=verdict.view_count,
    )


def recirculate(
    line: LineConfig, *, lane: int, fruit_id: FruitId, trigger: int | None, reason: str, late: bool
) -> Decision:
    """The decision on a fruit that was not judged. trigger: None where its place is not known any more."""
    return Decision(
        fruit_id=fruit_id,
        lane=lane,
        outlet=line.recirculate,
        sku=None,
        grade_class=None,
        eject_at_encoder=None if trigger is None else eject_at(line, line.recirculate, trigger),
        late=late,
        reason=reason,
    )


def eject_at(line: LineConfig, outlet: str, trigger: int) -> int:
    """The raw count, 0 to modulus - 1, at which a fruit is at `outlet`. Raises KeyError for an unknown outlet."""
    found = line.outlet(outlet)
    if found is None:
        raise KeyError(outlet)
    return (trigger + found.counts) % line.encoder.modulus
