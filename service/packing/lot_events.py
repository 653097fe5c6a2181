"""A stored lot as the history that trading partners are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from service.errors import ConflictError, LabelDataError
from service.labels.lot_history import LotHistory, LotWeight, PackedPallet
from service.packing.company import Company
from service.store.lot_store import StoredLot
from service.store.packing_store import StoredCarton
from service.store.pallet_store import StoredPallet

_GRAM = Decimal("0.001")


def lot_history(
    lot: StoredLot, cartons: Sequence[StoredCarton], pallets: Sequence[StoredPallet], company: Company
) -> LotHistory:
    """The history of a closed lot. cartons, pallets: all of them; void ones are left out.

    What was delivered and is in no carton is told as culls, where anything is left.

    Raises:
        ConflictError: the lot is open. CompanyError: a GTIN is missing. LabelDataError: what was delivered was not
            weighed, a carton has no weight, cartons weigh more than what was delivered, or a value does not fit.
    """
    if lot.closed_at is None:
        raise ConflictError(f"lot {lot.code}: expected a closed lot, it is open")
    if lot.net_weight_kg is None:
        raise LabelDataError("net_weight_kg", f"lot {lot.code}: expected its weight as it came in, got none")
    received = Decimal(str(lot.net_weight_kg))
    packed: dict[str, Decimal] = {}
    for carton in cartons:
        if carton.voided_at is not None:
            continue
        if carton.net_weight_g is None:
            raise LabelDataError(
                "net_weight_g", f"carton {carton.code}: expected a weight, {carton.unweighed} fruit have none"
            )
        gtin = company.gtin_of(carton.sku_code)
        packed[gtin] = packed.get(gtin, Decimal(0)) + Decimal(str(carton.net_weight_g)) / 1000
    graded = [
        LotWeight(gtin=gtin, lot=lot.code, weight_kg=weight.quantize(_GRAM))
        for gtin, weight in sorted(packed.items())
    ]
    left = received - sum((goods.weight_kg for goods in graded), Decimal(0))
    if left < 0:
        raise LabelDataError(
            "net_weight_kg",
            f"lot {lot.code}: expected at least the {received - left} kg in cartons, got {received}",
        )
    if left > 0:
        graded.append(LotWeight(gtin=company.culls_gtin_of(lot.crop), lot=lot.code, weight_kg=left))

    def at_site(moment: datetime) -> datetime:
        return moment.astimezone(company.time_zone)

    return LotHistory(
        company_prefix=company.company_prefix,
        site_gln=company.site_gln,
        grower_gln=company.grower_gln.get(lot.grower),
        received=LotWeight(gtin=company.goods_gtin_of(lot.crop), lot=lot.code, weight_kg=received),
        received_at=at_site(lot.arrived_at),
        graded=tuple(graded),
        graded_at=at_site(max(lot.closed_at, lot.arrived_at)),
        pallets=tuple(
            PackedPallet(
                sscc=pallet.sscc,
                gtin=company.gtin_of(pallet.sku_code),
                lot=lot.code,
                carton_count=len(pallet.cartons),
                packed_at=at_site(pallet.built_at),
            )
            for pallet in pallets
            if pallet.voided_at is None
        ),
    )
