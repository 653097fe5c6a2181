"""What a grower statement says of a lot: counts, weights, amounts and causes that add up. Pure: no words, no files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from grader.rules import Standard
from grader.types import REJECT, UNGRADED
from service.errors import StatementError
from service.statement.causes import Cause, LotRules, causes_of
from service.statement.prices import Prices, amount_of
from service.store.lot_reader import DecidedFruit
from service.store.lot_store import OPEN, StoredLot

GRAM = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """Fruit of one class. weight_kg: of the `weighed` fruit. per_kg, amount: None where the class has no price."""

    grade_class: str
    fruit: int
    fraction: float
    weighed: int
    weight_kg: Decimal
    per_kg: Decimal | None
    amount: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLine:
    """Fruit of one size code; None: without one."""

    size_code: str | None
    fruit: int
    fraction: float
    weighed: int
    weight_kg: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLine:
    """Fruit whose class was set by one cause. by_class: in the order of the classes of the statement."""

    cause: Cause
    fruit: int
    by_class: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A lot as its grower sees it.

    fruit: left for their outlet; it is the sum of `classes` and of `sizes`. Fruit below the best class are the sum of
    `causes`. again: went round again, by reason; they are counted when they come back. amount: of the priced classes;
    None without prices. provisional: the lot is open. rules: those that decided, each once.
    """

    lot: StoredLot
    made_at: datetime
    provisional: bool
    fruit: int
    weighed: int
    weight_kg: Decimal
    again: Mapping[str, int]
    classes: tuple[ClassLine, ...]
    sizes: tuple[SizeLine, ...]
    causes: tuple[CauseLine, ...]
    currency: str
    amount: Decimal | None
    rules: tuple[LotRules, ...]

    @property
    def standards(self) -> tuple[Standard, ...]:
        """The standards that decided and are on this computer."""
        found = {rule.standard_id: rule.standard for rule in self.rules if rule.standard is not None}
        return tuple(found.values())


def make_statement(
    lot: StoredLot,
    parts: Iterable[Sequence[DecidedFruit]],
    rules: Mapping[int, LotRules],
    prices: Prices,
    *,
    made_at: datetime,
) -> Statement:
    """One pass over all fruit of a lot.

    rules: by judge. parts: of `LotReader.decided`, where records are left out only for classes that are the best one.

    Raises:
        StatementError: a price for a class that neither the standards nor the fruit have.
    """
    again: Counter[str] = Counter()
    classes: dict[str, _Sum] = {}
    sizes: dict[str | None, _Sum] = {}
    causes: Counter[tuple[Cause, str]] = Counter()
    for part in parts:
        for one, cause in zip(part, causes_of(part, rules), strict=True):
            if one.again is not None:
                again[one.again] += 1
                continue
            grade_class = str(one.grade_class)
            classes.setdefault(grade_class, _Sum()).add(one.weight_g)
            sizes.setdefault(one.size_code, _Sum()).add(one.weight_g)
            if cause is not None:
                causes[cause, grade_class] += 1
    order = _class_order(rules.values(), classes)
    if unknown := [name for name in prices.per_kg if name not in order]:
        raise StatementError("price", f"expected a class of the lot ({', '.join(order)}), got {unknown[0]!r}")
    total = sum(one.fruit for one in classes.values())
    lines = tuple(
        _class_line(name, classes.get(name, _Sum()), total, prices.per_kg.get(name)) for name in order
    )
    amounts = [line.amount for line in lines if line.amount is not None]
    return Statement(
        lot=lot,
        made_at=made_at,
        provisional=lot.state == OPEN,
        fruit=total,
        weighed=sum(line.weighed for line in lines),
        weight_kg=sum((line.weight_kg for line in lines), Decimal(0)),
        again=dict(again.most_common()),
        classes=lines,
        sizes=tuple(
            SizeLine(
                size_code=code,
                fruit=found.fruit,
                fraction=found.fruit / total,
                weighed=found.weighed,
                weight_kg=found.weight_kg,
            )
            for code, found in sorted(sizes.items(), key=lambda item: size_order(item[0]))
        ),
        causes=_cause_lines(causes, order),
        currency=prices.currency,
        amount=sum(amounts, Decimal(0)) if amounts else None,
        rules=tuple({(rule.standard_id, rule.exact): rule for rule in rules.values()}.values()),
    )


def size_order(code: str | None) -> tuple[bool, float, str]:
    """Sorts size codes: numbers by value, then words, none at the end."""
    number = (code or "").partition("-")[0].lstrip("<>").strip()
    try:
        return code is None, float(number), code or ""
    except ValueError:
        return code is None, float("inf"), code or ""


@dataclass(slots=True)
class _Sum:
    fruit: int = 0
    weighed: int = 0
    weight_g: float = 0.0

    def add(self, weight_g: float | None) -> None:
        self.fruit += 1
        if weight_g is not None:
            self.weighed += 1
            self.weight_g += weight_g

    @property
    def weight_kg(self) -> Decimal:
        return (Decimal(self.weight_g) / 1000).quantize(GRAM, ROUND_HALF_UP)


def _class_line(name: str, found: _Sum, total: int, per_kg: Decimal | None) -> ClassLine:
    return ClassLine(
        grade_class=name,
        fruit=found.fruit,
        fraction=found.fruit / total if total else 0.0,
        weighed=found.weighed,
        weight_kg=found.weight_kg,
        per_kg=per_kg,
        amount=None if per_kg is None else amount_of(found.weight_kg, per_kg),
    )


def _class_order(rules: Iterable[LotRules], found: Iterable[str]) -> tuple[str, ...]:
    """Best first; `reject` always, other classes of no known standard only where there are fruit of them."""
    known = [name for rule in rules if rule.standard is not None for name in rule.standard.class_ids]
    others = sorted(set(found) - set(known) - {REJECT, UNGRADED})
    last = [UNGRADED] if UNGRADED in found else []
    return tuple(dict.fromkeys([*known, *others, REJECT, *last]))


def _cause_lines(causes: Counter[tuple[Cause, str]], order: Sequence[str]) -> tuple[CauseLine, ...]:
    kinds = dict.fromkeys(cause for cause, _ in causes)
    lines = [
        CauseLine(
            cause=cause,
            fruit=sum(causes[cause, name] for name in order),
            by_class=tuple(causes[cause, name] for name in order),
        )
        for cause in kinds
    ]
    return tuple(sorted(lines, key=lambda line: (-line.fruit, line.cause.rule or "")))
