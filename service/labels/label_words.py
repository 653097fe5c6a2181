"""The words printed on labels, in Chinese, in English, or in both."""

from __future__ import annotations

from service.labels.country import country_name
from service.labels.label_language import LabelLanguage

_TITLES = {
    "lot": ("批号", "Lot"),
    "packed_on": ("包装日期", "Packed"),
    "net_weight_kg": ("净含量", "Net weight"),
    "gross_weight_kg": ("毛重", "Gross weight"),
    "count": ("数量", "Count"),
    "carton_count": ("箱数", "Cartons"),
    "origin": ("产地", "Origin"),
    "packer": ("包装商", "Packer"),
    "serial": ("序号", "Serial"),
    "grade_class": ("等级", "Class"),
    "size": ("规格", "Size"),
    "sscc": ("SSCC", "SSCC"),
    "gtin": ("箱内商品", "Content"),
}


def title(field: str, language: LabelLanguage) -> str:
    """What stands before a value: `批号 Lot`."""
    return in_language(*_TITLES[field], language)


def origin_words(country: str, language: LabelLanguage) -> str:
    """The name of a country in two letters: `中国 China`."""
    return in_language(country_name(country, "zh"), country_name(country, "en"), language)


def in_language(chinese: str, english: str, language: LabelLanguage) -> str:
    """Words in the language of a label."""
    if language is LabelLanguage.CHINESE:
        return chinese
    if language is LabelLanguage.ENGLISH or chinese == english:
        return english
    return f"{chinese} {english}"
