"""What a grower is paid for a kilogram of each class."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from babel.core import Locale

from service.errors import StatementError

CURRENCY = "CNY"
STEP = Decimal("0.01")
LARGEST = Decimal(100_000)
"""No produce costs more a kilogram, in any currency."""
_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?")
_CURRENCIES = frozenset(Locale("en").currencies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """currency: three letters of ISO 4217. per_kg: by class, 0 to 100000 in steps of 0.01."""

    currency: str = CURRENCY
    per_kg: Mapping[str, Decimal] = field(default_factory=dict)


def read_prices(texts: Sequence[str], currency: str = CURRENCY) -> Prices:
    """Prices of texts such as `extra:6.50`. A class without a price is not paid.

    >>> read_prices(["extra:6.5"]).per_kg["extra"]
    Decimal('6.50')

    Raises:
        StatementError: a number that is no price, a class twice, no currency.
    """
    if currency not in _CURRENCIES:
        raise StatementError("currency", f"expected three letters such as CNY or USD, got {currency!r}")
    per_kg: dict[str, Decimal] = {}
    for text in texts:
        grade_class, colon, amount = text.rpartition(":")
        what = f"price of class {grade_class}" if colon else "price"
        if not colon or not grade_class:
            raise StatementError(what, f"expected CLASS:AMOUNT such as extra:6.50, got {text!r}")
        if grade_class in per_kg:
            raise StatementError(what, "expected one price, got two")
        if _PRICE.fullmatch(amount) is None or Decimal(amount) > LARGEST:
            raise StatementError(
                what, f"expected 0 to {LARGEST} {currency} a kg in steps of 0.01, got {amount!r}"
            )
        per_kg[grade_class] = Decimal(amount).quantize(STEP)
    return Prices(currency=currency, per_kg=per_kg)


def amount_of(weight_kg: Decimal, per_kg: Decimal) -> Decimal:
    """What a weight is worth, in steps of 0.01, halves up: as one reckons it by hand from what is printed."""
    return (weight_kg * per_kg).quantize(STEP, ROUND_HALF_UP)
