"""The labels of stored cartons."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

from grader.reason_text import class_name
from grader.rules import Standard
from service.errors import ConflictError, LabelDataError
from service.labels.carton_content import CartonContent
from service.labels.carton_layout import draw_carton
from service.labels.drawing import LabelDrawing
from service.labels.label_language import LabelLanguage
from service.labels.label_stock import CartonStock
from service.labels.label_words import in_language
from service.labels.typeface import Typeface
from service.packing.company import Company
from service.store.lot_store import StoredLot
from service.store.packing_store import StoredCarton

_PRODUCE = {"apple": ("苹果", "Apples"), "melon": ("甜瓜", "Melons")}
_GRAMS, _CENTIGRAMS = Decimal(1000), Decimal("0.01")


def carton_label(
    carton: StoredCarton,
    lot: StoredLot,
    company: Company,
    standard: Standard,
    stock: CartonStock,
    language: LabelLanguage,
    typeface: Typeface,
) -> LabelDrawing:
    """The label of a carton.

    Raises:
        ConflictError: the carton is void. CompanyError: its SKU has no GTIN. LabelDataError: a value does not fit, or
            an underfilled carton has the GTIN of full ones. LabelFontError
    """
    if carton.voided_at is not None:
        raise ConflictError(f"carton {carton.code}: expected one that is not void")
    content = carton_content(carton, lot, company, standard, language)
    return draw_carton(content, stock, language, typeface)


def carton_content(
    carton: StoredCarton, lot: StoredLot, company: Company, standard: Standard, language: LabelLanguage
) -> CartonContent:
    """What the label says; raises as `carton_label`."""
    produce, variety = goods_words(lot, language)
    content = CartonContent(
        gtin=company.gtin_of(carton.sku_code),
        lot=lot.code,
        packed_on=carton.packed_at.astimezone(company.time_zone).date(),
        produce=produce,
        variety=variety,
        grade_class=class_words(carton.grade_class, standard, language),
        size=size_words(carton),
        origin=company.origin,
        packer=company.packer,
        net_weight_kg=None if carton.net_weight_g is None else net_weight_kg(carton.net_weight_g),
        count=carton.fruit_count,
        serial=carton.code,
    )
    if not carton.full_pack and not content.varies:
        raise LabelDataError(
            "gtin",
            f"carton {carton.code} is underfilled: expected a GTIN that starts with 9 (cartons differ) for "
            f"{carton.sku_code}, got {content.gtin}",
        )
    return content


def net_weight_kg(net_weight_g: float) -> Decimal:
    """In kg with two decimals, never more than there is."""
    return (Decimal(str(round(net_weight_g, 3))) / _GRAMS).quantize(_CENTIGRAMS, ROUND_DOWN)


def goods_words(lot: StoredLot, language: LabelLanguage) -> tuple[str | None, str]:
    """Produce and variety; of a lot without a variety only the produce, in its place."""
    produce = in_language(*_PRODUCE.get(lot.crop, (lot.crop, lot.crop)), language)
    return (None, produce) if lot.variety is None else (produce, lot.variety)


def class_words(grade_class: str, standard: Standard, language: LabelLanguage) -> str:
    """The name of a class."""
    return in_language(
        class_name(grade_class, standard, "zh"), class_name(grade_class, standard, "en"), language
    )


def size_words(carton: StoredCarton) -> str:
    """The size. Raises LabelDataError: nothing was measured."""
    if carton.size is None:
        raise LabelDataError("size", f"carton {carton.code}: expected a size, no fruit in it was measured")
    return carton.size
