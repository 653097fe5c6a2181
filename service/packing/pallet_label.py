"""The labels of stored pallets."""

from __future__ import annotations

from decimal import Decimal

from grader.rules import Standard
from service.errors import ConflictError
from service.labels.drawing import LabelDrawing
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import PalletStock
from service.labels.pallet_content import PalletContent
from service.labels.pallet_layout import draw_pallet
from service.labels.typeface import Typeface
from service.packing.carton_label import class_words, goods_words, size_words
from service.packing.company import Company
from service.store.lot_store import StoredLot
from service.store.packing_store import StoredCarton
from service.store.pallet_store import StoredPallet


def pallet_label(
    pallet: StoredPallet,
    first: StoredCarton,
    lot: StoredLot,
    company: Company,
    standard: Standard,
    stock: PalletStock,
    language: LabelLanguage,
    typeface: Typeface,
) -> LabelDrawing:
    """The label of a pallet. first: one of its cartons; all have its lot and SKU.

    Raises:
        ConflictError: the pallet is void. CompanyError: the SKU has no GTIN. LabelDataError, LabelFontError
    """
    if pallet.voided_at is not None:
        raise ConflictError(f"pallet {pallet.sscc}: expected one that is not void")
    produce, variety = goods_words(lot, language)
    content = PalletContent(
        sscc=pallet.sscc,
        gtin=company.gtin_of(pallet.sku_code),
        carton_count=len(pallet.cartons),
        lot=lot.code,
        produce=produce,
        variety=variety,
        grade_class=class_words(first.grade_class, standard, language),
        size=size_words(first),
        packer=company.packer,
        gross_weight_kg=None if pallet.gross_weight_kg is None else Decimal(pallet.gross_weight_kg),
    )
    return draw_pallet(content, stock, language, typeface)
