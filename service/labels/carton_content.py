"""What the label of a carton says, to people and to scanners."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from service.errors import LabelDataError
from service.labels.check_digit import gtin_14
from service.labels.country import country_number, country_of
from service.labels.element_string import (
    FORMATS,
    Element,
    check_value,
    day_element,
    lot_element,
    weight_element,
)
from service.labels.printed_text import require_count, require_text

VARIABLE_MEASURE = "9"  # first digit of a GTIN-14 whose cartons differ in weight or count


@dataclass(frozen=True, slots=True, kw_only=True)
class CartonContent:
    """One carton. Made only if every value fits its field; raises LabelDataError otherwise.

    gtin: 8, 12, 13 or 14 digits are taken, kept as 14. lot, serial: character set 82, at most 20.
    net_weight_kg: its decimals are kept as written, at most 5; six digits in all. count: pieces of fruit in it.
    origin: ISO 3166, two letters or three digits, kept as two letters. produce, variety, grade_class, size, packer: as
    printed, at most 60 characters; the class is printed as given, and whether its name may be used is not judged here.
    """

    gtin: str
    lot: str
    packed_on: date
    variety: str
    grade_class: str
    size: str
    origin: str
    packer: str
    produce: str | None = None
    net_weight_kg: Decimal | None = None
    count: int | None = None
    serial: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "gtin", gtin_14("gtin", self.gtin))
        lot_element("lot", self.lot)
        object.__setattr__(self, "origin", country_of("origin", self.origin))
        for field in ("variety", "grade_class", "size", "packer"):
            require_text(field, getattr(self, field))
        if self.produce is not None:
            require_text("produce", self.produce)
        if self.serial is not None:
            check_value("serial", self.serial, FORMATS["21"])
        if self.net_weight_kg is not None:
            weight_element("net_weight_kg", "310", self.net_weight_kg)
        if self.count is not None:
            require_count("count", self.count)
        if self.varies and self.net_weight_kg is None and self.count is None:
            raise LabelDataError(
                "net_weight_kg",
                f"expected a net weight or a count, for GTIN {self.gtin} starts with 9 (cartons differ); got neither",
            )

    @property
    def varies(self) -> bool:
        """True if cartons of this GTIN differ in weight or count (GTIN-14 that starts with 9)."""
        return self.gtin.startswith(VARIABLE_MEASURE)

    @property
    def elements(self) -> tuple[Element, ...]:
        """What the symbols carry, those of predefined length first (fewest FNC1).

        Net weight and count are in the symbols only where cartons of the GTIN differ; elsewhere the GTIN says them,
        and (310n) and (30) are not allowed beside it (GS1 General Specifications 3.6).
        """
        found = [Element("01", self.gtin), day_element("13", self.packed_on)]
        if self.varies and self.net_weight_kg is not None:
            found.append(weight_element("net_weight_kg", "310", self.net_weight_kg))
        found.append(Element("10", self.lot))
        if self.varies and self.count is not None:
            found.append(Element("30", str(self.count)))
        found.append(Element("422", country_number(self.origin)))
        if self.serial is not None:
            found.append(Element("21", self.serial))
        return tuple(found)
