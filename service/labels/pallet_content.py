"""What the label of a pallet says, to people and to scanners."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from service.labels.check_digit import gtin_14
from service.labels.element_string import Element, lot_element, weight_element
from service.labels.printed_text import require_count, require_text
from service.labels.sscc import check_sscc


@dataclass(frozen=True, slots=True, kw_only=True)
class PalletContent:
    """One pallet of cartons of one kind and lot. Made only if every value fits; raises LabelDataError otherwise.

    sscc: 18 digits. gtin: of the cartons on it, 8 to 14 digits, kept as 14. carton_count: cartons on it.
    gross_weight_kg: decimals kept as written, at most 5; six digits in all. The texts are printed as given.
    """

    sscc: str
    gtin: str
    carton_count: int
    lot: str
    variety: str
    grade_class: str
    size: str
    packer: str
    produce: str | None = None
    gross_weight_kg: Decimal | None = None

    def __post_init__(self) -> None:
        check_sscc("sscc", self.sscc)
        object.__setattr__(self, "gtin", gtin_14("gtin", self.gtin))
        require_count("carton_count", self.carton_count)
        lot_element("lot", self.lot)
        for field in ("variety", "grade_class", "size", "packer"):
            require_text(field, getattr(self, field))
        if self.produce is not None:
            require_text("produce", self.produce)
        if self.gross_weight_kg is not None:
            weight_element("gross_weight_kg", "330", self.gross_weight_kg)

    @property
    def sscc_element(self) -> Element:
        """(00), which has a symbol of its own at the bottom of the label."""
        return Element("00", self.sscc)

    @property
    def content_elements(self) -> tuple[Element, ...]:
        """What is on the pallet: (02) and (37) always together, gross weight, lot (PTI hybrid pallet label)."""
        found = [Element("02", self.gtin), Element("37", str(self.carton_count))]
        if self.gross_weight_kg is not None:
            found.append(weight_element("gross_weight_kg", "330", self.gross_weight_kg))
        return (*found, lot_element("lot", self.lot))
