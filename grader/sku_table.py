"""What a SKU table says, as values: rules in order, codes of crop, variety, class, size and colour, packs, outlets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan
from pathlib import Path

from grader.rules import Measure, Names, plain_name
from grader.size_codes import SizeBand, SizeCodes
from grader.types import FruitMeasurement, SizeMeasurement

SKU_SCHEMA = "sku-table/1"
SKU_TABLES_FOLDER = Path(__file__).parent / "sku_tables"
ANY_VARIETY = "ANY"
NO_SIZE = "NS"
NO_COLOUR = "NC"
NO_PACK = "NP"


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuRule:
    """One rule. An empty set means any. sizes may hold `NS`, colours `NC`: fruit without a code of that kind.

    code: text with {crop}, {variety}, {class}, {size}, {colour}, {pack}. outlet: where the fruit leaves the line.
    pack: key of the carton; None: the fruit are not packed here (culls, juice).
    """

    crops: frozenset[str]
    varieties: frozenset[str]
    classes: frozenset[str]
    sizes: frozenset[str]
    code: str
    outlet: str
    colours: frozenset[str] = frozenset()
    pack: str | None = None

    def matches(self, crop: str, variety: str, grade_class: str, size: str, colour: str = NO_COLOUR) -> bool:
        """True if the rule takes this fruit; variety, size and colour are codes."""
        return (
            (not self.crops or crop in self.crops)
            and (not self.varieties or variety in self.varieties)
            and (not self.classes or grade_class in self.classes)
            and (not self.sizes or size in self.sizes)
            and (not self.colours or colour in self.colours)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourCodes:
    """Colour bands of a crop, least colour first, without overlap. Bands are shares 0-1 of the surface.

    measure: blush_fraction, red_fraction (good and light red) or net_cover_fraction.
    """

    crop: str
    measure: Measure
    bands: tuple[SizeBand, ...]

    def value_of(self, fruit: FruitMeasurement) -> float:
        """The share that the bands speak of; NaN where it was not measured."""
        if self.measure is Measure.NET_COVER_FRACTION:
            return nan if fruit.netting is None else fruit.netting.cover_fraction
        if self.measure is Measure.RED_FRACTION:
            return min(fruit.colour.blush_fraction + fruit.colour.light_red_fraction, 1.0)
        return fruit.colour.blush_fraction

    def code_of(self, fruit: FruitMeasurement) -> str | None:
        """The code of a fruit; None if the share is unknown or in no band."""
        value = self.value_of(fruit)
        return next((band.code for band in self.bands if band.low <= value < band.high), None)


class Arrangement(StrEnum):
    """How fruit lie in a carton; the uniformity rules of the standards go by it."""

    LAYERED = "layered"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A kind of carton, full at `count` fruit or as soon as it holds `net_weight_g`; exactly one of both is given.

    fruit_weight_g: stands in for a fruit whose weight was not measured; given with net_weight_g only.
    """

    key: str
    names: Names
    arrangement: Arrangement
    count: int | None = None
    net_weight_g: float | None = None
    fruit_weight_g: float | None = None

    def __post_init__(self) -> None:
        if (self.count is None) == (self.net_weight_g is None):
            raise ValueError(f"pack {self.key}: expected either count or net_weight_g")
        if (self.net_weight_g is None) != (self.fruit_weight_g is None):
            raise ValueError(f"pack {self.key}: expected fruit_weight_g with net_weight_g, and only with it")


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuTable:
    """All rules of a site, in order, with the codes that stand for crops, varieties and classes in a SKU.

    size_codes: the size tables in use; the first of a fruit's crop that knows its size gives the size code.
    colour_codes: the same for colour. variety_codes: (code, names in plain form).
    sha256: of the file and of the size tables it uses: two tables with the same hash give every fruit the same SKU.
    files: (name, content) of the file and of those size tables: everything needed to load the table again.
    """

    table_id: str
    crop_codes: tuple[tuple[str, str], ...]
    variety_codes: tuple[tuple[str, frozenset[str]], ...]
    other_variety: str
    class_codes: tuple[tuple[str, str], ...]
    size_codes: tuple[SizeCodes, ...]
    outlets: tuple[str, ...]
    rules: tuple[SkuRule, ...]
    colour_codes: tuple[ColourCodes, ...] = ()
    packs: tuple[Pack, ...] = ()
    sha256: str = ""
    files: tuple[tuple[str, bytes], ...] = ()

    def variety_code(self, variety: str | None) -> str:
        """The code of a variety by any of its names; `ANY` if unknown, the table's `other_variety` if not listed."""
        if variety is None:
            return ANY_VARIETY
        plain = plain_name(variety)
        return next((code for code, names in self.variety_codes if plain in names), self.other_variety)

    def size_code(self, crop: str, size: SizeMeasurement) -> str | None:
        """The size code of a fruit; None without a size or outside all bands."""
        codes = (table.code_of(size) for table in self.size_codes if table.crop == crop)
        return next((code for code in codes if code is not None), None)

    def colour_code(self, fruit: FruitMeasurement) -> str | None:
        """The colour code of a fruit; None where the colour is unknown, in no band, or its crop has no bands."""
        codes = (table.code_of(fruit) for table in self.colour_codes if table.crop == fruit.crop)
        return next((code for code in codes if code is not None), None)

    def code(self, rule: SkuRule, crop: str, variety: str, grade_class: str, size: str, colour: str) -> str:
        """The SKU that a rule gives; variety, size and colour are codes."""
        return rule.code.format_map(
            {
                "crop": dict(self.crop_codes).get(crop, crop.upper()),
                "variety": variety,
                "class": dict(self.class_codes).get(grade_class, grade_class.upper()),
                "size": size,
                "colour": colour,
                "pack": rule.pack or NO_PACK,
            }
        )
