"""What happened to a lot in the warehouse, as far as trading partners are told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from service.errors import LabelDataError
from service.labels.check_digit import gtin_14
from service.labels.element_string import lot_element
from service.labels.epc_uri import check_gln, lgtin_uri, place_uri, sscc_uri
from service.labels.printed_text import require_count


@dataclass(frozen=True, slots=True, kw_only=True)
class LotWeight:
    """So many kg of the goods of a GTIN and lot. Raises LabelDataError."""

    gtin: str
    lot: str
    weight_kg: Decimal

    def __post_init__(self) -> None:
        object.__setattr__(self, "gtin", gtin_14("gtin", self.gtin))
        lot_element("lot", self.lot)
        if not self.weight_kg.is_finite() or self.weight_kg <= 0:
            raise LabelDataError("weight_kg", f"expected a weight above 0 kg, got {self.weight_kg}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A hand check of graded goods: they conform to what they are sold as, or not."""

    gtin: str
    lot: str
    inspected_at: datetime
    conformant: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "gtin", gtin_14("gtin", self.gtin))
        _require_aware("inspected_at", self.inspected_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedPallet:
    """Cartons of one GTIN and lot put on a pallet."""

    sscc: str
    gtin: str
    lot: str
    carton_count: int
    packed_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "gtin", gtin_14("gtin", self.gtin))
        require_count("carton_count", self.carton_count)
        _require_aware("packed_at", self.packed_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class LotHistory:
    """One lot, from the grower's delivery to pallets. Made only if it can be told; raises LabelDataError otherwise.

    company_prefix: of the warehouse; the GTINs, SSCCs and site_gln (where it happened) are its own. grower_gln: who
    delivered, where the grower has a GLN. received: the fruit as delivered. graded: what the line made of it, one entry
    for each GTIN and lot, culls included. Times are aware; their offset from UTC is that of the site.
    """

    company_prefix: str
    site_gln: str
    received: LotWeight
    received_at: datetime
    graded: tuple[LotWeight, ...]
    graded_at: datetime
    inspections: tuple[Inspection, ...] = ()
    pallets: tuple[PackedPallet, ...] = ()
    grower_gln: str | None = None

    def __post_init__(self) -> None:
        place_uri(self.site_gln, self.company_prefix)
        if self.grower_gln is not None:
            check_gln("grower_gln", self.grower_gln)
        _require_aware("received_at", self.received_at)
        _require_aware("graded_at", self.graded_at)
        if self.graded_at < self.received_at:
            raise LabelDataError("graded_at", f"expected {self.received_at} or later, got {self.graded_at}")
        if not self.graded:
            raise LabelDataError("graded", "expected one kind of graded goods or more, got none")
        known = {(goods.gtin, goods.lot) for goods in self.graded}
        if len(known) != len(self.graded):
            raise LabelDataError("graded", "expected each GTIN and lot once, got one twice")
        for goods in (self.received, *self.graded):
            lgtin_uri(goods.gtin, goods.lot, self.company_prefix)
        for field, entries in (("inspections", self.inspections), ("pallets", self.pallets)):
            for entry in entries:
                if (entry.gtin, entry.lot) not in known:
                    raise LabelDataError(
                        field,
                        f"expected GTIN and lot of graded goods, got GTIN {entry.gtin} of lot {entry.lot!r}",
                    )
        for pallet in self.pallets:
            sscc_uri(pallet.sscc, self.company_prefix)
        if len({pallet.sscc for pallet in self.pallets}) != len(self.pallets):
            raise LabelDataError("pallets", "expected each SSCC once, got one twice")


def _require_aware(field: str, moment: datetime) -> None:
    offset = moment.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        raise LabelDataError(
            field, f"expected a time with its offset from UTC in whole minutes, got {moment}"
        )
